"""The proof of the export: LeRobot itself loads it, reads every frame of every camera, and trains its ACT on it.

    .venv/bin/python scripts/check_lerobot.py --env /tmp/lerobot-env --work /tmp/lerobot-check

LeRobot 0.6 needs Python 3.12 and an older torch: it gets an environment of its own, once (5.4 GB, about five minutes).
In it this file runs a second time, without anything of ours: what the record says lies beside the data set as plain
arrays. Needs the network for that environment alone; not a part of the tests.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
LEROBOT = "lerobot[dataset]>=0.6,<0.7"
CAMERAS = ("front", "wrist")
EXACT = ("action", "observation.state", "commanded_action", "policy_action", "planner.tokens", "control_step")
FLAGS = ("policy_action_valid", "intervention", "next.success", "next.done")
LEAST_PSNR = 30.0
"""dB"""
CLEARLY = 1.0
"""dB by which another frame's picture is nearer than the own one: where nothing moves all are equally near"""
HUMAN = slice(20, 45)
"""control steps of one episode that are recorded as driven by a human, beside a policy that proposes something else"""


def python312() -> str:
    """An interpreter that LeRobot can live in.

    Raises:
        SystemExit: there is none.
    """
    there = sorted(Path.home().glob(".pyenv/versions/3.12*/bin/python"), reverse=True)
    for each in (*map(str, there), "python3.12"):
        found = shutil.which(each)
        if found and not subprocess.run([found, "-c", "import venv"], capture_output=True).returncode:
            return found
    raise SystemExit("check_lerobot: there is no Python 3.12: install one, such as with `pyenv install 3.12`.")


