"""What the simulator knows about a frame and a trainer may use as a label: where things are, and in which pixels."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from scenes.constants import BUTTON_NAMES, CONTAINERS, DRAWER, OBJECT_NAMES
from scenes.expert import grasp_direction
from scenes.goals import Goal
from scenes.world import World

THINGS = (*OBJECT_NAMES, *CONTAINERS, DRAWER, *BUTTON_NAMES)
"""rows of every label table"""
CAMERAS = ("front", "wrist")


def frame_labels(world: World, goal: Goal) -> dict[str, NDArray[np.float32]]:
    """Labels of the present state.

    `positions` (T, 3) metres relative to the hand, base frame (NaN when absent); `pixels` (T, 2, 2) u, v in [0, 1]
    per camera (NaN when absent or outside of the picture); `hand` (2,) u, v of the grasp point in the front camera;
    `closing` (2,) double-angle direction in which the fingers
    should close, zero when any will do; `held` (1,).
    """
    positions = np.full((len(THINGS), 3), np.nan, dtype=np.float32)
    pixels = np.full((len(THINGS), len(CAMERAS), 2), np.nan, dtype=np.float32)
    cameras = [world.model.camera(name) for name in CAMERAS]
    for row, name in enumerate(THINGS):
        if name not in world.names:
            continue
        place = world.position(name)
        positions[row] = place - world.hand_position
        if name in CONTAINERS:
            place = place + np.array((0.0, 0.0, 0.02))
        for column, camera in enumerate(cameras):
            pixels[row, column] = _project(world.data, camera.id, float(camera.fovy[0]), place)
    closing = None if goal.family in ("push", "button") else grasp_direction(world, goal.target)
    doubled = (
        np.zeros(2) if closing is None else np.array((closing[0] ** 2 - closing[1] ** 2, 2 * closing[0] * closing[1]))
    )
    front = cameras[CAMERAS.index("front")]
    return {
        "positions": positions,
        "pixels": pixels,
        "hand": _project(world.data, front.id, float(front.fovy[0]), world.hand_position).astype(np.float32),
        "closing": doubled.astype(np.float32),
        "held": np.array([world.is_held(goal.target)], dtype=np.float32),
    }


def _project(data: mujoco.MjData, camera: int, fovy: float, point: NDArray[np.float64]) -> NDArray[np.float64]:
    local = data.cam_xmat[camera].reshape(3, 3).T @ (point - data.cam_xpos[camera])
    if local[2] > -0.01:
        return np.full(2, np.nan)
    scale = 0.5 / np.tan(np.radians(fovy) / 2) / -local[2]
    spot = np.array((0.5 + local[0] * scale, 0.5 - local[1] * scale))
    return spot if np.all((spot >= 0) & (spot < 1)) else np.full(2, np.nan)
