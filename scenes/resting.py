"""Which things on the table lie where they lay: they belong to a picture's backdrop, until something moves them."""

from __future__ import annotations

from typing import Final

import mujoco
import numpy as np
from numpy.typing import NDArray

from scenes.arm import VISUAL_GROUP

STANDING_GROUP: Final = 5
"""of visual geoms that are in the backdrop"""
_STIRRED, _TURNED = 3e-4, 2e-3
"""metres, and of a rotation's matrix: less than a pixel"""


class Resting:
    """Sorts the visual geoms of a model into what stands (`STANDING_GROUP`) and what moves (`VISUAL_GROUP`).

    Room and furniture stand for ever, the arm moves; any other thing stands from `settle` until it is stirred.

    Args:
        model: whose `geom_group` is changed.
        arm: a body of the arm.
    """

    def __init__(self, model: mujoco.MjModel, arm: str) -> None:
        self._group = model.geom_group
        visual = self._group == VISUAL_GROUP
        fixed = model.body_weldid[model.geom_bodyid] == 0
        of_arm = model.body_rootid[model.geom_bodyid] == model.body_rootid[model.body(arm).id]
        self._group[visual & fixed] = STANDING_GROUP
        self._things = np.flatnonzero(visual & ~fixed & ~of_arm)
        self._places: NDArray[np.float64] | None = None
        self._stirred = np.zeros(len(self._things), np.bool_)

    @property
    def stirred(self) -> bool:
        """Whether a thing has moved since all of them were at rest."""
        return bool(self._stirred.any())

    @property
    def moving(self) -> NDArray[np.intp]:
        """Numbers of the geoms that move."""
        return np.flatnonzero(self._group == VISUAL_GROUP)

    def settle(self) -> None:
        """From the next `follow` on everything is at rest where it is then."""
        self._places = None

    def follow(self, data: mujoco.MjData) -> bool:
        """Look where the things are now; whether other ones stand than before."""
        turned = data.geom_xmat[self._things]
        places = np.concatenate((data.geom_xpos[self._things] / _STIRRED, turned / _TURNED), 1)
        if self._places is None:
            self._places = places
            self._stirred[:] = False
            self._group[self._things] = STANDING_GROUP
            return True
        stirred = self._stirred | (np.abs(places - self._places) > 1).any(1)
        newly = bool((stirred & ~self._stirred).any())
        if newly:
            self._stirred = stirred
            self._group[self._things[stirred]] = VISUAL_GROUP
        return newly
