"""An episode that was read back from its log: looked at, played and gone back to like those of this run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from app.session.episode import BranchPoint, Episode
from app.session.protocol import CommandError
from records import StepRecord
from records.log import SUFFIX, LogError, open_episode

BUSY_SECONDS: Final = 0.05
"""between two looks whether the robot rests, so that the rest of a log can be read"""
READ_SECONDS: Final = 3.0
"""that whoever asks for a step waits until it has been read"""


@dataclass
class Recalled(Episode):
    """Its first step is there at once, the others follow: a log of a minute takes a second or two to read."""

    name: str = ""
    path: Path = Path()
    reading: bool = True
    """whether more of it is to come"""
    fault: str | None = None
    """why no more of it could be read"""

    def wait_for(self, step: int) -> None:
        """Until a control step has been read, for a moment at most."""
        deadline = time.monotonic() + READ_SECONDS
        while self.step <= step and self.reading and time.monotonic() < deadline:
            time.sleep(0.005)

    @property
    def id(self) -> str:
        """What it goes by in its library."""
        return self.name

    @property
    def log_path(self) -> Path:
        """The record."""
        return self.path


def recall(path: Path, name: str, size: int, is_busy: Callable[[], bool]) -> Recalled:
    """An episode from its log; what comes after its first step is read by a thread of its own.

    Args:
        path: of the log.
        name: what it goes by.
        size: numbers of a state of this scene.
        is_busy: whether reading has to wait.

    Raises:
        CommandError: no log, or one of another scene; says what can be done.
    """
    try:
        header, steps = open_episode(path)
        first = next(steps)
    except StopIteration:
        raise CommandError(f"{path.name} has no whole control step: there is nothing to show.") from None
    except (LogError, OSError, KeyError, pa.ArrowException) as error:
        raise CommandError(f"This episode cannot be read: {error}") from error
    if len(first.state) != size:
        steps.close()
        raise CommandError(
            f"{name} was recorded in another version of the scene (a state of {len(first.state)} numbers, not {size}): "
            "its pictures can be looked at in the library, the scene cannot go there."
        )
    folder, slash, _ = name.rpartition("/")
    branch = None if header.parent is None else BranchPoint(f"{folder}{slash}{header.parent}", header.parent_step or 0)
    episode = Recalled(
        0, header.instruction, header.seed, path.parent, header.schedule, header.planner_latency_ms,
        step=first.step, branch=branch, checkpoint=(header.checkpoint, header.fingerprint), started=header.started,
        name=name, path=path,
    )  # fmt: skip
    _add(episode, first)
    threading.Thread(target=_read_on, args=(episode, steps, is_busy), name="recall", daemon=True).start()
    return episode


def _read_on(episode: Recalled, steps: Iterator[StepRecord], is_busy: Callable[[], bool]) -> None:
    try:
        for record in steps:
            while is_busy():
                time.sleep(BUSY_SECONDS)
            _add(episode, record)
    except Exception as error:  # whatever a damaged file makes a parser say: what was read until there is good
        episode.fault = f"{episode.name} cannot be read after step {episode.step - 1} ({error})."
    episode.reading = False


def _add(episode: Recalled, record: StepRecord) -> None:
    episode.add(record)
    episode.step = record.step + 1
    episode.instruction = record.instruction
    episode.outcome = record.outcome


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