def make_environment(folder: Path) -> Path:
    """The interpreter of an environment with LeRobot in it; made if it is not there."""
    python = folder / "bin" / "python"
    if python.is_file() and not subprocess.run([python, "-c", "import lerobot"], capture_output=True).returncode:
        return python
    print(f"Making {folder} (5.4 GB, about five minutes).", flush=True)
    subprocess.run([python312(), "-m", "venv", folder], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", LEROBOT], check=True)
    return python


def make_library(folder: Path, episodes: int) -> None:
    """Demonstrations of several kinds, one of them with a stretch that a human drove."""
    from app.cli import main
    from library.store import Library
    from records.log import EpisodeWriter, read_episode

    words = ["--tasks", "button,push left,pick", "--episodes", str(episodes - 1), "--seed", "3000"]
    if main(["collect", *words, "--out", str(folder)]):
        raise SystemExit("check_lerobot: the demonstrations could not be made.")
    path = folder / "by-hand.arrow"
    if path.exists():
        return
    log = read_episode(Library(folder).episodes[0].path)
    writer = EpisodeWriter(path, replace(log.header, episode="by-hand", started=log.header.started + 1))
    for index, record in enumerate(log.records):
        record.episode = "by-hand"
        if record.control_source == "expert":
            by_hand = HUMAN.start <= index < HUMAN.stop
            record.control_source = "human" if by_hand else "policy"
            record.proposal = np.float32(record.action * 0.5) if by_hand else record.action
            record.commanded = np.float32(record.action * 1.5)
        writer.append(record)
    writer.close()


def write_truth(library: Path, dataset: Path, out: Path) -> None:
    """What the record says of every frame of the data set, in its order, as plain arrays."""
    from library.lerobot.frames import Redraw, frames_of
    from library.lerobot.meta import read_episodes
    from library.store import Library

    store, redraw = Library(library), Redraw()
    parts: dict[str, list[Any]] = {}
    for row in read_episodes(dataset):
        frames = frames_of(store.find(row["libra/episode"]), redraw)
        columns = {**frames.columns, "task": frames.tasks}
        columns |= {f"observation.images.{camera}": frames.pictures[camera] for camera in CAMERAS}
        for name in (*EXACT, *FLAGS, "control_source", "task", *(f"observation.images.{each}" for each in CAMERAS)):
            parts.setdefault(name, []).append(np.asarray(columns[name]))
    redraw.close()
    np.savez(out, **{name: np.concatenate(each) for name, each in parts.items()})


def main() -> int:
    """Make everything, then have LeRobot look at it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--env", type=Path, default=ROOT / "runs" / "lerobot-env", help="environment of LeRobot")
    parser.add_argument("--work", type=Path, default=ROOT / "runs" / "lerobot-check", help="library and data set")
    parser.add_argument("--library", type=Path, help="export this library instead of one that is made for this")
    parser.add_argument("--episodes", type=int, default=6, help="of the library that is made (default 6)")
    parser.add_argument("--steps", type=int, default=5, help="optimiser steps of ACT (default 5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        return inside(arguments.work, arguments.steps)
    sys.path.insert(0, str(ROOT))
    from app.cli import main as libra

    python = make_environment(arguments.env)
    library, dataset = arguments.library or arguments.work / "library", arguments.work / "dataset"
    if arguments.library is None:
        make_library(library, arguments.episodes)
    if libra(["export", str(library), str(dataset), "--skip-unlabelled"]):
        return 1
    write_truth(library, dataset, arguments.work / "truth.npz")
    words = [python, __file__, "--inside", "--work", arguments.work, "--steps", str(arguments.steps)]
    code = subprocess.run(words).returncode
    if arguments.json and (arguments.work / "report.json").is_file():
        shutil.copy(arguments.work / "report.json", arguments.json)
    return code


# From here on in LeRobot's environment.


def inside(work: Path, steps: int) -> int:
    """Compare and train; 1 if anything differs."""
    import lerobot
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    dataset = LeRobotDataset("local/libra", root=work / "dataset", video_backend="pyav")
    truth = np.load(work / "truth.npz")
    problems: list[str] = []
    count = len(truth["action"])
    if len(dataset) != count:
        problems.append(f"LeRobot sees {len(dataset)} frames, there are {count}.")
    quality = {camera: np.zeros(min(len(dataset), count)) for camera in CAMERAS}
    nearest = {camera: np.zeros(min(len(dataset), count), int) for camera in CAMERAS}
    for index in range(min(len(dataset), count)):
        item = dataset[index]
        for name in (*EXACT, *FLAGS):
            if not np.array_equal(np.ravel(item[name].numpy()), np.ravel(truth[name][index])):
                problems.append(f"{name} differs at frame {index}.")
        for name in ("control_source", "task"):
            if str(item[name]) != str(truth[name][index]):
                problems.append(f"{name} differs at frame {index}: {item[name]!r}.")
        for camera in CAMERAS:
            shown = item[f"observation.images.{camera}"].numpy().transpose(1, 2, 0) * 255
            seen = truth[f"observation.images.{camera}"]
            quality[camera][index] = psnr(shown, seen[index])
            nearest[camera][index], is_another = nearest_frame(shown, seen, index)
            if is_another:
                problems.append(f"{camera} at frame {index} shows that {nearest[camera][index]:+d} frames away.")
        print(f"\r{index + 1} of {count} frames", end="", flush=True)
    print()
    report: dict[str, Any] = {"lerobot": lerobot.__version__, "frames": len(dataset), "episodes": dataset.num_episodes}
    for camera in CAMERAS:
        report[camera] = {
            "least_psnr_db": round(float(quality[camera].min()), 2),
            "mean_psnr_db": round(float(quality[camera].mean()), 2),
            # A picture in which nothing moves is as near to its neighbours.
            "own_frame_is_nearest": round(float((nearest[camera] == 0).mean()), 4),
        }
        if quality[camera].min() < LEAST_PSNR:
            bad = int(quality[camera].argmin())
            problems.append(
                f"{camera} has {quality[camera].min():.1f} dB at frame {bad}, at least {LEAST_PSNR} wanted."
            )
    report["act_losses"] = train(dataset, steps)
    report["problems"] = problems[:20]
    (work / "report.json").write_text(json.dumps(report, indent=1))
    print(json.dumps(report, indent=1))
    print("LeRobot reads and trains on it." if not problems else f"{len(problems)} problems.")
    return 1 if problems else 0


def nearest_frame(shown: Any, seen: Any, index: int) -> tuple[int, bool]:
    """How many frames away, at most 2, the picture seen is that is nearest to one shown; whether it is a wrong one."""
    near = {each: psnr(shown, seen[each]) for each in range(max(index - 2, 0), min(index + 3, len(seen)))}
    best = max(near, key=lambda each: near[each])
    return best - index, abs(best - index) > 1 and near[best] - near[index] > CLEARLY


def psnr(one: Any, other: Any) -> float:
    """Of two pictures of 8 bits, dB."""
    error = float(np.mean((np.asarray(one, np.float64) - np.asarray(other, np.float64)) ** 2))
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def train(dataset: Any, steps: int) -> list[float]:
    """A few steps of ACT, as small as it can be; its losses."""
    import torch
    from lerobot.datasets.lerobot_dataset import LeRobotDataset
    from lerobot.policies.act.configuration_act import ACTConfig
    from lerobot.policies.act.modeling_act import ACTPolicy
    from lerobot.policies.factory import make_pre_post_processors
    from lerobot.utils.feature_utils import dataset_to_policy_features

    features = dataset_to_policy_features(dataset.meta.features)
    chunk = 10
    config = ACTConfig(
        input_features={name: each for name, each in features.items() if name.startswith("observation.")},
        output_features={"action": features["action"]},
        chunk_size=chunk,
        n_action_steps=chunk,
        pretrained_backbone_weights=None,  # they would come from the network
        dim_model=64,
        n_heads=4,
        dim_feedforward=128,
        device="cpu",
    )
    policy = ACTPolicy(config)
    before, _ = make_pre_post_processors(config, dataset_stats=dataset.meta.stats)
    ahead = {"action": [step / dataset.fps for step in range(chunk)]}
    chunks = LeRobotDataset("local/libra", root=dataset.root, video_backend="pyav", delta_timestamps=ahead)
    loader = torch.utils.data.DataLoader(chunks, batch_size=4, shuffle=True)
    optimizer = torch.optim.AdamW(policy.parameters(), lr=1e-4)
    policy.train()
    losses: list[float] = []
    for batch in loader:
        loss, _ = policy.forward(before(batch))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(round(float(loss.detach()), 4))
        if len(losses) == steps:
            break
    if not np.isfinite(losses).all():
        raise SystemExit(f"check_lerobot: ACT's losses are {losses}.")
    return losses


if __name__ == "__main__":
    raise SystemExit(main())
