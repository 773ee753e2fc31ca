"""Where tokens and actions lead in space, for overlays."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from policy.actions import decode
from records import Intent

METRES_PER_UNIT: Final = 0.02
"""translation of one action unit in one control step, metres in the robot base frame"""


def coarse_path(hand: NDArray[np.floating], intent: Intent, row: int) -> NDArray[np.float32]:
    """Where an intent's tokens (bin centres) from `row` on lead.

    Args:
        hand: (3,) metres.
        intent: with tokens (L, 7) of N bins.
        row: of the tokens that belong to this control step.

    Returns:
        (K, 3) metres, the hand first.
    """
    tokens = intent.tokens[max(row, 0) :, :3]
    return _integrate(hand, decode(tokens, intent.probabilities.shape[-1]))


def refined_path(hand: NDArray[np.floating], actions: NDArray[np.floating]) -> NDArray[np.float32]:
    """Where actions (H, 7) lead from the hand (3,): (H + 1, 3) metres, the hand first."""
    return _integrate(hand, np.clip(actions[:, :3], -1, 1))


def _integrate(hand: NDArray[np.floating], moves: NDArray[np.floating]) -> NDArray[np.float32]:
    path = np.empty((len(moves) + 1, 3), dtype=np.float32)
    path[0] = hand
    np.cumsum(moves * METRES_PER_UNIT, axis=0, out=path[1:])
    path[1:] += path[0]
    return path
