"""Somebody moves the object that the arm reaches for: what an evaluation of old intents needs."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scenes.constants import AREA, FOOTPRINT
from scenes.goals import Goal
from scenes.world import World

FAMILIES: Final = ("pick", "bowl", "plate", "stack")
"""in which the arm reaches for an object that may be anywhere"""
DISTANCE: Final = 0.10
"""metres"""
REACH: Final = (0.08, 0.20)
"""metres between hand and object, on the table's plane, at which it is moved; drawn for every scene"""
_DIRECTIONS: Final = 24
_ROOM: Final = 0.03
"""metres between what is moved and what stands around"""


class Shove:
    """Moves a goal's target once, when the hand has come near it.

    Args:
        world: the scene.
        goal: names the target.
        seed: when and where to follow from it.
    """

    def __init__(self, world: World, goal: Goal, seed: int) -> None:
        self.step: int | None = None
        """control step before which it was moved"""
        self._world, self._name = world, goal.target
        self._rng = np.random.default_rng([seed, 0x540E])
        self._reach = self._rng.uniform(*REACH)

    def look(self, step: int) -> None:
        """Move it now if it is time."""
        if self.step is not None or any(self._world.touches(self._name)):
            return
        away = self._world.position(self._name) - self._world.hand_position
        if np.linalg.norm(away[:2]) < self._reach:
            self._world.shift(self._name, self._offset())
            self.step = step

    def _offset(self) -> NDArray[np.float64]:
        """(3,) metres: to a free place of the table in any direction, or to where there is most room."""
        angles = self._rng.permutation(_DIRECTIONS) * 2 * np.pi / _DIRECTIONS
        offsets = DISTANCE * np.column_stack((np.cos(angles), np.sin(angles), np.zeros(_DIRECTIONS)))
        rooms = [self._room(offset) for offset in offsets]
        free = [offset for offset, room in zip(offsets, rooms, strict=True) if room >= _ROOM]
        chosen: NDArray[np.float64] = free[0] if free else offsets[int(np.argmax(rooms))]
        return chosen

    def _room(self, offset: NDArray[np.float64]) -> float:
        """Metres to the nearest thing or to the edge of the area, negative beyond it."""
        there = (self._world.position(self._name) + offset)[:2]
        low, high = np.array(AREA).T
        inside = float(min((there - low).min(), (high - there).min()))
        rooms = [inside + _ROOM]
        for name in self._world.names:
            if name != self._name:
                size = FOOTPRINT[name.split()[-1]] + FOOTPRINT[self._name.split()[-1]]
                rooms.append(float(np.linalg.norm(self._world.position(name)[:2] - there)) - size)
        return min(rooms)
