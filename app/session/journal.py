"""The journal: the open episode and those before it, told step by step to the record and to all who watch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from app.session.episode import BranchPoint, Episode, episode_id
from app.session.protocol import CommandError, SessionSettings
from app.session.recalled import Recalled
from app.session.recorder import Recorder
from app.session.watchers import Watchers
from records import GeometryRecord, Outcome, OutcomeBy, StepRecord
from records.log import SUFFIX

if TYPE_CHECKING:
    from policy.runtime import Kept

KEPT_STEPS: Final = 6000
"""control steps of this run that stay in memory, to be rewound to: five minutes, about 400 MB"""

Poses = tuple[NDArray[np.float32], NDArray[np.float32]]


class Journal:
    """Begins, carries on and ends episodes; every one of them has an outcome at its end.

    Args:
        settings: of the session.
        watchers: who is told.
        recorder: writes the log.
    """

    def __init__(self, settings: SessionSettings, watchers: Watchers, recorder: Recorder) -> None:
        self.episode: Episode | None = None
        """the open one, or the last"""
        self.recorder = recorder
        self._watchers = watchers
        self._folder = settings.folder
        self._count = settings.episodes
        self._kept: dict[str, Episode] = {}

    @property
    def open(self) -> bool:
        """Whether an episode has no outcome yet."""
        return self.episode is not None and self.episode.outcome is None

    @property
    def blocked(self) -> bool:
        """Whether the record is behind: no step may be done until it has caught up."""
        return self.open and self.recorder.full

    def begin(
        self, instruction: str, seed: int, schedule: str, planner_latency_ms: float, geometry: list[GeometryRecord],
        branch: BranchPoint | None = None, checkpoint: tuple[str, str] = ("", ""),
    ) -> Episode:  # fmt: skip
        """A new episode, from the present scene."""
        self._count = self._free_number(self._count + 1)
        first = 0 if branch is None else branch.step
        episode = Episode(
            self._count, instruction, seed, self._folder, schedule, planner_latency_ms, step=first, branch=branch,
            checkpoint=checkpoint,
        )  # fmt: skip
        self.episode = self._kept[episode.id] = episode
        self._forget_oldest()
        self.recorder.begin(episode.log_path, episode.header)
        before = {
            each.id: np.array([record.hand for record in each.records], dtype=np.float32)
            for each in self._kept.values()
            if each is not episode and each.records and self._root(each) == self._root(episode)
        }
        self._watchers.episode(episode.id, instruction, geometry, str(episode.rerun_path), before)
        return episode

    def emit(self, record: StepRecord, poses: Poses, kept: Kept | None = None) -> None:
        """One control step of the open episode, with what the policy's runtime knew before it."""
        assert self.episode is not None
        self.episode.add(record, kept)
        self.recorder.append(record)
        self._watchers.step(record, poses)

    def end(self, record: StepRecord, poses: Poses, outcome: Outcome, sentence: str, by: OutcomeBy) -> None:
        """The last record: the state that the episode ended in, with its outcome and who said so."""
        assert self.episode is not None
        record.outcome, record.outcome_by, record.events = outcome, by, (*record.events, sentence)
        self.emit(record, poses)
        self.episode.outcome = outcome
        self._watchers.end(outcome, sentence)

    def _free_number(self, number: int) -> int:
        """The first from this one on whose log nobody has begun, another cockpit with the same folder neither."""
        while True:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                (self._folder / f"{episode_id(number)}{SUFFIX}").touch(exist_ok=False)
            except FileExistsError:
                number += 1
            except OSError:
                return number  # the recorder says what is wrong
            else:
                return number

    def recall(self, path: Path, read: Callable[[], Recalled]) -> Episode:
        """An episode of this run or of another: from memory if it is there.

        Args:
            path: of its log, or what it is known by.
            read: otherwise.

        Raises:
            CommandError: it cannot be read, or is of another scene.
        """
        for kept in self._kept.values():
            if kept.log_path.resolve() == path.resolve() and kept.records:
                return kept
        episode = read()
        self._forget_oldest()
        self._kept[episode.id] = episode
        return episode

    def forget(self) -> None:
        """A new scene: there is no episode yet."""
        self.episode = None

    def known(self, episode: str) -> Episode | None:
        """An episode of this run, as long as it is kept."""
        return self._kept.get(episode)

    def find(self, episode: str | None, step: int) -> tuple[Episode, StepRecord]:
        """A recorded step of an episode of this run (None: of the newest).

        Raises:
            CommandError: there is no such episode or step; the message says which there are.
        """
        found = self.episode if episode is None else self._kept.get(episode)
        if found is None or not found.records:
            kept = [each.id for each in self._kept.values() if each.records]
            there = f"there are {kept[0]} to {kept[-1]}" if kept else "run an instruction first"
            raise CommandError(f"There is no {episode or 'episode'} to go back to: {there}.")
        if isinstance(found, Recalled):
            found.wait_for(step)
        first, last = found.records[0].step, found.records[-1].step
        if not first <= step <= last:
            fault = f" {found.limits}" if isinstance(found, Recalled) and found.limits else ""
            raise CommandError(f"{found.id} has the control steps {first} to {last}: choose one of them.{fault}")
        return found, found.records[step - first]

    def tree(self) -> list[dict[str, Any]]:
        """Every episode that is kept: where it branched off, how long it is, how it ended."""
        return [each.summary for each in self._kept.values()]

    def _root(self, episode: Episode) -> str:
        """The episode that the first branch on the way to this one branched off from."""
        while episode.branch is not None and (parent := self._kept.get(episode.branch.episode)) is not None:
            episode = parent
        return episode.id if episode.branch is None else episode.branch.episode

    def _forget_oldest(self) -> None:
        for name, episode in list(self._kept.items())[:-1]:
            if sum(len(each.records) for each in self._kept.values()) <= KEPT_STEPS:
                return
            branch = self.episode.branch if self.episode is not None else None
            if episode is not self.episode and (branch is None or name != branch.episode):
                del self._kept[name]
