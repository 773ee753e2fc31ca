"""One attempt at one instruction: its id, its files, its steps in memory, and when it is over."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from app.session.protocol import SessionSettings
from app.session.timeline import Timeline
from records import CONTROL_HZ, Outcome, StepRecord
from records.log import SUFFIX, EpisodeHeader


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
    """steps since the last Run"""
    held: int = 0
    """steps since the last Stop"""
    confirmed: int = 0
    """steps in a row for which the success test held"""
    outcome: Outcome | None = None
    records: list[StepRecord] = field(default_factory=list)
    timeline: Timeline = field(default_factory=Timeline)
    started: float = field(default_factory=time.time)

    @property
    def id(self) -> str:
        """Unique within a run of the cockpit, in the order of time."""
        return f"episode-{self.number:03d}"

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
        return EpisodeHeader(self.id, self.instruction, self.seed, self.started, self.schedule, self.planner_latency_ms)

    def new_words(self, instruction: str) -> None:
        """Another instruction, or the same once more: the attempt begins anew within the episode."""
        self.instruction = instruction
        self.driven = self.confirmed = 0

    def after_driven(self, success: bool, settings: SessionSettings) -> tuple[Outcome, str] | None:
        """The outcome and its sentence, once there is one, after a step that the policy drove."""
        self.driven += 1
        self.confirmed = self.confirmed + 1 if success else 0
        if self.confirmed >= settings.confirm_steps:
            return "success", f"Done: “{self.instruction}”, in {self.driven / CONTROL_HZ:.1f} s."
        if self.driven >= settings.time_limit:
            seconds = settings.time_limit / CONTROL_HZ
            return "failure", f"“{self.instruction}” was not done within {seconds:.0f} s. Press Run to try from here."
        return None

    def after_held(self, settings: SessionSettings) -> tuple[Outcome, str] | None:
        """The same after a step at which the arm held."""
        self.held += 1
        if self.held >= settings.hold_limit:
            return "aborted", "The arm was left holding for long; the episode was closed. Press Run to begin another."
        return None


def episode_files(folder: Path) -> list[Path]:
    """Logs and Rerun recordings of a run, oldest first."""
    files = [path for path in folder.glob("episode-*") if path.suffix in (".arrow", ".rrd")]
    return sorted(files, key=lambda path: (int(path.stem.rpartition("-")[2]), path.suffix))
