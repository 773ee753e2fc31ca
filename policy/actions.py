"""The hybrid action space: continuous actions in [-1, 1] and their coarse tokens (Libra-VLA, section 3)."""

from __future__ import annotations

from typing import Any

import numpy as np

STEP_METRES, STEP_RADIANS = 0.02, 0.10
"""how far an action of 1 moves the commanded pose in one control step"""


def encode(actions: Any, bins: int) -> Any:
    """Bin of every number in [-1, 1], `clip(floor((a + 1) / 2 * N), 0, N - 1)`; arrays or tensors of any shape."""
    scaled = (actions + 1) / 2 * bins
    if isinstance(scaled, np.ndarray | np.floating | float):
        return np.clip(np.floor(scaled), 0, bins - 1).astype(np.uint8)
    return scaled.floor().clamp(0, bins - 1).long()


def decode(tokens: Any, bins: int) -> Any:
    """Centre of every bin, in [-1, 1]."""
    if isinstance(tokens, np.ndarray):
        return ((tokens.astype(np.float32) + 0.5) / bins * 2 - 1).astype(np.float32)
    return (tokens.float() + 0.5) / bins * 2 - 1
