"""Goals: what can be asked of a scene, and which combinations training never sees."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from scenes.constants import (
    AREA,
    BUTTON_NAMES,
    CONTAINERS,
    DRAWER,
    FOOTPRINT,
    OBJECT_NAMES,
    PUSH_DISTANCE,
)

FAMILIES = ("pick", "bowl", "plate", "push", "stack", "drawer", "button")
DIRECTIONS: dict[str, tuple[float, float]] = {
    "left": (0.0, 1.0), "right": (0.0, -1.0), "front": (1.0, 0.0), "back": (-1.0, 0.0),
}  # fmt: skip
"""x, y in the robot's base frame: left and right as the robot sees them, the front is away from it"""
MOVES = ("open", "close")
CANONICAL = {
    "pick": "pick up the {target}",
    "bowl": "put the {target} in the bowl",
    "plate": "put the {target} on the plate",
    "push": "push the {target} to the {detail}",
    "stack": "stack the {target} on the {detail}",
    "drawer": "{detail} the {target}",
    "button": "press the {target}",
}
_BEHIND, _AHEAD, _HAND, _BESIDE = 0.075, 0.13, 0.020, 0.030
"""metres that a push needs free behind and ahead of an object, and beside the hand"""
_ON_TABLE = 0.04
"""metres; the middle of what stands on the table is lower"""
_HELD_OUT_SHARE = 10
"""one in so many combinations"""


@dataclass(frozen=True)
class Goal:
    """What an instruction asks for: a task family, the thing it is about and what more the family needs."""

    family: str
    target: str
    detail: str = ""
    """push: a direction; stack: the object below; drawer: open or close"""

    @property
    def container(self) -> str | None:
        """The thing in or on which the target goes, or None."""
        if self.family in CONTAINERS:
            return self.family
        return self.detail if self.family == "stack" else None

    @property
    def instruction(self) -> str:
        """The canonical wording."""
        return CANONICAL[self.family].format(target=self.target, detail=self.detail)


@dataclass(frozen=True)
class Spot:
    """Where a thing stands, as far as it matters for what can be asked."""

    x: float
    y: float
    z: float
    lying: bool = False
    moved: float = 0.0
    """drawer: how far it is open; button: how far it is pressed; 0 to 1"""


def is_graspable(name: str) -> bool:
    """Whether it is one of the coloured objects that the hand can carry."""
    return name.endswith(("cube", "cylinder"))


def is_held_out(goal: Goal) -> bool:
    """Whether training never asks for this: one in ten verb, colour and shape combinations, by a fixed hash.

    Only families in which the same verb is trained with other objects have any; in the rest every goal is trained.
    A goal and its mirror image are held out together, because training also shows scenes in the mirror.
    """
    if goal.family not in ("pick", "bowl", "plate", "push", "stack"):
        return False
    detail = "side" if goal.detail in ("left", "right") else goal.detail
    return zlib.crc32(f"held out {goal.family} {goal.target} {detail}".encode()) % _HELD_OUT_SHARE == 0


def goals_for(spots: Mapping[str, Spot]) -> list[Goal]:
    """All goals that a scene with these things can fulfil and has not fulfilled by standing as it does."""
    objects = [name for name in spots if is_graspable(name)]
    goals = [Goal("pick", name) for name in objects]
    goals += [Goal(container, name) for container in CONTAINERS if container in spots for name in objects]
    goals += [
        Goal("push", name, direction)
        for name in objects
        for direction in DIRECTIONS
        if not spots[name].lying and spots[name].z < _ON_TABLE and _room_to_push(name, direction, spots)
    ]
    goals += [
        Goal("stack", name, below)
        for name in objects
        for below in objects
        if name != below and below.endswith("cube") and not spots[name].lying and _is_free(below, spots)
    ]
    if "drawer" in spots:
        opened = spots["drawer"].moved
        goals += [Goal("drawer", "drawer", "open")] * (opened < 0.5) + [Goal("drawer", "drawer", "close")] * (
            opened > 0.5
        )
    goals += [Goal("button", name) for name in spots if name.endswith("button") and spots[name].moved < 0.5]
    return goals


def all_goals() -> list[Goal]:
    """Every goal that there can be, in an order that never changes."""
    objects = OBJECT_NAMES
    cubes = [name for name in objects if name.endswith("cube")]
    goals = [Goal(family, name) for family in ("pick", *CONTAINERS) for name in objects]
    goals += [Goal("push", name, direction) for name in objects for direction in DIRECTIONS]
    goals += [Goal("stack", name, below) for name in objects for below in cubes if name != below]
    goals += [Goal("drawer", DRAWER, move) for move in MOVES]
    return goals + [Goal("button", name) for name in BUTTON_NAMES]


def mirrored(goal: Goal) -> Goal:
    """The goal as a mirror shows it: left and right exchanged."""
    return replace(goal, detail={"left": "right", "right": "left"}.get(goal.detail, goal.detail))


def _is_free(name: str, spots: Mapping[str, Spot]) -> bool:
    """Whether an object stands on the table with nothing on it."""
    spot = spots[name]
    return spot.z < _ON_TABLE and all(
        np.hypot(at.x - spot.x, at.y - spot.y) > 0.035 for other, at in spots.items() if other != name
    )


def _room_to_push(name: str, direction: str, spots: Mapping[str, Spot]) -> bool:
    spot, along = spots[name], np.array(DIRECTIONS[direction])
    start = np.array((spot.x, spot.y))
    end = start + along * (PUSH_DISTANCE + 0.03)
    behind = start - along * _BEHIND
    low, high = np.array(AREA).T
    if np.any(end < low - 0.02) or np.any(end > high + 0.03) or np.any(behind < low - 0.08):
        return False
    if np.any(behind > high + np.array((0.06, 0.10))):
        return False
    for other, at in spots.items():
        if other == name:
            continue
        away = np.array((at.x, at.y)) - start
        forward, aside = float(away @ along), abs(float(away @ along[::-1]))
        radius = FOOTPRINT[other.split()[-1]]
        if -_BEHIND - _HAND - radius < forward < _AHEAD + radius and aside < _BESIDE + radius:
            return False
    return True
