"""`libra diagnose`: which of the two systems, or what else, is to blame for a failure."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from typing import Any

from diagnosis.commands import add_root, answer, complain, whole_number

NAME = "diagnose"
HELP = "find out why episodes of a kept evaluation failed"
EXAMPLES = """\
  libra diagnose latest                      # every failure: who rescues it, and so who is to blame
  libra diagnose 3f9a --episode 17
  libra diagnose 3f9a --seed 700012 --from 60        # replays differ from control step 60 on
  libra diagnose 3f9a --again --json why.json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("id", metavar="EVALUATION", help="its id or the beginning of it, or `latest`")
    parser.add_argument("--episode", type=whole_number, nargs="+", metavar="NUMBER", help="only these episodes")
    parser.add_argument("--seed", type=whole_number, nargs="+", help="only the episodes of these scenes")
    parser.add_argument(
        "--from", dest="from_step", type=whole_number, default=0, metavar="STEP",
        help="control step from which on replays differ from the episode (default 0)",
    )  # fmt: skip
    parser.add_argument("--again", action="store_true", help="find verdicts anew that are known already")
    parser.add_argument("--workers", type=whole_number, default=os.cpu_count() or 1, help="processes")
    add_root(parser)


def run(arguments: argparse.Namespace) -> int:
    """Find verdicts and say them."""
    if arguments.workers < 1:
        return complain(NAME, "--workers must be at least 1.", 2)
    return answer(NAME, arguments, lambda: _find(arguments), _show)


def _find(arguments: argparse.Namespace) -> dict[str, Any]:
    from diagnosis.judging import diagnose
    from diagnosis.store import EvaluationError, open_evaluation

    kept = open_evaluation(arguments.root, arguments.id)
    numbers = arguments.episode
    if arguments.seed is not None:
        of_seeds = [n for n in sorted(kept.rows) if kept.tasks[n].seed in arguments.seed]
        numbers = [n for n in of_seeds if numbers is None or n in numbers]
        if not numbers:
            seeds = [kept.tasks[n].seed for n in sorted(kept.rows)]
            asked = ", ".join(map(str, arguments.seed))
            raise EvaluationError(
                f"Evaluation {kept.manifest.id} has no episode of seed {asked}: its seeds are "
                f"{min(seeds, default=0)} to {max(seeds, default=0)}."
            )
        # Of a scene that succeeded and failed, the failures are meant.
        numbers = [n for n in numbers if not kept.rows[n]["success"]] or numbers
    verdicts = diagnose(
        kept, numbers, arguments.from_step, arguments.workers, arguments.again, quiet=str(arguments.json) == "-"
    )
    return {
        "evaluation": kept.manifest.id,
        "failures": [
            {"number": n, "seed": kept.tasks[n].seed, "instruction": kept.tasks[n].instruction, **verdict}
            for n, verdict in sorted(verdicts.items())
        ],
        "causes": dict(Counter(verdict["cause"] for verdict in verdicts.values()).most_common()),
    }


def _show(found: dict[str, Any]) -> None:
    if not found["failures"]:
        print(f"Nothing failed in {found['evaluation']}: there is nothing to find out.")
        return
    for failure in found["failures"]:
        print(f"{failure['number']:5}  seed {failure['seed']}  “{failure['instruction']}”")
        print(f"       {failure['cause']}: {failure['sentence']}")
        for replay in failure["replays"]:
            print(f"         {replay['rescued']} of {replay['runs']}  {replay['label']}")
    print("\n" + ", ".join(f"{cause} {count}" for cause, count in found["causes"].items()))
