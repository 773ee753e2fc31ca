"""Pictures of an episode's control steps, as data URIs that need no file and no server."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from diagnosis.contract import EventRow, Frame
from diagnosis.replaying import replay
from scenes.wide import WideRenderer
from scenes.world import World
from training.tasks import Task
from training.trace import Trace

WIDTH, HEIGHT = 480, 270
_QUALITY = 80
_LEFT, _TOP, _SHARE = 0.16, 0.24, 0.68
"""what of the wide view is shown: the table and the hand"""
_FRAMES = 8


def choose_steps(
    steps: int, events: Sequence[EventRow], evidence: Sequence[int] = (), count: int = _FRAMES
) -> list[int]:
    """Control steps worth a picture: beginning and end, what shows the verdict, what happened, and evenly between."""
    wanted = [0, steps, *evidence, *(event["step"] for event in events)]
    wanted += [round(share * steps / (count - 1)) for share in range(count)]
    chosen: list[int] = []
    for step in wanted:
        step = min(max(int(step), 0), steps)
        if len(chosen) < count and all(abs(step - other) >= max(2, steps // (3 * count)) for other in chosen):
            chosen.append(step)
    return sorted(chosen)


class Filming:
    """Draws film strips; makes its renderer when it is first needed. For one thread."""

    def __init__(self, width: int = WIDTH, height: int = HEIGHT) -> None:
        self._size = width, height
        self._world = World()
        self._renderer: WideRenderer | None = None

    def film(
        self, task: Task, trace: Trace, steps: Sequence[int], captions: Mapping[int, str] | None = None
    ) -> list[Frame]:
        """Pictures of these control steps (0 to T).

        Raises:
            EvaluationError: the states cannot be made again.
            scenes.canvas.PictureLost: nothing was drawn.
        """
        wanted = {min(max(int(step), 0), trace.steps) for step in steps}
        frames: list[Frame] = []
        for step in replay(self._world, task, trace):
            if step in wanted:
                caption = (captions or {}).get(step, f"step {step}, {step / 20:.1f} s")
                frames.append({"step": step, "caption": caption, "image": to_uri(self.picture(task))})
            if step >= max(wanted, default=0):
                break
        return frames

    def picture(self, task: Task) -> NDArray[np.uint8]:
        """(height, width, 3) of the world as it is now."""
        if self._renderer is None:
            self._renderer = WideRenderer(task.seed, *(round(side / _SHARE) for side in self._size))
        self._renderer.arrange(task.layout)
        width, height = self._size
        left, top = round(_LEFT * width / _SHARE), round(_TOP * height / _SHARE)
        return self._renderer.render(self._world.data.qpos)[top : top + height, left : left + width]

    def close(self) -> None:
        """Free the GL context."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None


def to_uri(picture: NDArray[np.uint8]) -> str:
    """A JPEG data URI of an RGB picture."""
    ok, data = cv2.imencode(".jpg", picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    assert ok
    return "data:image/jpeg;base64," + base64.b64encode(bytes(data)).decode()
