"""Runs stages in processes of their own: what is ready and fits on the cores, side by side, until all is done."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import IO

from training.parallel import ALLOCATOR
from training.plan import Stage, State, check
from training.progress import Progress

POLL = 0.2
"""seconds"""
_COUNT = re.compile(r"(\d+)/(\d+) \[")
"""where a progress bar of tqdm says how far it is"""


_WHOLE_BARS = ("planning", "converting")
"""bars of the whole work of a stage, whatever they count"""


class StageFailed(RuntimeError):
    """A stage stopped; the message is what it said last, and where the rest is."""


@dataclass
class Job:
    """A running stage: its process, and the last line or bar that it wrote."""

    stage: Stage
    process: subprocess.Popen[bytes]
    log: Path
    bar: str = ""
    said: str = ""

    @classmethod
    def start(cls, stage: Stage, workers: int, logs: Path) -> Job:
        """Begin a stage with what it needs to know of the machine."""
        stage.begin()
        logs.mkdir(parents=True, exist_ok=True)
        cores = {"collect": "--workers", "dagger": "--workers", "prepare": "--threads", "tokens": "--threads"}
        words = [*stage.arguments, *([cores[stage.kind], str(workers)] if stage.kind in cores else [])]
        process = subprocess.Popen(
            [sys.executable, "-m", stage.module, *words],
            env={**os.environ, **ALLOCATOR, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that it can be ended with all the processes that it starts
        )
        job = cls(stage, process, logs / f"{stage.name}.log")
        Thread(target=job._read, daemon=True).start()
        return job

    def _read(self) -> None:
        assert self.process.stdout is not None
        try:
            log: IO[bytes] | None = self.log.open("ab")
        except OSError:
            log = None
        for end, line in _lines(self.process.stdout):
            text = line.decode(errors="replace").strip()
            if text and _COUNT.search(text):
                self.bar = text
            elif text:
                self.said = text
            if end == b"\n" and log is not None:
                try:
                    log.write(line + b"\n")
                    log.flush()
                except OSError:  # what a stage says is not worth stopping it for
                    log = None

    def done(self) -> int:
        """Units of work done: blocks on disk for a data set, otherwise as the bar says it."""
        if self.stage.kind in ("collect", "dagger"):
            return self.stage.done()
        match = _COUNT.search(self.bar)
        done, total = (int(match[1]), int(match[2])) if match else (0, 1)
        if self.stage.unit == "steps":
            return done if total == self.stage.work else 0  # other bars are of what comes before the first step
        return self.stage.work * done // total if self.bar.startswith(_WHOLE_BARS) else 0

    def stop(self) -> None:
        """End the process and all that it has started."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(10)
            except ProcessLookupError:
                return
            except subprocess.TimeoutExpired:
                continue


def run(
    stages: list[Stage], runs: Path, workers: int, show: Callable[[Progress, list[Job]], None] | None = None
) -> Progress:
    """Run what is still missing, each stage after what it is made from.

    Args:
        stages: in an order in which they could run one after another.
        runs: folder of `progress.json` and `logs/`.
        workers: cores to fill.
        show: called a few times a second while something runs.

    Raises:
        OtherSettings: something there was made with other settings; nothing has been touched.
        StageFailed: a stage stopped; starting again resumes it.
    """
    check(stages)
    runs.mkdir(parents=True, exist_ok=True)
    progress = Progress(stages, runs / "progress.json")
    waiting = [stage for stage in stages if stage.state() is not State.DONE]
    jobs: list[Job] = []
    ended, written = "stopped", 0.0
    try:
        while waiting or jobs:
            for stage in _startable(waiting, jobs, workers):
                waiting.remove(stage)
                jobs.append(Job.start(stage, workers, runs / "logs"))
                progress.start(stage)
            time.sleep(POLL)
            for job in list(jobs):
                if job.process.poll() is None:
                    progress.update(job.stage, max(progress.done[job.stage.name], job.done()))
                    continue
                if job.process.returncode or job.stage.state() is not State.DONE:
                    raise StageFailed(_failure(job))
                jobs.remove(job)
                progress.finish(job.stage)
            if show is not None:
                show(progress, jobs)
            if time.monotonic() - written > 2:
                written = time.monotonic()
                progress.write()
        ended = "done"
    except StageFailed:
        ended = "failed"
        raise
    finally:
        for job in jobs:
            job.stop()
        progress.write(ended)
    return progress


@contextmanager
def stoppable(command: str) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the stages that run, and it is said how to go on.

    Raises:
        KeyboardInterrupt: one of them came.
    """
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    except KeyboardInterrupt:
        print(f"libra {command}: stopped; the same command goes on from here.", file=sys.stderr)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt  # as Ctrl-C: what the stages have saved stays


def _startable(waiting: list[Stage], jobs: list[Job], workers: int) -> list[Stage]:
    """Stages that may begin now: everything they need is done, and cores are free."""
    blocked = {stage.name for stage in waiting} | {job.stage.name for job in jobs}
    free = workers - sum(job.stage.cores or workers for job in jobs)
    found: list[Stage] = []
    for stage in waiting:
        needed = stage.cores or workers
        # A stage may have use for more cores than there are; then it runs alone.
        if not blocked.intersection(stage.needs) and (needed <= free or not (jobs or found)):
            found.append(stage)
            free -= needed
    return found


def _failure(job: Job) -> str:
    for _ in range(10):  # the last words may still be on their way
        if job.said:
            break
        time.sleep(POLL)
    said = job.said or f"it ended with exit code {job.process.returncode} without a word"
    return f"the stage {job.stage.name} failed: {said.rstrip('.')}. Start again to resume it; its log is {job.log}."


def _lines(stream: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Lines with what ended them: a line feed, or the carriage return of a progress bar."""
    buffer = b""
    while piece := os.read(stream.fileno(), 65536):
        *lines, buffer = re.split(rb"([\r\n])", buffer + piece)
        yield from zip(lines[1::2], lines[::2], strict=True)
    if buffer:
        yield b"\n", buffer


@contextmanager
def only_one(runs: Path) -> Iterator[None]:
    """Let nobody else train in this folder.

    Raises:
        StageFailed: somebody does already.
    """
    import fcntl

    runs.mkdir(parents=True, exist_ok=True)
    with (runs / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StageFailed(
                f"another training works in {runs}; wait for it, or name another folder with --runs."
            ) from error
        yield
