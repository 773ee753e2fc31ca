"""Commands of this room, and what they share."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

DEFAULT = Path("runs") / "evaluations"


def add_root(parser: argparse.ArgumentParser) -> None:
    """Where evaluations are, and where the answer goes."""
    parser.add_argument(
        "--root", type=Path, default=DEFAULT, metavar="FOLDER", help=f"where evaluations are kept (default {DEFAULT})"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the answer to FILE (`-` for the terminal)")


def answer(
    name: str,
    arguments: argparse.Namespace,
    find: Callable[[], Any],
    show: Callable[[Any], None],
    is_good: Callable[[Any], bool] = lambda found: True,
) -> int:
    """Find something out and say it; what cannot be done is one sentence, and exit code 1, as for what is not good."""
    if arguments.json and str(arguments.json) != "-" and not arguments.json.parent.is_dir():
        return complain(name, f"{arguments.json} cannot be written: there is no folder {arguments.json.parent}.", 2)
    from diagnosis.store import EvaluationError  # with the policy behind it: help comes without

    try:
        found = find()
    except EvaluationError as error:
        return complain(name, str(error), 1)
    except OSError as error:
        return complain(name, f"{error}: make room, or see to it that the folder can be written to.", 1)
    code = 0 if is_good(found) else 1
    if str(arguments.json) == "-":
        print(json.dumps(found))
        return code
    show(found)
    if arguments.json:
        try:
            arguments.json.write_text(json.dumps(found, indent=1) + "\n")
        except OSError as error:
            return complain(name, f"{arguments.json} cannot be written ({error.strerror}): name another file.", 1)
    return code


def complain(name: str, sentence: str, code: int) -> int:
    """Say what is wrong."""
    print(f"libra {name}: {sentence}", file=sys.stderr)
    return code


def whole_number(text: str) -> int:
    """A number of an episode, a seed or a control step as an argument.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number, 0 or more")
    return int(text)
