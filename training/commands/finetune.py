"""`libra finetune`: the next checkpoint, from one that makes mistakes and episodes in which a human put them right."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from training.plan import Stage
    from training.tuning import Source, Tuning

SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "checkpoints" / "tabletop"
NAME = "finetune"
HELP = "learn from corrections: the next checkpoint, from episodes in which a human drove"
EXAMPLES = """\
  libra finetune runs                                   # every corrected episode, from the shipped checkpoint
  libra finetune runs --task push --out runs/pushes     # only those whose words have "push" in them
  libra finetune runs --plan                            # what there is to do, and what is done
  libra finetune runs --checkpoint runs/pushes --out runs/better --compare 280
  libra finetune demos --small --runs /tmp/tuning --out /tmp/tuned --json"""
_DESCRIPTION = (
    "It takes about 20 minutes on two cores. Ctrl-C (or SIGTERM) stops it, the same command goes on where it stopped."
)
COMPARED = 280
"""episodes, if --compare is given no number"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.description = f"{HELP[0].upper()}{HELP[1:]}. {_DESCRIPTION}"
    parser.add_argument("library", type=Path, help="folder of episodes, as the cockpit writes below runs/")
    parser.add_argument("--checkpoint", type=Path, default=SHIPPED, help="to start from (default: the shipped one)")
    parser.add_argument("--out", type=Path, default=Path("runs/finetuned"), help="folder of the new checkpoint")
    parser.add_argument("--task", default="", help="only episodes with these words in their instruction")
    parser.add_argument("--starred", action="store_true", help="only episodes that are marked")
    parser.add_argument(
        "--data", type=Path, default=Path("runs/data"), help="data sets of `libra train`; what is missing is collected"
    )
    parser.add_argument(
        "--runs", type=Path, default=Path("runs/finetune"), help="folder of stages and progress (default runs/finetune)"
    )
    parser.add_argument(
        "--compare", type=int, nargs="?", const=COMPARED, default=0, metavar="N",
        help=f"then play N fresh episodes ({COMPARED}) with both checkpoints, and show what changed",
    )  # fmt: skip
    parser.add_argument("--small", action="store_true", help="a few steps, to see that everything runs")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="cores to use (default: all)")
    parser.add_argument("--plan", "--dry-run", action="store_true", help="only show the stages and how far they are")
    parser.add_argument("--json", action="store_true", help="print one line of JSON at the end")


def run(arguments: argparse.Namespace) -> int:
    """Run what is still missing."""
    if arguments.workers < 1 or arguments.compare < 0:
        return _complain("--workers must be at least 1, and --compare a number of episodes.", 2)
    from library.errors import LibraryError
    from policy import CheckpointError
    from training.plan import OtherSettings
    from training.runner import StageFailed
    from training.tuning import Tuning

    try:
        source, left = _source(arguments)
        tuning = Tuning().smaller() if arguments.small else Tuning()
        return _tune(arguments, tuning, source, left)
    except (LibraryError, CheckpointError, OtherSettings, StageFailed, OSError, ValueError) as error:
        return _complain(str(error), 1)


def _source(arguments: argparse.Namespace) -> tuple[Source, dict[str, str]]:
    """What to learn from, and why the rest is left out.

    Raises:
        CheckpointError, LibraryError, ValueError: with one sentence.
    """
    from library.commands.library import open_library
    from library.errors import LibraryError
    from library.select import Selection, choose
    from policy import load_policy
    from training.corrections import family_of, why_not
    from training.tuning import Source
    from training.unpack import difference

    config = load_policy(arguments.checkpoint).config
    if other := difference(config):
        raise ValueError(f"The checkpoint {arguments.checkpoint} cannot be trained on: {other}.")
    library = open_library(arguments.library, quiet=arguments.json)
    chosen = choose(library.episodes, Selection(task=arguments.task, starred=arguments.starred))
    reasons = {each.id: why_not(each) for each in chosen}
    used = tuple(each for each in chosen if reasons[each.id] is None)
    left = {name: reason for name, reason in reasons.items() if reason is not None}
    if not used:
        reason = " ".join(f"{name}: {left[name]}" for name in [*left][:3]) or "No episode is meant."
        raise LibraryError(
            f"{arguments.library} has nothing to learn from: take over in the cockpit, finish by hand, and try again. "
            f"{reason}"
        )
    families = tuple(dict.fromkeys(map(family_of, used)))
    return Source(arguments.checkpoint, config, arguments.library, used, families), left


