"""Pictures to MP4 and back, with PyAV as LeRobot itself does it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

from library.lerobot.schema import PIXEL_FORMAT, VIDEO_CODEC
from records import CONTROL_HZ

_OPTIONS: Final = {"crf": "18", "preset": "medium", "threads": "1"}
_KEY_EVERY: Final = 2
"""frames: any one is found fast, as in LeRobot's own videos"""


class VideoWriter:
    """One video of several episodes, one after another.

    Args:
        path: of the file.
        size: pixels a side.
    """

    def __init__(self, path: Path, size: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.frames = 0
        self._container = av.open(str(path), "w", format="mp4")
        stream: Any = self._container.add_stream(VIDEO_CODEC, rate=CONTROL_HZ, options=_OPTIONS)
        stream.width = stream.height = size
        stream.pix_fmt = PIXEL_FORMAT
        stream.codec_context.gop_size = _KEY_EVERY
        stream.codec_context.max_b_frames = 0
        stream.codec_context.time_base = Fraction(1, CONTROL_HZ)
        self._stream = stream

    def add(self, pictures: list[NDArray[np.uint8]]) -> tuple[float, float]:
        """Append an episode's pictures (S, S, 3); the seconds at which they begin and end."""
        begin = self.frames
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = self.frames, Fraction(1, CONTROL_HZ)
            self._container.mux(self._stream.encode(frame))
            self.frames += 1
        return begin / CONTROL_HZ, self.frames / CONTROL_HZ

    def close(self) -> None:
        """Finish the file."""
        self._container.mux(self._stream.encode())
        self._container.close()


def read_pictures(path: Path, begin: float, count: int) -> Iterator[NDArray[np.uint8]]:
    """Pictures (H, W, 3) of a video, `count` of them from second `begin` on.

    Raises:
        ValueError: the video is damaged, or ends too early.
    """
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            assert stream.time_base is not None
            first = round(begin / stream.time_base)
            container.seek(max(first - 1, 0), backward=True, any_frame=False, stream=stream)
            found = 0
            tolerance = float(stream.time_base) / 2 + 1e-4
            for frame in container.decode(stream):
                if frame.time is None or frame.time < begin - tolerance:
                    continue
                if found == count:
                    return
                found += 1
                yield np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
    except (av.FFmpegError, IndexError) as error:
        raise ValueError(f"{path} cannot be decoded ({error}).") from error
    if found < count:
        raise ValueError(f"{path} has {found} of {count} pictures from second {begin:.2f} on.")
