"""`libra eval`: how often a checkpoint succeeds, in lockstep, on every core."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "checkpoints" / "tabletop"
NAME = "eval"
HELP = "measure a checkpoint's success rate"
EXAMPLES = """\
  libra eval --tasks all --episodes 300 --seed 500000 --schedule asynchronous --json result.json
  libra eval --expert --episodes 300 --seed 600000
  libra eval --tasks bowl,plate --episodes 40 --planner-delay 8"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--tasks", default="all", help="`all`, or families with commas between (pick,bowl,plate)")
    parser.add_argument("--episodes", type=int, default=300, help="episodes over all families (default 300)")
    parser.add_argument("--seed", type=int, default=500_000, help="first scene seed (default 500000)")
    parser.add_argument("--schedule", default="asynchronous", choices=("asynchronous", "sequential", "synchronous"))
    parser.add_argument("--planner-delay", type=int, default=1, metavar="K", help="control steps late (default 1)")
    parser.add_argument("--checkpoint", type=Path, default=None, help="folder (default: the shipped one)")
    parser.add_argument("--expert", action="store_true", help="the scripted expert instead of a checkpoint")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result to FILE (`-` for the terminal)")


def run(arguments: argparse.Namespace) -> int:
    """Evaluate and report."""
    from policy import CheckpointError, load_policy
    from scenes.goals import FAMILIES
    from training.evaluate import timed_evaluation

    families = FAMILIES if arguments.tasks == "all" else tuple(arguments.tasks.split(","))
    if unknown := set(families) - set(FAMILIES):
        print(
            f"libra eval: there is no task {', '.join(sorted(unknown))}; choose {', '.join(FAMILIES)} or all.",
            file=sys.stderr,
        )
        return 2
    if arguments.episodes < 1 or arguments.seed < 0 or arguments.planner_delay < 0:
        print("libra eval: --episodes must be at least 1, --seed and --planner-delay at least 0.", file=sys.stderr)
        return 2
    checkpoint = None if arguments.expert else arguments.checkpoint or SHIPPED
    try:
        if checkpoint is not None:
            load_policy(checkpoint)
    except CheckpointError as error:
        print(f"libra eval: {error}", file=sys.stderr)
        return 1
    to_terminal = str(arguments.json) == "-"
    summary = timed_evaluation(
        checkpoint, arguments.episodes, arguments.seed, arguments.schedule, arguments.planner_delay,
        arguments.workers, families, quiet=to_terminal,
    )  # fmt: skip
    if arguments.json and not to_terminal:
        arguments.json.write_text(json.dumps(summary, indent=1) + "\n")
    if to_terminal:
        print(json.dumps(summary))
        return 0
    low, high = summary["interval_95"]
    rate = summary["successes"] / max(summary["episodes"], 1)
    print(
        f"{summary['successes']} of {summary['episodes']} ({rate:.1%}, 95 % interval {low:.1%} to {high:.1%}), "
        f"{_driver(arguments)}, {summary['seconds']:.0f} s"
    )
    for family, part in summary["tasks"].items():
        print(f"  {family:6} {part['successes']:4} of {part['episodes']}")
    return 0


def _driver(arguments: argparse.Namespace) -> str:
    return "the expert" if arguments.expert else f"{arguments.schedule}, planner {arguments.planner_delay} steps late"