def _tune(arguments: argparse.Namespace, tuning: Tuning, source: Source, left: dict[str, str]) -> int:
    from training.corrections import read_report
    from training.display import display
    from training.plan import State, check, table
    from training.progress import Progress, clock
    from training.runner import only_one, stoppable
    from training.runner import run as run_stages
    from training.tuning import human_steps, stages, work_folder

    plan = stages(tuning, source, arguments.runs, arguments.out, arguments.data)
    report: dict[str, Any] = {
        "checkpoint": str(arguments.out), "base": str(source.base), "episodes": [each.id for each in source.episodes],
        "left_out": left, "human_steps": human_steps(source.episodes), "families": list(source.learned),
    }  # fmt: skip
    if arguments.plan:
        progress = Progress(plan, arguments.runs / "progress.json")
        print(json.dumps({**progress.record("planned"), **report}) if arguments.json else table(plan))
        if not arguments.json:
            print(f"{len(source.episodes)} episodes, {report['human_steps']} steps by hand; {len(left)} are left out.")
            print(f"{progress.fraction:.0%} of the time is over, about {clock(progress.left)} left.")
        return 0
    if plan[-1].state() is State.OTHER:
        raise ValueError(f"{arguments.out} holds another checkpoint: name a new folder with --out.")
    if not arguments.json:
        print(
            f"Learning from {len(source.episodes)} episodes, {report['human_steps']} steps of them by hand "
            f"({len(left)} others have none or did not succeed).",
            file=sys.stderr,
        )
    check(plan)
    with only_one(arguments.runs), stoppable(NAME), display() as show:
        _write_lineage(source, work_folder(tuning, source, arguments.runs), arguments.out)
        progress = run_stages(plan, arguments.runs, arguments.workers, show)
    for sentence in read_report(_folder(plan, "corrections")):
        print(f"libra finetune: {sentence}", file=sys.stderr)
    return _report(arguments, source, {**progress.record("done"), **report})


def _report(arguments: argparse.Namespace, source: Source, report: dict[str, Any]) -> int:
    from training.lineage import compare_command
    from training.report import lines

    command = compare_command(source, arguments.out, arguments.compare or COMPARED)
    report["compare"] = command
    if not arguments.json:
        print(
            f"The new checkpoint is in {arguments.out}, with its lineage. Measure what it has learned with\n  {command}"
        )
    if arguments.compare:
        report["compared"] = _compared(command, arguments)
        if not arguments.json:
            print(*lines(report["compared"]), sep="\n")
    if arguments.json:
        print(json.dumps(report))
    return 0


def _compared(command: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """What the command would report."""
    from training.commands import eval as evaluation
    from training.scores import measure

    parser = argparse.ArgumentParser()
    evaluation.add_arguments(parser)
    words = parser.parse_args([*shlex.split(command)[2:], "--workers", str(arguments.workers)])
    words.checkpoint = [arguments.checkpoint]
    return measure(words, quiet=arguments.json)


def _write_lineage(source: Source, work: Path, out: Path) -> None:
    from training.files import whole
    from training.lineage import NAME as LINEAGE
    from training.lineage import lineage

    work.mkdir(parents=True, exist_ok=True)
    text = json.dumps(lineage(source, shlex.join(["libra", *sys.argv[1:]]), out), indent=1)
    with whole(work / LINEAGE, len(text)) as unfinished:
        unfinished.write_text(text)


def _folder(plan: list[Stage], name: str) -> Path:
    return next(stage.folder for stage in plan if stage.name == name)


def _complain(sentence: str, code: int) -> int:
    print(f"libra finetune: {sentence}", file=sys.stderr)
    return code
