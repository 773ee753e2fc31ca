"""One stage of training in a process of its own: `python -m training.stage planner|refiner ...`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from policy.config import PolicyConfig
from training.export import averaged
from training.frames import Frames
from training.loop import RunSettings

ALLOCATOR = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "8589934592",
    "OMP_NUM_THREADS": "1",
}
"""environment of a training process: glibc keeps big buffers instead of returning them, a third less time per step"""


def normalisation(frames: Frames) -> tuple[Tensor, Tensor]:
    """Mean and spread (P,) of proprioception."""
    proprio = torch.from_numpy(frames.columns["proprio"])
    return proprio.mean(0), proprio.std(0).clamp_min(1e-2)


def parse() -> argparse.Namespace:
    """Arguments of a stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("system", choices=("planner", "refiner", "tokens"))
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--rate", type=float, default=1.2e-3)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--start", type=Path, help="stage folder whose averaged weights to start from")
    parser.add_argument("--norm", type=Path, help="normalisation to keep (default: of the data)")
    parser.add_argument("--planned", type=Path, help="planner tokens of every frame, for the refiner's curriculum")
    parser.add_argument("--planned-share", type=float, default=0.9)
    parser.add_argument("--max-age", type=int, default=44)
    parser.add_argument("--blocks", type=int, help="only the first blocks of each data set")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--recent-share", type=float, default=0.0, help="of each batch, of all data sets but the first")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main() -> None:
    """Train one system and write its averaged weights to `OUT/weights.safetensors`."""
    arguments = parse()
    frames = Frames.open(arguments.data, arguments.blocks)
    if arguments.norm:
        norm = load_file(arguments.norm)
        mean, spread = norm["mean"], norm["spread"]
    else:
        mean, spread = normalisation(frames)
    if arguments.system == "tokens":
        from training.planner import plan_frames

        plan_frames(PolicyConfig(), frames, mean, spread, averaged(arguments.start), arguments.out, arguments.threads)
        return
    settings = RunSettings(steps=arguments.steps, rate=arguments.rate, threads=arguments.threads)
    start = averaged(arguments.start) if arguments.start else None
    common = {
        "batch": arguments.batch,
        "seed": arguments.seed,
        "recent": len(Frames.open(arguments.data[:1], arguments.blocks)) if len(arguments.data) > 1 else 0,
        "recent_share": arguments.recent_share,
    }
    if arguments.system == "planner":
        from training.phrases import encode_bank
        from training.planner import train_planner

        weights = train_planner(
            PolicyConfig(), frames, encode_bank(), mean, spread, arguments.out, settings, start, **common
        )
    else:
        from training.refiner import train_refiner

        if arguments.planned:
            common |= {"planned": np.load(arguments.planned, mmap_mode="r"), "planned_share": arguments.planned_share}
            anchors = arguments.planned.with_name("anchors.npy")
            common |= {"planned_anchors": np.load(anchors) if anchors.is_file() else None}
        common |= {"max_age": arguments.max_age}
        weights = train_refiner(PolicyConfig(), frames, mean, spread, arguments.out, settings, start, **common)
    save_file({key: value.contiguous() for key, value in weights.items()}, arguments.out / "weights.safetensors")
    save_file({"mean": mean, "spread": spread}, arguments.out / "norm.safetensors")
    (arguments.out / "stage.json").write_text(json.dumps(vars(arguments), default=str, indent=1))


if __name__ == "__main__":
    main()
