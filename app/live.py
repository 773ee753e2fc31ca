"""The live renderer process: newest pose in, JPEG out, never more pictures than somebody can take."""

from __future__ import annotations

import os
import secrets
import signal
import time
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from app.priority import set_priority

if TYPE_CHECKING:
    from scenes.wide import Hurried

WIDTH: Final = 960
HEIGHT: Final = 540
MAX_FPS: Final = 40.0
"""more than `MIN_FPS` by so much that one picture which comes late can be made up for"""
MAX_FPS_BY_HAND: Final = 50.0
"""while somebody drives: what they do is to be seen at once"""
STILL: Final = 1e-4
"""metres or radians: what moves less is not worth a picture"""
MIN_FPS: Final = 25.0
"""below which pictures get less detailed"""
HURRIED_SECONDS: Final = 0.012
"""that a picture may take while somebody drives by hand"""
KEEP_ALIVE_SECONDS: Final = 0.5
STILL_SECONDS: Final = 0.6
"""without motion until the picture is drawn once more with real shadows"""
JPEG_QUALITY: Final = 82
PATH_POINTS: Final = 9
"""that a path is drawn with at most: every piece of it costs half a millisecond"""
PRIORITY: Final = -5
"""after the session, before the browser that may draw on the same cores"""


def main(poses: Connection, frames: Connection, seed: int = 0) -> None:
    """Render until the session's pipe ends. The body of the live renderer process.

    Args:
        poses: duplex pipe to the session's `NewestSender`: `READY` out, then one pose
            `(qpos, coarse_path, refined_path, step, stamp, seed, by_hand, changes)` in.
        frames: duplex pipe to the page's `FrameFeed`: `WANTED` in, then one picture out, `(jpeg, {"step", "stamp",
            "seed", "hand", "again"}, backdrop)`, `again` twice a second while nothing changes. A moving picture is a
            patch, `"at": (x, y)`, of the backdrop `"on": name`, whose JPEG comes with the first that needs it.
        seed: of the scene to begin with.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    set_priority(PRIORITY)
    os.environ["LP_NUM_THREADS"] = "0"  # without a graphics card, threads take a quarter more of the processors

    import cv2

    from app.session.newest import READY
    from scenes.wide import WideRenderer

    def packed(picture: NDArray[np.uint8]) -> bytes:
        bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
        return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()

    cv2.setNumThreads(1)
    renderer = WideRenderer(seed, WIDTH, HEIGHT)
    effort = Effort()
    shown: Any = None
    scene: Any = None
    jpeg = backdrop = b""
    meta: dict[str, Any] = {}
    run = secrets.token_hex(4)  # the next renderer process counts its backdrops from one, too
    sent: dict[str, int] = {}
    """detail -> number of its newest backdrop"""
    still = False
    drawn = due = 0.0
    try:
        asked = wanted = False
        while True:
            # The session's end shows here, too: it sends no pose that was not asked for.
            if not wanted and frames in wait([frames] if asked else [frames, poses]):
                frames.recv()
                wanted = True
            if not asked:  # only now: a pose that waits in the pipe while a picture is drawn is an old one
                poses.send(READY)
                asked = True
            pose = poses.recv() if poses.poll(STILL_SECONDS if not still else KEEP_ALIVE_SECONDS) else None
            started = time.monotonic()
            if pose is not None:
                asked = False
                if (pose[5], pose[7]) != scene:
                    effort.begin()
                    scene = seed, _ = pose[5], pose[7]
                    renderer.set_seed(*scene)
                if shown is None:  # its canvas takes a third of a second: not when somebody begins to drive
                    renderer.render(pose[0], detail="draft")
                if _alike(pose, shown) and started - drawn < KEEP_ALIVE_SECONDS:
                    continue  # so that the first picture of a motion waits for none before it
                shown, still = pose, False
            if shown is None:
                continue
            drawn = started
            if pose is not None or not still:
                still = pose is None
                meta = {"step": shown[3], "stamp": shown[4], "seed": seed}
                if still:
                    jpeg = packed(renderer.render(shown[0], _thin(shown[1]), shown[2], "still"))
                else:
                    detail = effort.hurried if shown[6] else effort.detail
                    patch = renderer.render_patch(shown[0], _thin(shown[1]), shown[2], detail)
                    jpeg = packed(patch.picture)
                    meta |= {"on": f"{run}-{patch.backdrop.number}", "at": patch.corner}
                    if patch.backdrop.number > sent.get(detail, 0):
                        sent[detail] = patch.backdrop.number
                        backdrop = packed(patch.backdrop.picture[::-1])
                    elif detail == effort.detail:  # and no backdrop was drawn for it
                        effort.spent(time.monotonic() - started)
                meta["hand"] = [round(float(each), 4) for each in renderer.hand]
            frames.send((jpeg, {**meta, "again": pose is None}, backdrop))
            backdrop = b""
            wanted = False
            if still and not poses.poll(0):
                renderer.prepare()
            # Counted from when it was due, not from when it was drawn: one that is late delays no other.
            due = max(due + 1 / (MAX_FPS_BY_HAND if shown[6] else MAX_FPS), started)
            time.sleep(max(0.0, due - time.monotonic()))
    except (EOFError, OSError):
        return
    finally:
        renderer.close()


class Effort:
    """How much detail moving pictures can have for `MIN_FPS`, from the time that the last ones took."""

    def __init__(self) -> None:
        self.detail: Hurried = "moving"
        self._seconds = 0.0
        self._count = -1

    def begin(self) -> None:
        """The next picture says nothing: a canvas or a backdrop is made for it."""
        self._count = -1

    @property
    def hurried(self) -> Hurried:
        """How much for somebody who drives by hand: less where the whole would take long."""
        return "draft" if self._seconds > HURRIED_SECONDS else self.detail

    def spent(self, seconds: float) -> None:
        """A moving picture took so long. Half a second decides at least: one slow picture means nothing."""
        self._count += 1
        if self._count > 0:
            self._seconds += (seconds - self._seconds) / min(self._count, 12)
        if self._count < 12:
            return
        if self.detail == "moving" and self._seconds > 0.9 / MIN_FPS:
            self.detail, self._count = "draft", -1
        elif self.detail == "draft" and self._seconds < 0.38 / MIN_FPS:  # a draft has four ninths of the pixels
            self.detail, self._count = "moving", -1


def _alike(pose: Any, shown: Any) -> bool:
    """Whether somebody drives by hand, and nothing is to be seen of what moved since the last picture."""
    return (
        shown is not None
        and pose[6]
        and shown[6]
        and pose[5] == shown[5]
        and pose[7] == shown[7]
        and pose[1] is pose[2] is shown[1] is shown[2] is None
        and pose[0].shape == shown[0].shape
        and float(np.abs(pose[0] - shown[0]).max()) < STILL
    )


def _thin(path: NDArray[np.float32] | None) -> NDArray[np.float32] | None:
    """The same path with fewer points, its ends kept."""
    if path is None or len(path) <= PATH_POINTS:
        return path
    return path[np.linspace(0, len(path) - 1, PATH_POINTS).round().astype(int)]
