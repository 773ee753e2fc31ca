"""`libra eval`: how often a checkpoint succeeds, in lockstep, on every core."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "checkpoints" / "tabletop"
NAME = "eval"
HELP = "measure a checkpoint: success, delays, phrasings, perturbations, refusals"
EXAMPLES = """\
  libra eval --episodes 1000 --seed 700000 --json scores.json
  libra eval --expert --tasks push,stack --episodes 300 --seed 600000
  libra eval --held-out --episodes 300
  libra eval --compare runs/checkpoint-a runs/checkpoint-b --episodes 500
  libra eval --compare delay=0 delay=8
  libra eval --compare schedule=synchronous schedule=asynchronous,delay=4
  libra eval --delays 0,4,8,16 --checkpoint runs/with runs/without --plot delays.png
  libra eval --phrases assets/phrases.json --episodes 400
  libra eval --perturb all --episodes 200
  libra eval --perturb moved --episodes 200     # the target is moved under the hand; with checks and without
  libra eval --refusals --episodes 250      # 50 impossible, 200 possible instructions
  libra eval --inject shuffled-tokens --episodes 50     # a fault on purpose, for `libra diagnose`"""
EPISODES, ASKED = 300, 250
FAULTS = ("shuffled-tokens", "swapped-grounding", "refiner-noise", "late-planner", "wrong-wording")
PERTURBATIONS = ("camera", "light", "background", "noise", "layout", "start", "moved", "all")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "--tasks", default="all", help="families with commas between (pick,bowl,plate); `all` the checkpoint knows"
    )
    parser.add_argument(
        "--episodes", type=int, help=f"episodes for each setting (default {EPISODES}; refusals: {ASKED} instructions)"
    )
    parser.add_argument("--seed", type=int, default=500_000, help="first scene seed (default 500000)")
    parser.add_argument("--schedule", default="asynchronous", choices=("asynchronous", "sequential", "synchronous"))
    parser.add_argument("--planner-delay", type=int, default=1, metavar="K", help="control steps late (default 1)")
    parser.add_argument(
        "--checkpoint", type=Path, nargs="+", metavar="FOLDER", help="folder (default: the shipped one)"
    )
    parser.add_argument("--expert", action="store_true", help="the scripted expert instead of a checkpoint")
    parser.add_argument("--held-out", action="store_true", help="only what training never asks for")
    measure = parser.add_mutually_exclusive_group()
    measure.add_argument(
        "--compare", nargs=2, metavar=("A", "B"),
        help="two on the same episodes: folders, `expert`, or settings such as delay=8,schedule=sequential",
    )  # fmt: skip
    measure.add_argument("--delays", metavar="K,K,...", help="success against the planner's delay (control steps)")
    measure.add_argument("--phrases", type=Path, metavar="FILE", help='JSON list of {"task": ..., "say": ...}')
    measure.add_argument(
        "--perturb",
        choices=PERTURBATIONS,
        help="scenes that are harder than those of training; `all` of them but moved",
    )
    measure.add_argument("--refusals", action="store_true", help="what the planner refuses, rightly and wrongly")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="of --delays, as .png, .svg or .pdf")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    parser.add_argument("--inject", choices=FAULTS, help="put a fault into the policy, for `libra diagnose` to find")
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", default=Path("runs") / "evaluations",
        help="where every episode is kept (default runs/evaluations); what is there is not played again",
    )  # fmt: skip
    parser.add_argument("--no-keep", action="store_true", help="play everything, keep nothing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result to FILE (`-` for the terminal)")


def run(arguments: argparse.Namespace) -> int:
    """Evaluate and report."""
    if wrong := _misuse(arguments):
        return _complain(wrong, 2)
    from policy import CheckpointError
    from training.kept import KeptError
    from training.report import lines
    from training.scores import measure
    from training.setting import Misused

    arguments.checkpoint = arguments.checkpoint or [SHIPPED]
    to_terminal = str(arguments.json) == "-"
    try:
        report = measure(arguments, quiet=to_terminal)
    except (CheckpointError, KeptError) as error:
        return _complain(str(error), 1)
    except Misused as error:
        return _complain(str(error), 2)
    print(*([json.dumps(report)] if to_terminal else lines(report)), sep="\n")
    try:
        if arguments.json and not to_terminal:
            arguments.json.write_text(json.dumps(report, indent=1) + "\n")
        if arguments.plot:
            from training.delay_plot import plot_delays

            plot_delays(report, arguments.plot)
    except OSError as error:
        return _complain(f"what is said above could not be written: {error}", 1)
    return 0


def _complain(sentence: str, code: int) -> int:
    print(f"libra eval: {sentence}", file=sys.stderr)
    return code


def _misuse(arguments: argparse.Namespace) -> str | None:
    """What is wrong with the arguments, in one sentence."""
    if arguments.episodes is None:
        arguments.episodes = ASKED if arguments.refusals else EPISODES
    if min(arguments.episodes, arguments.workers) < 1 or min(arguments.seed, arguments.planner_delay) < 0:
        return "--episodes and --workers must be at least 1, --seed and --planner-delay at least 0."
    if arguments.plot and not arguments.delays:
        return "--plot draws what --delays measures: add --delays 0,4,8,16."
    if arguments.plot and arguments.plot.suffix not in (".png", ".svg", ".pdf"):
        return f"--plot {arguments.plot} must end in .png, .svg or .pdf."
    for path in filter(None, (arguments.plot, arguments.json)):
        if not path.parent.is_dir():
            return f"{path} cannot be written: there is no folder {path.parent}."
    if arguments.delays and not all(part.isascii() and part.isdigit() for part in arguments.delays.split(",")):
        return f"--delays {arguments.delays} must be control steps with commas between, such as 0,4,8,16."
    if arguments.expert and (arguments.checkpoint or arguments.delays or arguments.phrases or arguments.refusals):
        return "--expert plans and reads nothing: it goes with no --checkpoint, --delays, --phrases or --refusals."
    if arguments.expert and arguments.compare:
        return "say expert as one of the two that --compare names, without --expert."
    if len(arguments.checkpoint or ()) > 1 and not arguments.delays:
        return "several checkpoints go with --delays; say --compare A B for two on the same episodes."
    if arguments.inject and (arguments.expert or arguments.compare or arguments.phrases or arguments.refusals):
        return "--inject is a fault of one policy: it goes with no --expert, --compare, --phrases or --refusals."
    if arguments.held_out and (arguments.phrases or arguments.refusals):
        return "--held-out chooses goals: it goes with neither --phrases nor --refusals."
    return None
