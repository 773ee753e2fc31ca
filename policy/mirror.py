"""The table seen in a mirror: left and right exchanged, which doubles what a data set shows.

The arm is symmetric about the plane y = 0 of its base frame, the wrist camera about the hand's x-z plane, and the
expert about both; the seventh joint's home is pi / 4, about which it mirrors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ACTION = np.array((1, -1, 1, -1, 1, -1, 1), np.float32)
"""sign of every action dimension in the mirror; rotations are axial vectors"""
POSITION = np.array((1, -1, 1), np.float32)
CLOSING = np.array((1, -1), np.float32)
_PROPRIO = np.array((1, -1, 1, 1, -1, 1, -1, 1, -1, 1, 1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1), np.float32)
_PROPRIO_OFFSET = np.zeros(21, np.float32)
_PROPRIO_OFFSET[-1] = np.pi / 2


def mirror_proprio(proprio: NDArray[np.float32]) -> NDArray[np.float32]:
    """(..., P) as a mirrored arm would feel it."""
    return proprio * _PROPRIO + _PROPRIO_OFFSET


def mirror_bins(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """(..., 7, N) probabilities of the mirrored actions' bins."""
    return np.where((ACTION < 0)[:, None], probabilities[..., ::-1], probabilities)


def mirror_pixels(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """(..., 2) u, v in [0, 1] of the flipped picture."""
    return np.stack((1 - pixels[..., 0], pixels[..., 1]), -1)


def mirror_pictures(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(..., S, S, 3) flipped left to right."""
    return pictures[..., ::-1, :]
