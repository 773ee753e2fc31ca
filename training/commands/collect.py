"""`libra collect`: expert demonstrations with perturbations, as frames to train on."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

NAME = "collect"
HELP = "collect expert demonstrations with perturbations"
EXAMPLES = """\
  libra collect --episodes 3000 --seed 0 --out runs/data/expert
  libra collect --episodes 700 --seed 10000 --turning --out runs/data/turning
  libra collect --episodes 50 --seed 90000 --out /tmp/frames --workers 1 --json"""
BLOCK = 25


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--episodes", type=int, default=3000, help="scenes to demonstrate in (default 3000)")
    parser.add_argument("--seed", type=int, default=0, help="first scene seed (default 0)")
    parser.add_argument("--out", type=Path, default=Path("runs/data/expert"), help="folder of the data set")
    parser.add_argument("--turning", action="store_true", help="lying cylinders and hands that are turned away")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    parser.add_argument("--json", action="store_true", help="print a summary as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Collect what is not there yet; running it again continues an interrupted collection."""
    from training.frames import Frames, write_format
    from training.parallel import parallel

    if arguments.episodes < 1 or arguments.seed < 0:
        print("libra collect: --episodes must be at least 1 and --seed at least 0.", file=sys.stderr)
        return 2
    write_format(arguments.out, seed=arguments.seed)
    jobs = []
    for start in range(arguments.seed, arguments.seed + arguments.episodes, BLOCK):
        folder = arguments.out / f"block_{start:07d}"
        if not (folder / "columns.npz").is_file():
            count = min(BLOCK, arguments.seed + arguments.episodes - start)
            jobs.append((start, count, str(folder), arguments.turning))
    for _ in parallel(write_block, jobs, arguments.workers, "collecting", "block", quiet=arguments.json):
        pass
    frames = Frames.open([arguments.out])
    summary = {"frames": len(frames), "episodes": len(frames.instructions), "out": str(arguments.out)}
    print(
        json.dumps(summary)
        if arguments.json
        else f"{summary['episodes']} episodes, {len(frames)} frames in {arguments.out}"
    )
    return 0


def write_block(start: int, count: int, folder: str, turning: bool = False) -> int:
    """Collect one block of scenes in this process; returns the number of frames."""
    from scenes import TabletopEnv
    from training.collect import TURNING, Perturbation, collect_block
    from training.frames import BlockWriter

    env = TabletopEnv()
    writer = BlockWriter()
    for instruction, frames in collect_block(env, range(start, start + count), TURNING if turning else Perturbation()):
        writer.add(instruction, frames)
    writer.write(Path(folder))
    env.close()
    return len(writer.frames)


def main() -> int:
    """Entry point without the `libra` command."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run(parser.parse_args())


if __name__ == "__main__":
    raise SystemExit(main())
