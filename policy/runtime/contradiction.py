"""Whether a new intent contradicts the one that is being carried out: what it is about is no longer where it was."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from records import Intent

MAX_UNEXPLAINED: Final = 0.05
"""metres that cannot be explained, from which on what was planned before is dropped.

Planners waver, too: between two intents of the shipped one, with nobody moving anything, the median is 5 mm, 95 % are
below 34 mm, and 8 of 347 were above this limit. `libra eval --perturb moved` counts them.
"""
_TARGET, _CONTAINER, _HAS_CONTAINER = slice(0, 3), slice(3, 6), 8
"""of the anchors, see `policy.anchors`"""


def unexplained(old: Intent, new: Intent) -> float:
    """Metres by which the target or the container moved between two intents that nothing the arm did explains.

    A container stays. A target stays, or comes along with the hand for a part of the hand's way: it is carried or
    pushed. Anything else was done by somebody else, or one of the two intents is wrong: the newer one saw more.
    """
    before, after = old.anchors, new.anchors
    if before is None or after is None:
        return 0.0
    hand = new.proprio[:3] - old.proprio[:3]
    found = _off(after[_TARGET] - before[_TARGET], hand)
    if min(before[_HAS_CONTAINER], after[_HAS_CONTAINER]) > 0.5:
        found = max(found, float(np.linalg.norm(after[_CONTAINER] - before[_CONTAINER])))
    return found


def _off(moved: NDArray[np.float32], hand: NDArray[np.float32]) -> float:
    """Distance of a motion (3,) from the nearest part of the hand's (3,)."""
    length = float(hand @ hand)
    share = float(np.clip(moved @ hand / length, 0, 1)) if length > 0 else 0.0
    return float(np.linalg.norm(moved - share * hand))
