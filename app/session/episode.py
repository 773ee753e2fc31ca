"""One attempt at one instruction: its id, its files, its steps in memory, and when it is over."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.session.protocol import SessionSettings
from app.session.timeline import Timeline
from records import CONTROL_HZ, Outcome, OutcomeBy, StepRecord
from records.log import SUFFIX, EpisodeHeader

if TYPE_CHECKING:
    from policy.runtime import Kept


Verdict = tuple[Outcome, str, OutcomeBy]
"""how an episode ended, the sentence for it, and who said so"""


@dataclass(frozen=True)
class BranchPoint:
    """Where an episode goes on from: a control step of another one."""

    episode: str
    step: int


@dataclass
class Episode:
    """The episode that is going on, or the last one."""

    number: int
    instruction: str
    seed: int
    folder: Path
    schedule: str
    planner_latency_ms: float
    step: int = 0
    """control step that comes next"""
    driven: int = 0
    """steps of the policy since the last Run or Hand back"""
    acted: int = 0
    """steps since the last words, whoever drove"""
    held: int = 0
    """steps in a row at which nobody drove"""
    undone: bool = False
    """whether the task was seen not to be done since the last words: a human may move what is done already"""
    confirmed: int = 0
    """steps in a row for which the success test held"""
    outcome: Outcome | None = None
    branch: BranchPoint | None = None
    checkpoint: tuple[str, str] = ("", "")
    """name and fingerprint of the policy"""
    records: list[StepRecord] = field(default_factory=list)
    _kept: list[Kept | None] = field(default_factory=list)
    timeline: Timeline = field(default_factory=Timeline)
    started: float = field(default_factory=time.time)

    @property
    def id(self) -> str:
        """Unique within a run of the cockpit, in the order of time."""
        return episode_id(self.number)

    @property
    def log_path(self) -> Path:
        """The record."""
        return self.folder / f"{self.id}{SUFFIX}"

    @property
    def rerun_path(self) -> Path:
        """The Rerun recording."""
        return self.folder / f"{self.id}.rrd"

    @property
    def header(self) -> EpisodeHeader:
        """For the log."""
        parent, step = (None, None) if self.branch is None else (self.branch.episode, self.branch.step)
        return EpisodeHeader(
            self.id, self.instruction, self.seed, self.started, self.schedule, self.planner_latency_ms, parent, step,
            *self.checkpoint,
        )  # fmt: skip

    @property
    def summary(self) -> dict[str, Any]:
        """For lists: id, words, steps, outcome, branch and where a human drove or something happened."""
        first = self.records[0].step if self.records else self.step
        return {
            "episode": self.id,
            "instruction": self.instruction,
            "first": first,
            "step": self.step,
            "outcome": self.outcome,
            "parent": None if self.branch is None else self.branch.episode,
            "schedule": self.schedule,
            "planner_latency_ms": self.planner_latency_ms,
            "human": self.timeline.human_spans(),
            "events": self.timeline.event_marks(),
        }

    def add(self, record: StepRecord, kept: Kept | None = None) -> None:
        """One control step, with what the policy's runtime knew before it."""
        self.records.append(record)
        self._kept.append(kept)
        self.timeline.add(record)

    def kept_at(self, step: int) -> Kept | None:
        """What the policy's runtime knew before a control step, if it drove there."""
        return self._kept[step - self.records[0].step]

    def new_words(self, instruction: str) -> None:
        """Another instruction, or the same once more: the attempt begins anew within the episode."""
        self.instruction = instruction
        self.driven = self.acted = self.confirmed = 0
        self.undone = False

    def after_policy(self, success: bool, settings: SessionSettings) -> Verdict | None:
        """The verdict, once there is one, after a step that the policy drove."""
        self.driven += 1
        self.undone |= not success
        if done := self._after_moved(success, settings):
            return done
        if self.driven >= settings.time_limit:
            seconds = settings.time_limit / CONTROL_HZ
            sentence = f"“{self.instruction}” was not done within {seconds:.0f} s. Press Run to try from here."
            return "failure", sentence, "time limit"
        return None

    def after_human(self, success: bool, settings: SessionSettings) -> Verdict | None:
        """The same after a step that a human drove, who has all the time there is."""
        self.undone |= not success
        return self._after_moved(success and self.undone, settings)

    def _after_moved(self, success: bool, settings: SessionSettings) -> Verdict | None:
        self.held = 0
        self.acted += 1
        self.confirmed = self.confirmed + 1 if success else 0
        if self.confirmed < settings.confirm_steps:
            return None
        return "success", f"Done: “{self.instruction}”, in {self.acted / CONTROL_HZ:.1f} s.", "success test"

    def after_held(self, settings: SessionSettings) -> Verdict | None:
        """The same after a step at which the arm held."""
        self.held += 1
        if self.held >= settings.hold_limit:
            sentence = "The arm was left holding for long; the episode was closed. Press Run to begin another."
            return "aborted", sentence, "time limit"
        return None


def episode_id(number: int) -> str:
    """Of the episode with this number in its run."""
    return f"episode-{number:03d}"


def episode_files(folder: Path) -> list[Path]:
    """Logs and Rerun recordings of a run, oldest first."""
    files = [path for path in folder.glob("episode-*") if path.suffix in (".arrow", ".rrd")]
    numbered = [path for path in files if path.stem.rpartition("-")[2].isdecimal()]  # copies have names of their own
    return sorted(numbered, key=lambda path: (int(path.stem.rpartition("-")[2]), path.suffix))
