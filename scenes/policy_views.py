"""The pictures that the policy sees: small, and without shadows."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from scenes.canvas import Canvas, fixed_camera, scene_options

_EVERYTHING = mujoco.mjtCatBit.mjCAT_ALL


class PolicyRenderer:
    """The `front` and `wrist` views, (size, size, 3) uint8 each, a few milliseconds without a GPU: no shadows.

    One serves any number of worlds: their models differ in numbers, not in meshes and textures.
    """

    def __init__(self, model: mujoco.MjModel, size: int) -> None:
        self._canvas = Canvas(model, size, size)
        self._option = scene_options()
        self._cameras = {name: fixed_camera(model, name) for name in ("front", "wrist")}

    def render(self, model: mujoco.MjModel, data: mujoco.MjData) -> dict[str, NDArray[np.uint8]]:
        """Both views of a world's present state.

        Raises:
            PictureLost: nothing was drawn.
        """
        views = {}
        for name, camera in self._cameras.items():
            mujoco.mjv_updateScene(model, data, self._option, None, camera, _EVERYTHING, self._canvas.scene)
            views[name] = self._canvas.draw(name)[0][::-1].copy()
        return views

    def close(self) -> None:
        """Free the GL context."""
        self._canvas.close()
