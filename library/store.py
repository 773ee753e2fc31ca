"""A library on disk: its episodes, and what a person may change about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from library.edits import Edits, check_name, check_outcome, edits_path, read_edits, write_edits
from library.errors import LibraryError, unwritable
from library.facts import Facts, warnings_within
from library.files import only_writer
from library.index import TRASH, Progress, scan
from library.warnings import Warned, duplicates
from records import CONTROL_HZ
from records.log import SUFFIX, LogError, being_written


@dataclass(frozen=True)
class Episode:
    """One episode as a person sees it: as it was recorded, and as it was changed since."""

    id: str
    path: Path
    """of its log"""
    facts: Facts | None
    """None when the log cannot be read"""
    edits: Edits = field(default_factory=Edits)
    problem: str | None = None
    """why the log, or what was said of it, cannot be read"""
    deleted: bool = False
    twin: Warned | None = None
    """that it repeats another one"""

    @property
    def warnings(self) -> tuple[Warned, ...]:
        """What spoils the control steps that count."""
        if self.edits.warnings is not None:
            found = tuple(Warned(kind, sentence) for kind, sentence in self.edits.warnings)
        else:
            found = () if self.facts is None else self.facts.warnings
        return found if self.twin is None else (*found, self.twin)

    @property
    def name(self) -> str:
        """As it is shown."""
        return self.edits.name or self.id

    @property
    def outcome(self) -> str | None:
        """As a human says, or as it was recorded."""
        return self.edits.outcome or (None if self.facts is None else self.facts.outcome)

    @property
    def outcome_by(self) -> str | None:
        """Who said so; None: nobody, the record was cut off or is old."""
        return "human" if self.edits.outcome else None if self.facts is None else self.facts.outcome_by

    @property
    def span(self) -> tuple[int, int]:
        """Control steps [first, after the last] that count."""
        if self.facts is None:
            return 0, 0
        return self.edits.trim or (self.facts.first, self.facts.first + self.facts.steps)

    @property
    def steps(self) -> int:
        """That count."""
        return self.span[1] - self.span[0]

    def summary(self) -> dict[str, Any]:
        """For lists and machines."""
        facts, first, end = self.facts, *self.span
        given: dict[str, Any] = {"episode": self.id, "name": self.name, "problem": self.problem}
        if facts is None:
            return given
        return given | {
            "instruction": facts.instruction,
            "outcome": self.outcome,
            "outcome_by": self.outcome_by,
            "recorded_outcome": facts.outcome,
            "whole": facts.whole,
            "sentence": facts.sentence,
            "started": facts.started,
            "first": first,
            "steps": end - first,
            "recorded_steps": facts.steps,
            "seconds": round((end - first) / CONTROL_HZ, 2),
            "drivers": facts.drivers,
            "steered": facts.steered,
            "interventions": facts.interventions,
            "proposals": facts.proposals,
            "checkpoint": facts.checkpoint,
            "fingerprint": facts.fingerprint,
            "seed": facts.seed,
            "schedule": facts.schedule,
            "planner_latency_ms": facts.planner_latency_ms,
            "parent": facts.parent,
            "parent_step": facts.parent_step,
            "starred": self.edits.starred,
            "trim": self.edits.trim,
            "deleted": self.deleted,
            "warnings": [{"kind": each.kind, "sentence": each.sentence} for each in self.warnings],
        }


class Library:
    """A folder of episodes, and of folders of episodes: what the cockpit writes below `runs/` is one.

    Args:
        root: the folder.
        progress: is told how many of how many logs were read that the index does not know.

    Raises:
        LibraryError: there is no such folder, or it cannot be read.
    """

    def __init__(self, root: Path, progress: Progress | None = None) -> None:
        self.root = root
        self._episodes: dict[str, Episode] = {}
        self._deleted: dict[str, Episode] = {}
        self.refresh(progress)

    def refresh(self, progress: Progress | None = None) -> None:
        """Look at the disk again.

        Raises:
            LibraryError: there is no such folder, or it cannot be read.
        """
        if not self.root.is_dir():
            raise LibraryError(f"There is no library at {self.root}: name a folder of episodes, such as runs.")
        try:
            entries = scan(self.root, progress)
        except OSError as error:
            raise LibraryError(f"{self.root} cannot be read ({error.strerror or error}).") from error
        self._episodes, self._deleted = {}, {}
        for entry in entries:
            edits, problem = Edits(), entry.problem
            try:
                edits = read_edits(entry.path)
            except LibraryError as error:
                problem = problem or str(error)
            episode = Episode(entry.id, entry.path, entry.facts, edits, problem, entry.deleted)
            (self._deleted if entry.deleted else self._episodes)[entry.id] = episode
        self._find_duplicates()

    @property
    def episodes(self) -> list[Episode]:
        """All that are not deleted, oldest first; those that cannot be read last."""
        return _ordered(self._episodes.values())

    @property
    def deleted(self) -> list[Episode]:
        """Those in the trash."""
        return _ordered(self._deleted.values())

    def find(self, name: str) -> Episode:
        """An episode by its id, or by its name if that is one episode's alone.

        Raises:
            LibraryError: there is none.
        """
        if name in self._episodes:
            return self._episodes[name]
        named = [each for each in self._episodes.values() if name == each.edits.name or name == each.id.split("/")[-1]]
        if len(named) == 1:
            return named[0]
        if named:
            raise LibraryError(f"{name!r} may be {' or '.join(each.id for each in named[:4])}: say which.")
        advice = "it is deleted, undelete it first" if name in self._deleted else "see `libra library LIBRARY list`"
        raise LibraryError(f"There is no episode {name!r} in {self.root}: {advice}.")

    def totals(self, episodes: Iterable[Episode] | None = None) -> dict[str, Any]:
        """Counted from what is on disk: episodes, steps, outcomes, who drove."""
        chosen = list(self._episodes.values() if episodes is None else episodes)
        readable = [each for each in chosen if each.facts is not None]
        drivers: Counter[str] = Counter()
        for each in readable:
            assert each.facts is not None
            drivers.update(each.facts.drivers)
        steps = sum(each.steps for each in readable)
        return {
            "episodes": len(readable),
            "unreadable": len(chosen) - len(readable),
            "deleted": len(self._deleted),
            "steps": steps,
            "seconds": round(steps / CONTROL_HZ, 2),
            "outcomes": dict(Counter(each.outcome for each in readable)),
            "drivers": dict(drivers),
            "starred": sum(each.edits.starred for each in readable),
            "with_warnings": sum(bool(each.warnings) for each in readable),
        }

    # What a person may change. Every method is one whole change or none.

    def star(self, name: str, starred: bool = True) -> Episode:
        """Mark an episode, or take the mark away."""
        return self._edit(name, {"starred": starred})

    def rename(self, name: str, new: str) -> Episode:
        """Give an episode a name; "" takes it away."""
        return self._edit(name, {"name": check_name(new)})

    def label(self, name: str, outcome: str | None) -> Episode:
        """Say how an episode ended, which then counts; None: as it was recorded."""
        return self._edit(name, {"outcome": None if outcome is None else check_outcome(outcome)})

    def trim(self, name: str, first: int | None, end: int | None) -> Episode:
        """Have only the control steps [first, end) count; None: as far as there are; neither: all of them.

        Raises:
            LibraryError: they are not steps of the episode.
        """
        facts = self._readable(name).facts
        assert facts is not None
        last = facts.first + facts.steps
        low, high = facts.first if first is None else first, last if end is None else end
        if not facts.first <= low < high <= last:
            raise LibraryError(
                f"{name} has the control steps {facts.first} to {last - 1}: keep a stretch of them, "
                f"such as {facts.first} {last}."
            )
        if (low, high) == (facts.first, last):
            return self._edit(name, {"trim": None, "warnings": None})
        try:
            found = warnings_within(self.find(name).path, low, high)
        except (LogError, OSError) as error:
            raise LibraryError(f"{name} cannot be read again ({error}): it is left as it was.") from error
        return self._edit(name, {"trim": (low, high), "warnings": tuple((each.kind, each.sentence) for each in found)})

    def delete(self, *names: str) -> None:
        """Put episodes into the trash, with all that belongs to them.

        Raises:
            LibraryError: one of them is not there, or is still being recorded; none was moved.
        """
        episodes = [self.find(name) for name in names]
        for each in episodes:
            if each.path.exists() and being_written(each.path):
                raise LibraryError(f"{each.id} is being recorded: let it end, or press Reset, then delete it.")
        try:
            with only_writer(self.root, "library"):
                for episode in episodes:
                    place = self._trash(episode.id)
                    if place.exists():
                        raise LibraryError(f"The trash holds another {episode.id}: undelete that one first.")
                    # The log goes first, and comes back last: an episode is here or there as a whole.
                    self._move(episode.path, place, log_first=True)
        finally:
            self.refresh()

    def undelete(self, *names: str) -> list[Episode]:
        """Take episodes out of the trash."""
        for name in names:
            if name not in self._deleted:
                raise LibraryError(f"There is no {name!r} in the trash of {self.root}.")
        try:
            with only_writer(self.root, "library"):
                for name in names:
                    place = self.root / f"{name}{SUFFIX}"
                    if place.exists():
                        raise LibraryError(f"There is another {name} now: delete that one first.")
                    self._move(self._deleted[name].path, place, log_first=False)
        finally:
            self.refresh()
        return [self._episodes[name] for name in names]

    def _edit(self, name: str, changes: dict[str, Any]) -> Episode:
        episode = self._readable(name)
        with only_writer(self.root, "library"):
            edits = replace(read_edits(episode.path), **changes)  # another process may have written since
            write_edits(episode.path, edits)
        self._episodes[episode.id] = changed = replace(episode, edits=edits)
        return changed

    def _readable(self, name: str) -> Episode:
        episode = self.find(name)
        if episode.facts is None:
            raise LibraryError(f"{episode.id} cannot be read, so nothing can be said of it: {episode.problem}")
        return episode

    def _trash(self, name: str) -> Path:
        return self.root / TRASH / f"{name}{SUFFIX}"

    def _move(self, log: Path, place: Path, log_first: bool) -> None:
        files = [log, edits_path(log), log.with_suffix(".rrd")]
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            for path in files if log_first else reversed(files):
                if path.exists():
                    path.rename(place.with_name(path.name))
        except OSError as error:
            raise unwritable(place, error) from error

    def _find_duplicates(self) -> None:
        groups: dict[tuple[int, str], list[Episode]] = {}
        for each in self.episodes:
            if each.facts is not None:
                groups.setdefault((each.facts.seed, each.facts.instruction), []).append(each)
        for group in groups.values():
            paths = [(each.id, each.facts.path) for each in group if each.facts is not None]
            for name, warned in duplicates(paths).items():
                self._episodes[name] = replace(self._episodes[name], twin=warned)


def _ordered(episodes: Iterable[Episode]) -> list[Episode]:
    return sorted(episodes, key=lambda each: (each.facts is None, each.facts.started if each.facts else 0.0, each.id))
