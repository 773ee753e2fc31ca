"""The hand-over from one command to the next: never a jump that the expert's own demonstrations do not show."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

MAX_TRANSLATION: Final = 1.42
"""norm of the change of x, y, z from one control step to the next, in action units (2 cm per step).

Of the changes in 97,204 undisturbed control steps of the expert's demonstrations one in a thousand is larger. Where two
chunks met, one in sixty was: each is made from noise of its own, and there may be more than one way to go on.
"""
MAX_ROTATION: Final = 1.05
"""the same for roll, pitch, yaw"""
_PARTS: Final = ((slice(0, 3), MAX_TRANSLATION), (slice(3, 6), MAX_ROTATION))


def hand_over(previous: NDArray[np.float32], wanted: NDArray[np.float32]) -> NDArray[np.float32]:
    """The command (7,) that follows an executed one: what is wanted, or as far towards it as the limits allow.

    The gripper's command is a place, not a speed, and passes as it is.
    """
    given = wanted.copy()
    for part, limit in _PARTS:
        change = np.clip(wanted[part], -1, 1) - previous[part]
        size = float(np.linalg.norm(change))
        if size > limit:
            given[part] = previous[part] + change * (limit / size)
    return given
