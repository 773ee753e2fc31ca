"""Success tests: functions of the simulator state, one for each task family."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scenes.constants import BOWL_HEIGHT, BOWL_RADIUS, CUBE_HALF, PLATE_RADIUS, PUSH_DISTANCE
from scenes.goals import DIRECTIONS, Goal
from scenes.world import World

LIFT_HEIGHT = 0.10
"""metres between table and the middle of a picked object"""
OPENED, CLOSED, PRESSED = 0.85, 0.12, 0.80
"""shares of their travel from which on a drawer is open, until which it is closed, from which on a button is pressed"""
_STILL = 0.08
"""m/s"""


def is_successful(world: World, goal: Goal) -> bool:
    """Whether the goal is reached in the present state (pushes count from the world's mark).

    pick: held by both pads with its middle `LIFT_HEIGHT` above the table. bowl, plate, stack: lies in or on it, nearly
    at rest, and the hand has let go. push: has moved `PUSH_DISTANCE` that way, hardly aside, without being lifted.
    drawer: nearly as open or closed as it goes. button: down.
    """
    return _TESTS[goal.family](world, goal)


def is_inside(world: World, name: str, container: str) -> bool:
    """Whether an object's middle is below the bowl's rim, over the plate's flat part, or on top of another object."""
    offset = world.position(name) - world.position(container)
    distance = float(np.hypot(offset[0], offset[1]))
    if container == "bowl":
        return distance < BOWL_RADIUS - 0.012 and offset[2] < BOWL_HEIGHT + 0.012
    if container == "plate":
        return distance < PLATE_RADIUS - 0.015 and 0.005 < offset[2] < 0.065
    return distance < 0.024 and CUBE_HALF + 0.012 < offset[2] < CUBE_HALF + 0.040


def _picked(world: World, goal: Goal) -> bool:
    return bool(world.is_held(goal.target) and world.position(goal.target)[2] > LIFT_HEIGHT)


def _placed(world: World, goal: Goal) -> bool:
    container = goal.container
    assert container is not None
    return (
        is_inside(world, goal.target, container)
        and not any(world.touches(goal.target))
        and world.speed(goal.target) < _STILL
    )


def _pushed(world: World, goal: Goal) -> bool:
    along = np.array(DIRECTIONS[goal.detail])
    moved = world.pushed(goal.target)
    forward, aside = float(moved @ along), abs(float(moved @ along[::-1]))
    on_table = world.position(goal.target)[2] < 0.05
    return on_table and not world.is_held(goal.target) and forward > PUSH_DISTANCE and aside < 0.6 * forward


def _slid(world: World, goal: Goal) -> bool:
    opened = world.moved(goal.target)
    return opened > OPENED if goal.detail == "open" else opened < CLOSED


def _pressed(world: World, goal: Goal) -> bool:
    return world.moved(goal.target) > PRESSED


_TESTS: dict[str, Callable[[World, Goal], bool]] = {
    "pick": _picked,
    "bowl": _placed,
    "plate": _placed,
    "stack": _placed,
    "push": _pushed,
    "drawer": _slid,
    "button": _pressed,
}
