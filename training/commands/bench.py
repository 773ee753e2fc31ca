"""`libra bench`: how long the policy takes."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from training.commands.eval import SHIPPED

NAME = "bench"
HELP = "measure how long planner and refiner take on one core"
EXAMPLES = """\
  libra bench policy
  libra bench policy --checkpoint runs/checkpoint --calls 500
  libra bench policy --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("what", choices=("policy",), help="planner and refiner, one call at a time")
    parser.add_argument("--checkpoint", type=Path, default=SHIPPED, help="folder (default: the shipped one)")
    parser.add_argument("--calls", type=int, default=200, help="calls of each (default 200)")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")


def run(arguments: argparse.Namespace) -> int:
    """Measure and report."""
    if arguments.calls < 1:
        print("libra bench: --calls must be at least 1.", file=sys.stderr)
        return 2
    from policy import CheckpointError
    from training.latency import measure_latency

    try:
        report = measure_latency(arguments.checkpoint, arguments.calls)
    except CheckpointError as error:
        print(f"libra bench: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps(report))
        return 0
    for system in ("planner", "refiner"):
        times = report[f"{system}_ms"]
        print(f"{system}  p50 {times['p50']:6.1f} ms  p95 {times['p95']:6.1f} ms  ({report['calls']} calls, one core)")
    return 0
