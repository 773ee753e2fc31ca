"""Success tests: functions of the simulator state, one for each task family."""

from __future__ import annotations

import numpy as np

from scenes.constants import BOWL_HEIGHT, BOWL_RADIUS, PLATE_RADIUS
from scenes.language import Goal
from scenes.world import World

LIFT_HEIGHT = 0.10
"""metres between table and the middle of a picked object"""
_STILL = 0.08
"""m/s"""


def is_successful(world: World, goal: Goal) -> bool:
    """Whether the goal is reached in the present state.

    pick: held by both pads with its middle `LIFT_HEIGHT` above the table. bowl, plate: lies in or on it, nearly at
    rest, and the hand has let go.
    """
    if goal.family == "pick":
        return bool(world.is_held(goal.target) and world.position(goal.target)[2] > LIFT_HEIGHT)
    return (
        is_inside(world, goal.target, goal.family)
        and not any(world.touches(goal.target))
        and world.speed(goal.target) < _STILL
    )


def is_inside(world: World, name: str, container: str) -> bool:
    """Whether the middle of an object is within the container: below the bowl's rim, or over the plate's flat part."""
    offset = world.position(name) - world.position(container)
    distance = float(np.hypot(offset[0], offset[1]))
    if container == "bowl":
        return distance < BOWL_RADIUS - 0.012 and offset[2] < BOWL_HEIGHT + 0.012
    return distance < PLATE_RADIUS - 0.015 and 0.005 < offset[2] < 0.065
