"""An episode that lies on disk: looked at, played and gone back to like those of this run."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.session.episode import BranchPoint, Episode
from app.session.protocol import CommandError
from app.session.reader import CALM_SECONDS, Work, read_in_background
from records import StepRecord
from records.log import SUFFIX, EpisodeHeader, open_episode

FIRST_SECONDS: Final = 12.0
"""that the first step may take: once in a process, libraries are loaded for it"""
READ_SECONDS: Final = 3.0
"""that whoever asks for a step waits until it has been read"""
LEAD: Final = 8
"""control steps by which reading is ahead of what may be played, while pictures come first"""
Steps = Generator[StepRecord, None, None]
IsBusy = Callable[[], bool]


@dataclass
class Recalled(Episode):
    """Its first step is there at once, the others follow: a log of a minute takes a second or two to read."""

    name: str = ""
    path: Path = Path()
    note: str = ""
    """one sentence about what is special when it is shown here"""
    stays: str = ""
    """why the scene cannot go there, "" if it can"""
    reading: bool = True
    """whether more of it is to come"""
    fault: str | None = None
    """why no more of it could be read"""
    asked: float = 0.0
    """when it was asked for, seconds of `time.monotonic()`"""
    wanted: int = LEAD
    """the latest step that somebody waits for, or that is to be shown soon"""
    work: Work | None = None
    """what reads it"""

    def wait_for(self, step: int, seconds: float = READ_SECONDS) -> None:
        """Until a control step has been read, for a moment at most."""
        self.wanted = max(self.wanted, step + LEAD)
        if self.step <= step and self.reading and self.work is not None:
            read_in_background(self.work)
        deadline = time.monotonic() + seconds
        while self.step <= step and self.reading and time.monotonic() < deadline:
            time.sleep(0.005)

    @property
    def fresh(self) -> bool:
        """Whether it was asked for just now, so that its first pictures in the live view come before all else."""
        return time.monotonic() - self.asked < CALM_SECONDS

    @property
    def far_ahead(self) -> bool:
        """Whether reading on would only take time from those."""
        return self.fresh and self.step > self.wanted

    @property
    def limits(self) -> str:
        """Why it has no more steps than are there, "" if that is all of it."""
        return "The rest is still being read: try again in a moment." if self.reading else self.fault or ""

    @property
    def id(self) -> str:
        """What it goes by in its library."""
        return self.name

    @property
    def log_path(self) -> Path:
        """The record."""
        return self.path


def recall(
    name: str, path: Path, begin: Callable[[], tuple[EpisodeHeader, Steps]], size: int, is_busy: IsBusy
) -> Recalled:
    """An episode from its steps, which are read in the background.

    Args:
        name: what it goes by.
        path: of what is read.
        begin: opens it.
        size: numbers of a state of this scene.
        is_busy: whether reading has to wait.

    Raises:
        CommandError: it cannot be read, or is of another scene; says what can be done.
    """
    episode = Recalled(0, "", 0, path.parent, "", 0.0, step=-1, name=name, path=path, asked=time.monotonic())

    def read() -> Work:
        try:
            header, steps = begin()
            _describe(episode, header)
            for record in steps:
                while is_busy() or episode.far_ahead:
                    yield False
                if episode.records and len(record.state) != size:
                    raise ValueError(f"step {record.step} has no state of this scene")
                episode.add(record)
                episode.instruction, episode.outcome, episode.step = record.instruction, record.outcome, record.step + 1
                yield True
        except Exception as error:  # whatever a damaged file makes a parser say: what was read until there is good
            episode.fault = f"It cannot be read any further ({error})." if episode.records else str(error)
        episode.reading = False

    episode.work = read()
    episode.wait_for(-1, FIRST_SECONDS)
    episode.asked = time.monotonic()
    if episode.reading and not episode.records:
        raise CommandError(f"{name} is still being read: choose it once more in a moment.")
    if not episode.records:
        raise CommandError(f"{name} cannot be shown: {episode.fault or 'it has no whole control step.'}")
    if len(episode.records[0].state) != size:
        raise CommandError(
            f"{name} was recorded in another version of the scene (a state of {len(episode.records[0].state)} numbers, "
            f"not {size}): its pictures can be looked at in the library, the scene cannot go there."
        )
    return episode


def recall_log(path: Path, name: str, size: int, is_busy: IsBusy) -> Recalled:
    """An episode from its log.

    Raises:
        CommandError: as `recall`.
    """
    return recall(name, path, lambda: open_episode(path), size, is_busy)


def _describe(episode: Recalled, header: EpisodeHeader) -> None:
    episode.instruction, episode.seed, episode.started = header.instruction, header.seed, header.started
    episode.schedule, episode.planner_latency_ms = header.schedule, header.planner_latency_ms
    episode.checkpoint = header.checkpoint, header.fingerprint
    if header.parent is not None:
        folder, slash, _ = episode.name.rpartition("/")
        episode.branch = BranchPoint(f"{folder}{slash}{header.parent}", header.parent_step or 0)


def check_log(path: object) -> Path:
    """The path of an episode's log.

    Raises:
        CommandError: there is none.
    """
    if not isinstance(path, str | Path) or not str(path).endswith(SUFFIX):
        raise CommandError("Name an episode's log, a file that ends in .arrow.")
    if not Path(path).is_file():
        raise CommandError(f"There is no episode at {path}: it may have been deleted or moved; look at the list again.")
    return Path(path)
