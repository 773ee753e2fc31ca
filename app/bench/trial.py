"""A session that is measured: it plays tasks like anybody's, and its records say how that went."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from app.client import SessionClient, SessionGone
from app.session import process
from app.session.protocol import SessionSettings, Status
from records import StepRecord
from records.log import EpisodeHeader, LogError, read_episode

POLL_SECONDS = 0.2
"""between two looks at the status, as often as a page looks"""
START_SECONDS = 120.0
WRITE_SECONDS = 10.0
FIRST_SEED = 700_000

Tick = Callable[[float], None]
"""is told the seconds since the last time"""


class BenchError(RuntimeError):
    """The bench cannot go on; the message says why, in one sentence."""


@dataclass(frozen=True)
class Attempt:
    """One task that was played, or cut off at the end of its time."""

    seed: int
    instruction: str
    success: bool
    seconds: float
    """of wall clock, from Run to its end"""
    records: list[StepRecord]
    planner_waits: int
    starved_steps: int


@dataclass
class Trial:
    """A running session.

    Args:
        client: its commands.
        folder: of its logs.
    """

    client: SessionClient
    folder: Path
    status: Status = field(default_factory=dict)

    def wait_for_policy(self) -> None:
        """Until it is loaded.

        Raises:
            BenchError: it cannot be.
        """
        deadline = time.monotonic() + START_SECONDS
        while (status := self.call("status"))["policy"] != "ready":
            if status["policy"] == "failed":
                raise BenchError(status["message"])
            if time.monotonic() > deadline:
                raise BenchError("The policy was not ready within two minutes; close other programs.")
            time.sleep(POLL_SECONDS)

    def play(self, schedule: str, latency_ms: float, seconds: float, steps: int, tick: Tick) -> list[Attempt]:
        """The same tasks in the same order, until so many seconds and control steps are over; the last is cut off."""
        self.call("set_schedule", name=schedule)
        self.call("set_planner_latency", ms=latency_ms)
        attempts: list[Attempt] = []
        done, until = 0, time.monotonic() + seconds
        while time.monotonic() < until or done < steps:
            attempts.append(self._attempt(FIRST_SEED + len(attempts), until, steps - done, tick))
            done += len(attempts[-1].records)
        return attempts

    def _attempt(self, seed: int, until: float, steps: int, tick: Tick) -> Attempt:
        suggestions = self.call("reset", seed=seed)["suggestions"]
        last = time.monotonic()
        status = self.call("run", instruction=suggestions[seed % len(suggestions)])
        while status["outcome"] is None and (time.monotonic() < until or status["step"] < steps):
            time.sleep(POLL_SECONDS)
            status = self.call("status")
            now = time.monotonic()
            tick(now - last)
            last = now
        if "error" in status:
            raise BenchError(status["error"])
        ended, instruction = status["outcome"] is not None, status["instruction"]
        if not ended:
            self.call("stop")
            self.call("reset", seed=seed)  # closes the log
        header, records = self._log(status["episode"])
        return Attempt(
            seed,
            instruction,
            ended and records[-1].outcome == "success",
            records[-1].wall_time - header.started,
            [record for record in records if record.outcome is None and (ended or record.step <= status["step"])],
            status["planner_waits"],
            status["starved_steps"],
        )

    def _log(self, episode: str) -> tuple[EpisodeHeader, list[StepRecord]]:
        deadline = time.monotonic() + WRITE_SECONDS
        while True:
            try:
                log = read_episode(self.folder / f"{episode}.arrow")
                if log.finished:
                    return log.header, log.records
            except (OSError, LogError) as error:
                if time.monotonic() > deadline:
                    raise BenchError(f"The log of {episode} cannot be read ({error}).") from error
            if time.monotonic() > deadline:
                raise BenchError(f"The log of {episode} was not finished within {WRITE_SECONDS:.0f} s.")
            time.sleep(0.05)

    def call(self, command: str, **arguments: Any) -> Status:
        """A command and the status that answers it.

        Raises:
            BenchError: the session is gone.
        """
        try:
            self.status = self.client.call(command, **arguments)
        except SessionGone as gone:
            raise BenchError(f"The session is gone ({gone}).") from gone
        return self.status


@contextmanager
def session_alone(settings: SessionSettings, rerun: Connection | None = None) -> Iterator[Trial]:
    """A session that nobody watches but, if given, the reader of a pipe to Rerun."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    session = context.Process(target=process.main, args=(settings, theirs, None, rerun), daemon=True)
    session.start()
    for connection in (theirs, rerun):
        if connection is not None:
            connection.close()
    client = SessionClient(ours)
    try:
        client.call("status", timeout=START_SECONDS)
        yield Trial(client, settings.folder)
    finally:
        client.close()
        session.join(10)
        if session.is_alive():
            session.kill()
