"""What pictures are drawn on: a GL context without a window, with a buffer of its own size and a scene."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from scenes.arm import VISUAL_GROUP

Region = tuple[slice, slice]
"""rows from the bottom up, and columns of a picture"""
_ROWS = 16
"""of which one is looked at for whether anything was drawn: the arm is taller, and in every picture"""


def scene_options(group: int = VISUAL_GROUP) -> mujoco.MjvOption:
    """Only the visual geoms, or those of another group: collision shapes and sites stay hidden."""
    option = mujoco.MjvOption()
    option.geomgroup[:] = 0
    option.geomgroup[group] = 1
    option.sitegroup[:] = 0
    return option


class PictureLost(RuntimeError):
    """The GL context draws nothing any more; a new renderer is needed."""


class Canvas:
    """A GL context with a buffer of its own size (a larger one would be cleared with every picture) and a scene."""

    def __init__(self, model: mujoco.MjModel, width: int, height: int, shadows: bool = False) -> None:
        self.scene = mujoco.MjvScene(model, 1000)
        self.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = shadows
        self.scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False
        self._gl = mujoco.GLContext(width, height)
        self._gl.make_current()
        quality, whole = model.vis.global_, (model.vis.global_.offwidth, model.vis.global_.offheight)
        quality.offwidth, quality.offheight = width, height
        self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_50)
        quality.offwidth, quality.offheight = whole
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._viewport = mujoco.MjrRect(0, 0, width, height)
        self._pixels = np.empty(height * width * 3, np.uint8)
        self._depths = np.empty(height * width, np.float32)

    def draw(
        self, what: str, depth: bool = False, region: Region | None = None
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Its scene: (height, width, 3) uint8 and, if asked for, (height, width) depths; both from the bottom up.

        They are overwritten by the next picture.

        Args:
            what: is drawn, in words.
            depth: whether to read depths; without it, what is returned of them is no picture's.
            region: alone is read and returned; reading takes as long as drawing does.

        Raises:
            PictureLost: nothing was drawn.
        """
        rows, columns = region or (slice(0, self._viewport.height), slice(0, self._viewport.width))
        height, width = rows.stop - rows.start, columns.stop - columns.start
        pixels = self._pixels[: height * width * 3].reshape(height, width, 3)
        depths = self._depths[: height * width].reshape(height, width)
        self._gl.make_current()
        mujoco.mjr_render(self._viewport, self.scene, self._context)
        pixels.fill(0)  # without a context nothing is read, and the last picture would be taken for this one
        part = mujoco.MjrRect(columns.start, rows.start, width, height)
        mujoco.mjr_readPixels(pixels, depths if depth else None, part, self._context)
        if not pixels[::_ROWS].any():
            raise PictureLost(f"the {what} camera's picture is empty")
        return pixels, depths

    def close(self) -> None:
        """Free the GL context."""
        self._gl.make_current()
        self._context.free()
        self._gl.free()


def fixed_camera(model: mujoco.MjModel, name: str) -> mujoco.MjvCamera:
    """The view of a camera of the model."""
    camera = mujoco.MjvCamera()
    camera.type, camera.fixedcamid = mujoco.mjtCamera.mjCAMERA_FIXED, model.camera(name).id
    return camera
