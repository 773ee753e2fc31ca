"""Which episodes of a library are meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from library.edits import check_outcome
from library.errors import LibraryError
from library.store import Episode

SORTS: Final[dict[str, Callable[[Episode], object]]] = {
    "started": lambda each: each.facts.started if each.facts else 0.0,
    "steps": lambda each: each.steps,
    "outcome": lambda each: each.outcome or "",
    "instruction": lambda each: each.facts.instruction if each.facts else "",
    "human": lambda each: each.facts.drivers.get("human", 0) if each.facts else 0,
    "name": lambda each: each.name,
}


@dataclass(frozen=True)
class Selection:
    """What is asked for; every part that is given must hold."""

    outcomes: tuple[str, ...] = ()
    task: str = ""
    """some of the words of its instruction, in any order"""
    driver: str = ""
    """who drove at least one step: policy, human or expert"""
    checkpoint: str = ""
    """part of the checkpoint's name or fingerprint"""
    starred: bool = False
    warned: bool = False

    @classmethod
    def of(cls, outcomes: str = "", **rest: object) -> Selection:
        """From what a person typed, outcomes with commas between.

        Raises:
            LibraryError: there is no such outcome.
        """
        return cls(tuple(check_outcome(each.strip()) for each in outcomes.split(",") if each.strip()), **rest)  # type: ignore[arg-type]

    def takes(self, episode: Episode) -> bool:
        """Whether an episode is meant; one that cannot be read is only in a list of everything."""
        facts = episode.facts
        if facts is None:
            return self == Selection()
        words = facts.instruction.lower()
        return (
            (not self.outcomes or episode.outcome in self.outcomes)
            and all(part in words for part in self.task.lower().split())
            and (not self.driver or facts.drivers.get(self.driver, 0) > 0)
            and (self.checkpoint in facts.checkpoint or self.checkpoint in facts.fingerprint)
            and (not self.starred or episode.edits.starred)
            and (not self.warned or bool(episode.warnings))
        )


def choose(
    episodes: Iterable[Episode], selection: Selection, sort: str = "started", reverse: bool = False
) -> list[Episode]:
    """The episodes that are meant, sorted.

    Raises:
        LibraryError: there is no such order.
    """
    if sort not in SORTS:
        raise LibraryError(f"There is no order {sort!r}: choose {', '.join(SORTS)}.")
    return sorted(filter(selection.takes, episodes), key=SORTS[sort], reverse=reverse)  # type: ignore[arg-type]
