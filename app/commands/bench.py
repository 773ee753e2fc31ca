"""`libra bench`: how fast the policy is, how well both loops hold, how surely a human wins, what a step is made of."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, Final

from app import DEFAULT_CHECKPOINT

NAME = "bench"
HELP = "measure the two loops in wall clock, one control step, planner and refiner alone, or the diagnosis"
EXAMPLES = """\
  libra bench loops                        # ten minutes: three schedules, four latencies, what watching costs
  libra bench loops --quick                # two minutes
  libra bench loops --json loops.json --plot loops.png
  libra bench hands --quick                # how surely a human wins, and what a scripted operator reaches
  libra bench step --steps 500
  libra bench policy --checkpoint runs/checkpoint --calls 500 --json -
  libra bench events                       # planted events that are found, false alarms in clean episodes
  libra bench verdicts --count 50          # injected faults whose cause is named"""
FAILED: Final = 1
_FILE: Final = "write the figures to FILE (`-` for the terminal)"
_FAULTS: Final = ("shuffled-tokens", "swapped-grounding", "refiner-noise", "late-planner", "wrong-wording")
_LOOPS: Final = """\
examples:
  libra bench loops --quick
  libra bench loops --json loops.json --plot loops.png

Close other programs first: every figure is of wall clock. Schedules play the same tasks, one after the other, with 0,
100, 300 and 1000 ms added to every call of the planner. `on time` counts control steps that begin at most 5 ms after
their due time; `waits` counts steps at which the refiner was due but had to wait for the planner."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    benches = parser.add_subparsers(dest="what", required=True, metavar="{loops,hands,step,policy,events,verdicts}")
    raw = argparse.RawDescriptionHelpFormatter
    loops = benches.add_parser(
        "loops", help="three schedules, four planner latencies, and who watches", epilog=_LOOPS, formatter_class=raw
    )
    loops.add_argument("--quick", action="store_true", help="the most important figures, in two minutes")
    loops.add_argument("--plot", type=Path, metavar="FILE", help="draw a picture (default: loops.png)")
    hands = benches.add_parser("hands", help="stop, take-over, lost pages, a scripted operator, pinned tokens")
    hands.add_argument("--quick", action="store_true", help="a few of each, in two minutes")
    step = benches.add_parser("step", help="physics, render, planner, refiner, log and encode of one control step")
    step.add_argument("--steps", type=_positive, default=300, help="control steps (default 300)")
    policy = benches.add_parser("policy", help="planner and refiner, one call at a time")
    policy.add_argument("--calls", type=_positive, default=200, help="calls of each (default 200)")
    events = benches.add_parser("events", help="planted events that are found, and false alarms")
    events.add_argument("--count", type=_positive, default=20, help="planted events of each kind (default 20)")
    events.add_argument("--clean", type=_positive, default=100, help="clean episodes of the expert (default 100)")
    events.add_argument("--evaluation", help="a kept evaluation, whose successful episodes are clean, too")
    verdicts = benches.add_parser("verdicts", help="injected faults whose cause the verdict names")
    verdicts.add_argument("--count", type=_positive, default=50, help="failures of each fault (default 50)")
    verdicts.add_argument("--faults", nargs="+", choices=_FAULTS, default=_FAULTS, help="which (default: all)")
    for diagnosing in (events, verdicts):
        diagnosing.add_argument("--seed", type=_positive, default=940_000, help="first scene seed (default 940000)")
        diagnosing.add_argument("--workers", type=_positive, default=os.cpu_count() or 1, help="processes")
        diagnosing.add_argument(
            "--root", type=Path, default=Path("runs") / "evaluations", help="where evaluations are kept"
        )
    for bench in (loops, hands, step, policy, events, verdicts):
        bench.add_argument(
            "--checkpoint", type=Path, default=DEFAULT_CHECKPOINT, help="folder (default: the shipped one)"
        )
        bench.add_argument("--json", type=Path, metavar="FILE", help=_FILE)


def run(arguments: argparse.Namespace) -> int:
    """Measure and report."""
    plot: Path | None = None
    if arguments.what == "loops":
        plot = arguments.plot or Path("loops.png")
        if plot.suffix not in (".png", ".svg", ".pdf"):
            return _complain(f"--plot {plot} must end in .png, .svg or .pdf.", 2)
    for path in filter(None, (plot, arguments.json)):
        if not path.parent.is_dir():
            return _complain(f"{path} cannot be written: there is no folder {path.parent}.", 2)
    # Whoever ends the bench also ends what it has started, a browser among it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(FAILED))
    from app.bench.trial import BenchError
    from policy import CheckpointError
    from training.kept import KeptError

    try:
        report = _measure(arguments)
    except (CheckpointError, BenchError, KeptError) as error:
        return _complain(str(error), 1)
    if str(arguments.json) == "-":
        print(json.dumps(report))
    else:
        _show(arguments.what, report)
    if arguments.json and str(arguments.json) != "-":
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    if plot is not None:
        from app.bench.plot import plot_loops

        plot_loops(report, plot)
        print(f"The picture is {plot}.", file=sys.stderr)
    return 0


def _measure(arguments: argparse.Namespace) -> dict[str, Any]:
    if arguments.what == "policy":
        from training.latency import measure_latency

        return measure_latency(arguments.checkpoint, arguments.calls)
    if arguments.what == "step":
        from app.bench.step import measure_step

        return measure_step(arguments.checkpoint, arguments.steps)
    if arguments.what == "hands":
        from app.bench import hands

        return hands.measure_hands(arguments.checkpoint, hands.QUICK if arguments.quick else hands.FULL)
    if arguments.what == "events":
        from diagnosis.scoring import KINDS, score_events
        from diagnosis.store import open_evaluation

        kept = open_evaluation(arguments.root, arguments.evaluation) if arguments.evaluation else None
        return score_events(KINDS, arguments.count, arguments.seed, arguments.clean, arguments.workers, kept)
    if arguments.what == "verdicts":
        from diagnosis.scoring import score_faults

        return score_faults(
            arguments.root, str(arguments.checkpoint), arguments.faults, arguments.count, arguments.seed,
            arguments.workers,
        )  # fmt: skip
    from app.bench.loops import FULL, QUICK, measure_loops

    return measure_loops(arguments.checkpoint, QUICK if arguments.quick else FULL)


def _show(what: str, report: dict[str, Any]) -> None:
    if what == "policy":
        for system in ("planner", "refiner"):
            times = report[f"{system}_ms"]
            calls = f"({report['calls']} calls, one core)"
            print(f"{system}  p50 {times['p50']:6.1f} ms  p95 {times['p95']:6.1f} ms  {calls}")
        return
    if what in ("events", "verdicts"):
        print(*_diagnosis_lines(what, report), sep="\n")
        return
    from rich.console import Console

    from app.bench import report as tables

    shown = {
        "loops": tables.loops_tables,
        "hands": tables.hands_tables,
        "step": lambda each: (tables.step_table(each),),
    }
    console = Console()
    for part in shown[what](report):
        console.print(part, highlight=False)


def _diagnosis_lines(what: str, report: dict[str, Any]) -> list[str]:
    if what == "verdicts":
        return [
            f"{part['successes']:3} of {part['episodes']:3} right  {fault:18} should be {part['expected']}; said "
            f"{part['causes']}; judged in {part['judging_seconds']:.0f} s"
            for fault, part in report["faults"].items()
        ]
    planted = [f"{p['successes']:3} of {p['episodes']:3} found  {kind}" for kind, p in report["planted"].items()]
    return planted + [
        f"{part['per_50']:.1f} false alarms per 50 of {part['episodes']} successes of the {who}: {part['kinds']}"
        for who, part in report["clean"].items()
    ]


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number, at least 1")
    return int(text)


def _complain(sentence: str, code: int) -> int:
    print(f"libra bench: {sentence}", file=sys.stderr)
    return code
