"""How close an episode came to success: metres that were still missing when fewest were."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenes.constants import (
    BOWL_HEIGHT,
    BOWL_RADIUS,
    BUTTON_TRAVEL,
    CUBE_HALF,
    DRAWER_TRAVEL,
    PLATE_RADIUS,
    PUSH_DISTANCE,
)
from scenes.goals import DIRECTIONS, Goal
from scenes.tasks import CLOSED, LIFT_HEIGHT, OPENED, PRESSED
from training.trace import Trace
from training.witness import LEFT, RIGHT

_WITHIN = {"bowl": BOWL_RADIUS - 0.012, "plate": PLATE_RADIUS - 0.015}
_BELOW = {"bowl": BOWL_HEIGHT + 0.012, "plate": 0.065}
_ON_CUBE = (0.024, CUBE_HALF + 0.040)


def missing(trace: Trace, goal: Goal) -> NDArray[np.float64]:
    """(T + 1,) metres that are missing to success in every state.

    The hand's way to the target until it has it, then the target's way to where it belongs. 0 is not yet success, which
    also asks for rest and for letting go.
    """
    if goal.target not in trace.names:
        return np.ones(len(trace.hand))
    row = trace.names.index(goal.target)
    place = trace.place[:, row].astype(float)
    reach = np.linalg.norm(place - trace.hand, axis=1)
    both = (trace.touch[:, row] & (LEFT | RIGHT)) == (LEFT | RIGHT)
    reach = np.where(both, 0.0, reach)
    if goal.family == "pick":
        return reach + np.maximum(LIFT_HEIGHT - place[:, 2], 0)
    if goal.family == "push":
        done = (place - place[0])[:, :2] @ np.array(DIRECTIONS[goal.detail])
        left = np.maximum(PUSH_DISTANCE - done, 0)
        return left + np.where(left > 0, reach, 0)
    if goal.family == "drawer":
        moved = trace.moved[:, row].astype(float)
        left = np.maximum(OPENED - moved if goal.detail == "open" else moved - CLOSED, 0) * DRAWER_TRAVEL
        return left + np.where(left > 0, reach, 0)
    if goal.family == "button":
        left = np.maximum(PRESSED - trace.moved[:, row].astype(float), 0) * BUTTON_TRAVEL
        return left + np.where(left > 0, reach, 0)
    container = goal.container
    if container not in trace.names:
        return np.ones(len(trace.hand))
    away = place - trace.place[:, trace.names.index(container)]
    within, below = _WITHIN.get(container, _ON_CUBE[0]), _BELOW.get(container, _ON_CUBE[1])
    aside = np.maximum(np.linalg.norm(away[:, :2], axis=1) - within, 0)
    above = np.maximum(away[:, 2] - below, 0) + np.maximum(-0.005 - away[:, 2], 0)
    if goal.family == "stack":  # beside the lower cube is as far as on the table
        above = above + np.maximum(CUBE_HALF + 0.012 - away[:, 2], 0)
    left = aside + above
    return left + np.where(left > 0, reach, 0)


def closest(trace: Trace, goal: Goal) -> float:
    """The least of `missing`."""
    return float(missing(trace, goal).min())
