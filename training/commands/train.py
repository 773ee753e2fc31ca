"""`libra train`: from nothing to a checkpoint, by one command that resumes."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

NAME = "train"
HELP = "make a checkpoint from nothing: collect, train, DAgger, train again"
EXAMPLES = """\
  libra train --out runs/checkpoint
  libra train --plan                 # what there is to do, and what is done
  libra train --watch                # with the curves in Rerun while it runs
  libra train --small --runs /tmp/libra-runs --out /tmp/libra-checkpoint --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of data and stages (default runs)")
    parser.add_argument("--out", type=Path, default=Path("runs/checkpoint"), help="folder of the checkpoint")
    parser.add_argument(
        "--short", action="store_true", help="about half the time, for a policy that is a little less good"
    )
    parser.add_argument(
        "--without", default="", metavar="FAMILIES", help="leave families out of all data, to see what they are worth"
    )
    parser.add_argument(
        "--in-time-only",
        action="store_true",
        help="no late intents for the refiner, to see what they are worth; not for finetune",
    )
    parser.add_argument("--small", action="store_true", help="minutes instead of hours, to see that everything runs")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="cores to use (default: all)")
    parser.add_argument("--plan", "--dry-run", action="store_true", help="only show the stages and how far they are")
    parser.add_argument("--watch", action="store_true", help="serve the curves to a Rerun viewer on this machine")
    parser.add_argument("--watch-port", type=int, default=9877, help="port of --watch (default 9877)")
    parser.add_argument("--json", action="store_true", help="print one line of JSON at the end")


def run(arguments: argparse.Namespace) -> int:
    """Run what is still missing."""
    if arguments.workers < 1 or not 0 < arguments.watch_port < 65536:
        print("libra train: --workers must be at least 1 and --watch-port from 1 to 65535.", file=sys.stderr)
        return 2
    from policy import CheckpointError
    from scenes.goals import FAMILIES
    from training.card import CARD, score, write_card
    from training.curves import Curves, how_to_watch
    from training.display import display
    from training.kept import KeptError
    from training.plan import OtherSettings, State, check, table
    from training.progress import Progress, clock
    from training.recipe import Recipe, stages
    from training.runner import only_one, stoppable
    from training.runner import run as run_stages
    from training.scores import command_line

    without = tuple(filter(None, arguments.without.split(",")))
    if unknown := set(without) - set(FAMILIES):
        print(f"libra train: there is no family {min(unknown)!r}; choose of {', '.join(FAMILIES)}.", file=sys.stderr)
        return 2
    recipe = Recipe(without=without, late_intents=not arguments.in_time_only)
    recipe = recipe.smaller() if arguments.small else recipe.shorter() if arguments.short else recipe
    plan = stages(recipe, arguments.runs, arguments.out)
    if arguments.plan:
        progress = Progress(plan, arguments.runs / "progress.json")
        print(json.dumps(progress.record("planned")) if arguments.json else table(plan))
        if not arguments.json:
            print(f"{progress.fraction:.0%} of the time is over, about {clock(progress.left)} left.")
        return 0
    is_new = any(stage.state() is not State.DONE for stage in plan)
    scores: list[str] = []
    try:
        check(plan)
        with (
            only_one(arguments.runs),
            stoppable(NAME),
            Curves(arguments.runs, arguments.watch_port if arguments.watch else None) as curves,
            display(curves) as show,
        ):
            if arguments.watch:
                print(how_to_watch(arguments.watch_port), file=sys.stderr)
            progress = run_stages(plan, arguments.runs, arguments.workers, show)
        if is_new or not (arguments.out / CARD).is_file():
            if not arguments.small:
                kept = arguments.runs / "evaluations"
                scores = score(arguments.out, kept, arguments.workers, arguments.json)
            write_card(plan, arguments.out, command_line(), scores)
    except (OtherSettings, RuntimeError, CheckpointError, KeptError, OSError) as error:
        print(f"libra train: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps({**progress.record("done"), "checkpoint": str(arguments.out)}))
    else:
        print(*scores, f"The checkpoint is in {arguments.out}; its card says how it was made.", sep="\n")
    return 0
