"""The recorder: a thread that appends step records to the episode's log and never drops one."""

from __future__ import annotations

import errno
import logging
import queue
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from records import Observation, StepRecord
from records.log import EpisodeHeader, EpisodeWriter

CAPACITY = 16
"""records that may wait for the disk: less than a second is lost when the process is killed"""

logger = logging.getLogger(__name__)
OpenWriter = Callable[[Path, EpisodeHeader], EpisodeWriter]


def _advice(error: Exception) -> str:
    barred = isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST)
    return "make its folder writable" if barred else "free some space on the disk"


def _warm_up() -> None:
    """Write a record that nobody needs: the first takes most of a second, in which libraries load others."""
    still = np.zeros(7, np.float32)
    picture = np.zeros((8, 8, 3), np.uint8)
    seen = Observation(0, 0, "", picture, picture, still, 0.0)
    record = StepRecord(
        "", 0, 0, "", 0.0, 0.0, 0.0, np.zeros(1), still, still, None, "hold", still[:3], None, 0, observation=seen
    )
    with tempfile.TemporaryDirectory(prefix="libra-") as folder:
        writer = EpisodeWriter(Path(folder) / "none.arrow", EpisodeHeader("", "", 0, 0.0))
        writer.append(record)
        writer.close()


class Recorder:
    """Takes records in order; when `full`, the session must not make another one until there is room.

    Args:
        open_writer: makes the file of an episode.
    """

    def __init__(self, open_writer: OpenWriter = EpisodeWriter) -> None:
        self._errors: dict[Path, str] = {}
        self._writing: Path | None = None
        """of the thread: the file that was begun last"""
        self._open = open_writer
        self._queue: queue.SimpleQueue[tuple[Path, EpisodeHeader] | StepRecord | None] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._waiting = 0
        self._last_ms = 0.0
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def full(self) -> bool:
        """Whether the disk is so far behind that the arm must hold."""
        return self._waiting >= CAPACITY

    @property
    def milliseconds(self) -> float:
        """How long the last step took to write."""
        return self._last_ms

    def begin(self, path: Path, header: EpisodeHeader) -> None:
        """Start an episode's file."""
        self._errors.pop(path, None)
        self._put((path, header))

    def error_of(self, path: Path) -> str | None:
        """One sentence, once the disk refused a part of an episode's file."""
        return self._errors.get(path)

    def append(self, record: StepRecord) -> None:
        """One step; the last one of an episode has an outcome and closes its file."""
        self._put(record)

    def flush(self, timeout: float) -> bool:
        """Wait until everything is written; False if it took longer than `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._waiting == 0, timeout)

    def close(self, timeout: float = 5.0) -> None:
        """Write what waits and stop."""
        self._put(None)
        self._thread.join(timeout)

    def _put(self, item: tuple[Path, EpisodeHeader] | StepRecord | None) -> None:
        with self._changed:
            self._waiting += 1
        self._queue.put(item)

    def _run(self) -> None:
        _warm_up()
        writer: EpisodeWriter | None = None
        while True:
            item = self._queue.get()
            started = time.perf_counter()
            try:
                writer = self._handle(item, writer)
            except Exception as error:  # reported: the session ends the episode and says so
                logger.exception("The record could not be written.")
                sentence = f"The record cannot be written ({error}); {_advice(error)}, then press Run."
                if self._writing is not None:
                    self._errors[self._writing] = sentence
                writer = None
            self._last_ms = 1e3 * (time.perf_counter() - started)
            with self._changed:
                self._waiting -= 1
                self._changed.notify_all()
            if item is None:
                return

    def _handle(
        self, item: tuple[Path, EpisodeHeader] | StepRecord | None, writer: EpisodeWriter | None
    ) -> EpisodeWriter | None:
        if isinstance(item, StepRecord):
            if writer is None:
                return None  # the disk refused earlier, see `error_of`
            writer.append(item)
            if item.outcome is None:
                return writer
            writer.close()
            return None
        if writer is not None:
            writer.close()
        if item is None:
            return None
        self._writing = item[0]
        return self._open(*item)
