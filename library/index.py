"""The index of a library: facts of every log, kept so that a thousand episodes open at once.

It can be thrown away at any time. An entry counts only while its log has the size and time that it had when it was
read.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from library.facts import Facts, read_facts
from library.files import write_whole
from library.warnings import Warned
from records.log import SUFFIX, LogError

NAME: Final = ".index.json"
TRASH: Final = "trash"
_VERSION: Final = 1
"""of the facts: a change of what they say, or of the rules of warnings, makes every index stale"""
Progress = Callable[[int, int], None]
"""is told how many of how many logs were read"""


@dataclass(frozen=True)
class Entry:
    """One log on disk."""

    id: str
    """its path within the library, without the suffix"""
    path: Path
    deleted: bool
    facts: Facts | None
    problem: str | None
    """why it cannot be read, one sentence"""


def scan(root: Path, progress: Progress | None = None) -> list[Entry]:
    """Every log of a library and of its trash; what is new or changed is read, everything else is in the index.

    Raises:
        OSError: the folder itself cannot be read.
    """
    known = _load(root)
    found = list(_logs(root))
    fresh: dict[str, dict[str, Any]] = {}
    stale = [each for each in found if not _is_current(known.get(each[0]), each[2])]
    for number, (name, path, status) in enumerate(stale):
        fresh[name] = {"size": status.st_size, "time": status.st_mtime_ns, **_read(path)}
        if progress is not None:
            progress(number + 1, len(stale))
    entries = {name: fresh.get(name) or known[name] for name, _, _ in found}
    if fresh or len(entries) != len(known):
        with contextlib.suppress(OSError):  # read-only or full: everything works without, only slower
            write_whole(root / NAME, orjson.dumps({"version": _VERSION, "episodes": entries}))
    return [_entry(name, path, entries[name]) for name, path, _ in found]


def _logs(root: Path) -> Iterator[tuple[str, Path, os.stat_result]]:
    """Id, path and status of every log: in the folder, in those right below it, and the same of the trash."""
    for folder in (root, root / TRASH):
        if folder.is_dir():
            yield from _logs_in(folder, root)
            for below in sorted(entry.path for entry in os.scandir(folder) if entry.is_dir() and entry.name != TRASH):
                yield from _logs_in(Path(below), root)


def _logs_in(folder: Path, root: Path) -> Iterator[tuple[str, Path, os.stat_result]]:
    try:
        entries = sorted((e for e in os.scandir(folder) if e.name.endswith(SUFFIX)), key=lambda each: each.name)
    except OSError:
        return  # somebody else's folder
    for entry in entries:
        try:
            status = entry.stat()
        except OSError:
            continue  # it was put into the trash a moment ago
        if stat.S_ISREG(status.st_mode):
            path = Path(entry.path)
            yield path.relative_to(root).as_posix().removesuffix(SUFFIX), path, status


def _is_current(entry: dict[str, Any] | None, status: os.stat_result) -> bool:
    return entry is not None and (entry["size"], entry["time"]) == (status.st_size, status.st_mtime_ns)


def _read(path: Path) -> dict[str, Any]:
    try:
        return {"facts": asdict(read_facts(path)), "problem": None}
    except (LogError, OSError) as error:
        return {"facts": None, "problem": str(error)}
    except Exception as error:  # whatever a foreign file makes a parser say: it must not hide the others
        return {"facts": None, "problem": f"{path} is no episode log ({type(error).__name__}: {error})."}


def _load(root: Path) -> dict[str, dict[str, Any]]:
    try:
        given = orjson.loads((root / NAME).read_bytes())
        if given["version"] != _VERSION:
            return {}
        for name, entry in given["episodes"].items():
            _entry(name, root, entry)
        return given["episodes"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _entry(name: str, path: Path, given: dict[str, Any]) -> Entry:
    facts = None
    if given["facts"] is not None:
        fields = dict(given["facts"])
        fields["warnings"] = tuple(Warned(**each) for each in fields["warnings"])
        fields["path"] = tuple(map(tuple, fields["path"]))
        facts = Facts(**fields)
    deleted = name.startswith(f"{TRASH}/")
    return Entry(name.removeprefix(f"{TRASH}/"), path, deleted, facts, given["problem"])
