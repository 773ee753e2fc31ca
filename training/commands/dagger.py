"""`libra dagger`: the policy drives, the expert labels what it sees and takes over in turns."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

NAME = "dagger"
HELP = "collect states that a policy reaches, labelled by the expert"
EXAMPLES = """\
  libra dagger --checkpoint assets/checkpoints/tabletop --episodes 300 --seed 200000 --out runs/data/dagger1
  libra dagger --checkpoint runs/mine --tasks "drawer open,stack" --delays 5,8,16 --seed 260000 --out runs/data/late"""
BLOCK = 15


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--checkpoint", type=Path, required=True, help="the policy that drives")
    parser.add_argument("--episodes", type=int, default=300, help="scenes (default 300)")
    parser.add_argument("--seed", type=int, default=200_000, help="first scene seed (default 200000)")
    parser.add_argument(
        "--tasks", default="all", help="kinds of task with commas between (stack,drawer open,push left); default all"
    )
    parser.add_argument(
        "--delays", help="planner delays in control steps with commas between, one of them an episode (default: many)"
    )
    parser.add_argument("--out", type=Path, default=Path("runs/data/dagger1"), help="folder of the data set")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")


def run(arguments: argparse.Namespace) -> int:
    """Collect what is not there yet."""
    from policy import CheckpointError, load_policy
    from policy.fingerprint import fingerprint
    from policy.tasks import TASKS
    from training.dagger import DELAYS, write_block
    from training.frames import Frames, write_format
    from training.parallel import parallel

    kinds = () if arguments.tasks == "all" else tuple(arguments.tasks.split(","))
    if wrong := [kind for kind in kinds if kind not in TASKS[:-1]]:
        print(f"libra dagger: there is no task {wrong[0]!r}; choose of {', '.join(TASKS[:-1])}.", file=sys.stderr)
        return 2
    given = arguments.delays.split(",") if arguments.delays else []
    if not all(part.isascii() and part.isdigit() for part in given):
        sentence = f"--delays {arguments.delays} must be control steps with commas between, such as 0,4,8"
        print(f"libra dagger: {sentence}.", file=sys.stderr)
        return 2
    delays = tuple(map(int, given)) or DELAYS
    jobs = []
    end = arguments.seed + arguments.episodes
    for start in range(arguments.seed, end, BLOCK):
        folder = arguments.out / f"block_{start:07d}"
        if not (folder / "columns.npz").is_file():
            jobs.append((str(arguments.checkpoint), start, min(BLOCK, end - start), str(folder), kinds, delays))
    try:
        load_policy(arguments.checkpoint)
        made = {"policy": fingerprint(arguments.checkpoint), "tasks": list(kinds), "delays": list(delays)}
        write_format(arguments.out, seed=arguments.seed, checkpoint=str(arguments.checkpoint), **made)
        for _ in parallel(write_block, jobs, arguments.workers, "DAgger", "block"):
            pass
        frames = Frames.open([arguments.out])
    except (CheckpointError, OSError, ValueError) as error:
        print(f"libra dagger: {error}", file=sys.stderr)
        return 1
    print(f"{len(frames)} frames in {arguments.out}")
    return 0
