"""The library as a page sees it: read in the background, told in columns, changed in one step for many episodes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from library.errors import LibraryError
from library.store import Episode, Library

PATIENCE: Final = 1.5
"""seconds that a page waits for the list before it is told how far reading is"""
FIELDS: Final = (
    "id", "name", "instruction", "outcome", "by", "recorded", "whole", "sentence", "started", "first", "steps",
    "recorded_first", "recorded_steps", "policy", "human", "expert", "hold", "steered", "interventions", "checkpoint",
    "fingerprint", "seed", "schedule", "latency", "parent", "parent_step", "starred", "deleted", "warnings", "problem",
    "rerun",
)  # fmt: skip
"""of an episode, in the order in which `rows` has them; `rerun`: whether there is a Rerun recording"""
Row = list[Any]


class Shelf:
    """One library, read when it is first asked for.

    Args:
        root: its folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._library: Library | None = None
        self._lock = threading.Lock()
        self._reader: threading.Thread | None = None
        self._progress = (0, 0)
        self._problem: str | None = None

    def listed(self) -> dict[str, Any]:
        """`fields` and `rows` of all episodes, deleted ones too, and `totals`; while it is read, `reading` instead."""
        with self._lock:
            if self._reader is None:
                self._reader = threading.Thread(target=self._read, name="library", daemon=True)
                self._reader.start()
            reader = self._reader
        reader.join(PATIENCE)
        if reader.is_alive():
            return {"library": str(self.root), "reading": list(self._progress)}
        with self._lock:
            if self._reader is reader:
                self._reader = None  # whoever asks next looks at the disk again
            if self._library is None:
                return {"library": str(self.root), "problem": self._problem, "fields": FIELDS, "rows": [], "totals": {}}
            library = self._library
            rows = [row_of(each) for each in (*library.episodes, *library.deleted)]
            return {"library": str(self.root), "fields": FIELDS, "rows": rows, "totals": library.totals()}

    def change(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Do one thing to some episodes: as many as can be; `failed` says why the others could not.

        Args:
            asked: `do` (of `DEEDS`), `episodes` (ids), and what the deed needs: `name`, `outcome`, `first`, `end`.

        Raises:
            LibraryError: nothing was done; says what is wrong with what was asked.
        """
        deed, names = asked.get("do"), asked.get("episodes")
        if deed not in DEEDS:
            raise LibraryError(f"There is nothing called {deed!r} to do: choose {', '.join(DEEDS)}.")
        if not isinstance(names, list) or not names or not all(isinstance(each, str) for each in names):
            raise LibraryError("Say which episodes are meant: a list of their ids.")
        with self._lock:
            library = self._ready()
            failed: dict[str, str] = {}
            changed: list[Episode] = []
            if deed in ("delete", "undelete"):
                getattr(library, deed)(*names)
            else:
                for name in names:
                    try:
                        changed.append(DEEDS[deed](library, name, asked))
                    except LibraryError as error:
                        failed[name] = str(error)
            if failed and not changed:
                raise LibraryError(next(iter(failed.values())))
            return {
                "fields": FIELDS,
                "rows": [row_of(each) for each in changed],
                "whole": deed in ("delete", "undelete"),
                "failed": failed,
                "totals": library.totals(),
            }

    def find(self, name: str, also_deleted: bool = False) -> Episode:
        """An episode by its id.

        Raises:
            LibraryError: there is none.
        """
        with self._lock:
            library = self._ready()
            if also_deleted and (deleted := [each for each in library.deleted if each.id == name]):
                return deleted[0]
            try:
                return library.find(name)
            except LibraryError:
                library.refresh()  # it may have been recorded a moment ago
                return library.find(name)

    def _ready(self) -> Library:
        if self._library is None:
            self._library = Library(self.root)
        return self._library

    def _read(self) -> None:
        def progress(done: int, count: int) -> None:
            self._progress = (done, count)

        self._problem = None
        if not self.root.exists():
            return  # nothing was recorded yet
        try:
            if self._library is None:
                self._library = Library(self.root, progress)
            else:
                with self._lock:
                    self._library.refresh(progress)
        except LibraryError as error:
            self._library, self._problem = None, str(error)


def row_of(episode: Episode) -> Row:
    """One episode in the order of `FIELDS`."""
    facts, edits = episode.facts, episode.edits
    rerun = episode.path.with_suffix(".rrd").is_file()
    if facts is None:
        known: dict[str, Any] = {
            "id": episode.id,
            "name": "",
            "problem": episode.problem,
            "deleted": episode.deleted,
            "rerun": rerun,
        }
        return [known.get(field) for field in FIELDS]
    first, end = episode.span
    known = {
        "id": episode.id, "name": edits.name, "instruction": facts.instruction, "outcome": episode.outcome,
        "by": episode.outcome_by, "recorded": facts.outcome, "whole": facts.whole, "sentence": facts.sentence,
        "started": round(facts.started), "first": first, "steps": end - first, "recorded_first": facts.first,
        "recorded_steps": facts.steps, "steered": facts.steered, "interventions": facts.interventions,
        "checkpoint": facts.checkpoint, "fingerprint": facts.fingerprint[:12], "seed": facts.seed,
        "schedule": facts.schedule, "latency": facts.planner_latency_ms, "parent": facts.parent,
        "parent_step": facts.parent_step, "starred": edits.starred, "deleted": episode.deleted,
        "warnings": [[each.kind, each.sentence] for each in episode.warnings], "problem": episode.problem,
        "rerun": rerun,
    } | {source: facts.drivers.get(source, 0) for source in ("policy", "human", "expert", "hold")}  # fmt: skip
    return [known[field] for field in FIELDS]


def _step(value: object) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise LibraryError("Trim between control steps: whole numbers, such as 20 and 180.")
    return value


def _name(value: object) -> str:
    if not isinstance(value, str):
        raise LibraryError("Give a name, or an empty one to take it away.")
    return value


def _outcome(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise LibraryError("Name an outcome, or none to go back to what was recorded.")
    return value


Deed = Callable[[Library, str, Mapping[str, Any]], Episode]
DEEDS: Final[dict[str, Deed]] = {
    "star": lambda library, name, _: library.star(name),
    "unstar": lambda library, name, _: library.star(name, False),
    "rename": lambda library, name, asked: library.rename(name, _name(asked.get("name"))),
    "label": lambda library, name, asked: library.label(name, _outcome(asked.get("outcome"))),
    "trim": lambda library, name, asked: library.trim(name, _step(asked.get("first")), _step(asked.get("end"))),
    "delete": lambda library, name, _: library.find(name),
    "undelete": lambda library, name, _: library.find(name),
}
"""what may be done to episodes; `delete` and `undelete` are done to all of them at once"""


def ids_text(ids: Iterable[str]) -> str:
    """For the standard input of `libra export --ids -`."""
    return "".join(f"{each}\n" for each in ids)
