"""What a person says of an episode: a small file beside its log, which itself is never written again."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, get_args

import orjson

from library.errors import LibraryError, unwritable
from library.files import write_whole
from records import Outcome

SUFFIX: Final = ".edits.json"
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
MAX_NAME: Final = 80
"""characters"""


@dataclass(frozen=True)
class Edits:
    """Everything that was changed since the episode was recorded."""

    name: str = ""
    """shown instead of the id, "" for none"""
    outcome: Outcome | None = None
    """as a human relabelled it, None as it was recorded"""
    starred: bool = False
    trim: tuple[int, int] | None = None
    """control steps [first, after the last] that count, None for all"""
    warnings: tuple[tuple[str, str], ...] | None = None
    """kind and sentence of what spoils the steps that count; None: as the whole record has it"""


def edits_path(log: Path) -> Path:
    """Of an episode's log."""
    return log.with_name(log.stem + SUFFIX)


def read_edits(log: Path) -> Edits:
    """What was said of an episode, nothing if there is no file.

    Raises:
        LibraryError: the file is damaged; the episode itself is not.
    """
    path = edits_path(log)
    try:
        given = orjson.loads(path.read_bytes())
        known = {each.name for each in fields(Edits)}
        return _checked({name: value for name, value in given.items() if name in known})
    except FileNotFoundError:
        return Edits()
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise LibraryError(f"{path} is damaged ({error}): remove it, and the episode is as it was recorded.") from error


def write_edits(log: Path, edits: Edits) -> None:
    """Write the file in one step.

    Raises:
        LibraryError: the disk is full or the folder is not writable; the file before is untouched.
    """
    path = edits_path(log)
    try:
        write_whole(path, orjson.dumps(asdict(edits), option=orjson.OPT_INDENT_2) + b"\n")
    except OSError as error:
        raise unwritable(path, error) from error


def check_name(name: str) -> str:
    """A name that a person gives, without spaces around it; "" takes the name away.

    Raises:
        LibraryError: says what must not be in it.
    """
    name = name.strip()
    if re.search(r"[/\\\x00-\x1f\x7f]", name) or name.startswith("."):
        raise LibraryError(f"{name!r} is no name: leave out slashes, control characters and a dot at its beginning.")
    if len(name) > MAX_NAME:
        raise LibraryError(f"The name has {len(name)} characters: use at most {MAX_NAME}.")
    return name


def check_outcome(outcome: str) -> Outcome:
    """An outcome.

    Raises:
        LibraryError: names those that there are.
    """
    for known in OUTCOMES:
        if outcome == known:
            return known
    raise LibraryError(f"{outcome!r} is no outcome: choose {', '.join(OUTCOMES)}.")


def _checked(given: dict[str, Any]) -> Edits:
    edits = Edits(**given)
    trim = edits.trim
    warnings = None if edits.warnings is None else tuple((str(kind), str(said)) for kind, said in edits.warnings)
    if not isinstance(edits.name, str) or not isinstance(edits.starred, bool):
        raise ValueError("name or starred is of the wrong type")
    if edits.outcome is not None:
        check_outcome(edits.outcome)
    if trim is None:
        return replace(edits, warnings=None)
    first, end = trim
    if not (isinstance(first, int) and isinstance(end, int) and first < end):
        raise ValueError("trim is no stretch of control steps")
    return replace(edits, trim=(first, end), warnings=warnings)
