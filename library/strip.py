"""A film strip of an episode: a few pictures of its front camera, side by side, made once and kept."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import pyarrow as pa

from library.errors import LibraryError
from library.files import write_whole

FOLDER: Final = ".strips"
"""within the library; it can be thrown away at any time"""
PICTURES: Final = 8
SIDE: Final = 96
"""pixels of a picture in the strip"""
_QUALITY: Final = [cv2.IMWRITE_JPEG_QUALITY, 80]


def strip(root: Path, log: Path) -> bytes:
    """JPEG of `PICTURES` moments, (SIDE, PICTURES * SIDE) pixels, evenly from the first step with pictures to the last.

    Args:
        root: of the library, where strips are kept; one that cannot be written to is no hindrance.
        log: of the episode.

    Raises:
        LibraryError: it has no pictures, or cannot be read.
    """
    status = log.stat()
    key = hashlib.sha256(f"{log.resolve()} {status.st_size} {status.st_mtime_ns}".encode()).hexdigest()[:24]
    kept = root / FOLDER / f"{key}.jpg"
    with contextlib.suppress(OSError):
        return kept.read_bytes()
    made = _make(log)
    with contextlib.suppress(OSError):
        kept.parent.mkdir(exist_ok=True)
        write_whole(kept, made)
    return made


def _make(log: Path) -> bytes:
    seen = _observations(log)
    if not seen:
        raise LibraryError(f"{log.name} has no pictures.")
    moments = np.linspace(0, len(seen) - 1, PICTURES).round().astype(int)
    pictures = []
    for moment in moments:
        data = np.frombuffer(seen[moment]["front"].as_py(), np.uint8)
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
        if picture is None:
            raise LibraryError(f"{log.name} has a picture that is damaged.")
        pictures.append(cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA))
    ok, jpeg = cv2.imencode(".jpg", np.hstack(pictures), _QUALITY)
    assert ok
    return bytes(jpeg)


def _observations(log: Path) -> list[Any]:
    """What was seen at every step that saw something; nothing else of the log is read."""
    seen: list[Any] = []
    try:
        with pa.OSFile(str(log), "rb") as source:
            field = pa.ipc.open_stream(source).schema.get_field_index("observation")
            if field < 0:
                return []
            source.seek(0)
            reader = pa.ipc.open_stream(source, options=pa.ipc.IpcReadOptions(included_fields=[field]))
            with contextlib.suppress(StopIteration, pa.ArrowInvalid, OSError):  # its end, or where it was cut off
                while True:
                    (observation,) = reader.read_next_batch()["observation"]
                    if observation.is_valid:
                        seen.append(observation)
    except (OSError, ValueError, KeyError) as error:
        raise LibraryError(f"{log.name} cannot be read ({error}).") from error
    return seen
