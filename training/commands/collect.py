"""`libra collect`: expert demonstrations, as episodes of a library or as frames to train on."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

NAME = "collect"
HELP = "collect expert demonstrations: episodes of a library, or frames to train on"
EXAMPLES = """\
  libra collect --tasks all --episodes 200 --seed 0 --out runs/demonstrations
  libra collect --tasks "stack,drawer open" --episodes 50 --seed 5000 --out runs/demonstrations --json
  libra collect --frames --episodes 3000 --seed 0 --out runs/data/expert
  libra collect --frames --episodes 700 --seed 10000 --turning --out runs/data/turning"""
BLOCK = 25
_EPISODES, _SCENES = 100, 3000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "--tasks", default="all", help="kinds of task with commas between (stack,drawer open,push left); default all"
    )
    parser.add_argument(
        "--episodes", type=int, help=f"successful episodes (default {_EPISODES}); with --frames scenes ({_SCENES})"
    )
    parser.add_argument("--seed", type=int, default=0, help="first scene seed (default 0)")
    parser.add_argument("--out", type=Path, help="library, or folder of the data set with --frames")
    parser.add_argument(
        "--frames", action="store_true", help="frames for `libra train`: pushed off the path, with every label"
    )
    parser.add_argument("--turning", action="store_true", help="frames of lying cylinders and hands turned away")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    parser.add_argument("--json", action="store_true", help="print a summary as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Collect what is not there yet; running it again continues an interrupted collection."""
    if arguments.episodes is None:
        arguments.episodes = _SCENES if arguments.frames else _EPISODES
    if arguments.episodes < 1 or arguments.seed < 0:
        return _complain("--episodes must be at least 1 and --seed at least 0", 2)
    if arguments.turning and not arguments.frames:
        return _complain("--turning makes frames: add --frames", 2)
    from policy.tasks import TASKS

    kinds = () if arguments.tasks == "all" else tuple(each.strip() for each in arguments.tasks.split(","))
    if wrong := [kind for kind in kinds if kind not in TASKS[:-1]]:
        return _complain(f"there is no task {wrong[0]!r}; choose of {', '.join(TASKS[:-1])}", 2)
    return _collect_frames(arguments, kinds) if arguments.frames else _collect_episodes(arguments, kinds)


def _collect_episodes(arguments: argparse.Namespace, kinds: tuple[str, ...]) -> int:
    from library.errors import LibraryError
    from library.store import Library
    from training.demonstrations import demonstrate_to
    from training.setting import Misused

    out = arguments.out or Path("runs/demonstrations")
    try:
        failed = demonstrate_to(out, arguments.episodes, arguments.seed, kinds, arguments.workers, arguments.json)
        totals = Library(out).totals()
    except (LibraryError, Misused) as error:
        return _complain(str(error).rstrip("."), 1)
    except OSError as error:
        return _complain(
            f"{out} cannot be written ({error}); what is complete stays, and running this again goes on", 1
        )
    summary = {"episodes": arguments.episodes, "attempts_that_failed": failed, "out": str(out), "library": totals}
    if arguments.json:
        print(json.dumps(summary))
    else:
        print(f"{arguments.episodes} successful episodes in {out}, {failed} attempts failed and were left out.")
    return 0


def _collect_frames(arguments: argparse.Namespace, kinds: tuple[str, ...]) -> int:
    from training.frames import Frames, write_format
    from training.parallel import parallel

    out = arguments.out or Path("runs/data/expert")
    jobs = []
    for start in range(arguments.seed, arguments.seed + arguments.episodes, BLOCK):
        folder = out / f"block_{start:07d}"
        if not (folder / "columns.npz").is_file():
            count = min(BLOCK, arguments.seed + arguments.episodes - start)
            jobs.append((start, count, str(folder), arguments.turning, kinds))
    try:
        write_format(out, seed=arguments.seed, turning=arguments.turning, tasks=list(kinds))
        for _ in parallel(write_block, jobs, arguments.workers, "collecting", "block", quiet=arguments.json):
            pass
        frames = Frames.open([out])
    except (OSError, ValueError) as error:
        return _complain(str(error).rstrip("."), 1)
    summary = {"frames": len(frames), "episodes": len(frames.instructions), "out": str(out)}
    print(json.dumps(summary) if arguments.json else f"{summary['episodes']} episodes, {len(frames)} frames in {out}")
    return 0


def _complain(sentence: str, code: int) -> int:
    print(f"libra collect: {sentence}.", file=sys.stderr)
    return code


def write_block(start: int, count: int, folder: str, turning: bool = False, kinds: tuple[str, ...] = ()) -> int:
    """Collect one block of scenes in this process; returns the number of frames."""
    from scenes import TabletopEnv
    from training.collect import TURNING, Perturbation, collect_block
    from training.frames import BlockWriter

    env = TabletopEnv()
    writer = BlockWriter()
    perturbation = TURNING if turning else Perturbation()
    for instruction, frames in collect_block(env, range(start, start + count), perturbation, kinds):
        writer.add(instruction, frames)
    if writer.frames:  # scenes that allow none of these kinds make no block
        writer.write(Path(folder))
    env.close()
    return len(writer.frames)
