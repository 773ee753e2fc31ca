"""Steering: a human pins dimensions of the planner's tokens to bins; the refiner carries that out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from policy.actions import decode
from records import ACTION_NAMES, Intent

GRIPPER = len(ACTION_NAMES) - 1


@dataclass(frozen=True)
class Pins:
    """Dimension -> bin for the control steps before `until`."""

    bins: Mapping[int, int]
    until: int

    @property
    def row(self) -> tuple[int, ...]:
        """(7,) bins, -1 where free."""
        return tuple(self.bins.get(dimension, -1) for dimension in range(len(ACTION_NAMES)))

    def of_intent(self, intent: Intent, row: int, step: int) -> Intent:
        """An intent whose tokens say what is pinned, from the row that belongs to `step` on."""
        tokens = intent.tokens.copy()
        rows = slice(max(row, 0), max(row + self.until - step, 0))
        for dimension, chosen in self.bins.items():
            tokens[rows, dimension] = chosen
        return replace(intent, tokens=tokens)

    def of_action(self, action: NDArray[np.float32], count: int) -> NDArray[np.float32]:
        """An action (7,) whose pinned dimensions are inside their bins, of `count`: the refiner chooses where.

        What a human says holds whether the refiner follows it or not; the gripper has no middle.
        """
        steered = action.copy()
        for dimension, chosen in self.bins.items():
            middle = float(decode(np.array(chosen), count))
            if dimension == GRIPPER:
                steered[dimension] = 1.0 if middle > 0 else -1.0
            else:
                steered[dimension] = np.clip(action[dimension], middle - 1 / count, middle + 1 / count)
        return steered
