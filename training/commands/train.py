"""`libra train`: from nothing to a checkpoint, by one command that resumes."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

NAME = "train"
HELP = "make a checkpoint from nothing: collect, train, DAgger, train again"
EXAMPLES = """\
  libra train --out runs/checkpoint
  libra train --small --runs /tmp/libra-runs --out /tmp/libra-checkpoint"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of data and stages (default runs)")
    parser.add_argument("--out", type=Path, default=Path("runs/checkpoint"), help="folder of the checkpoint")
    parser.add_argument("--small", action="store_true", help="minutes instead of hours, to see that everything runs")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes and threads")


def run(arguments: argparse.Namespace) -> int:
    """Run what is still missing."""
    from training.recipe import Recipe, make

    recipe = Recipe().smaller() if arguments.small else Recipe()
    try:
        make(recipe, arguments.runs, arguments.out, arguments.workers)
    except subprocess.CalledProcessError as error:
        print(f"libra train: the stage {' '.join(error.cmd[2:5])} failed; start again to resume it.", file=sys.stderr)
        return 1
    print(f"The checkpoint is in {arguments.out}; measure it with `libra eval --checkpoint {arguments.out}`.")
    return 0
