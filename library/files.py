"""Files that are whole or not there, and one writer at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

from library.errors import LibraryError, unwritable


def write_whole(path: Path, data: bytes) -> None:
    """Put a file in place of another in one step, confirmed by the disk.

    Raises:
        OSError: it could not be written; what was there before is untouched.
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise


def append(file: FileIO, data: bytes) -> None:
    """Add all of it: a disk that is nearly full takes a part, and says so only when it is asked for the rest.

    Raises:
        OSError: it could not be written whole.
    """
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


@contextlib.contextmanager
def only_writer(folder: Path, what: str) -> Iterator[None]:
    """Be the one process that changes a folder; the lock ends with the process, however that ends.

    Raises:
        LibraryError: another process changes it now, or the folder cannot be written to.
    """
    path = folder / ".lock"
    try:
        lock = path.open("w")
    except OSError as error:
        raise unwritable(path, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LibraryError(
                f"Another process is changing the {what} {folder}: wait until it is done, then try again."
            ) from error
        yield
