"""Following an episode's log while it is being written."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa

from records.log import read_steps
from records.types import StepRecord

_LOOK_SECONDS: Final = 0.002


class _Growing(io.RawIOBase):
    """A file that somebody else appends to: reading waits for what is not there yet."""

    def __init__(self, path: Path, patience: float) -> None:
        self._file = path.open("rb", buffering=0)
        self._patience = patience

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        deadline = time.monotonic() + self._patience
        while not (count := self._file.readinto(buffer) or 0):
            if time.monotonic() > deadline:
                return 0
            time.sleep(_LOOK_SECONDS)
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


def follow_episode(path: Path, patience: float = 5.0) -> Iterator[StepRecord]:
    """Every control step of an episode as it is written, to its last.

    Args:
        path: of the log; it may not be there yet.
        patience: seconds without a new step after which the episode counts as cut off.
    """
    deadline = time.monotonic() + patience
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
    with _Growing(path, patience) as file:
        reader = pa.ipc.open_stream(pa.PythonFile(io.BufferedReader(file), mode="r"))
        yield from read_steps(reader, path.stem)
