"""Anchors: where the planner saw things, in the robot's base frame, where they stay however old the intent is.

Tokens are speeds for certain steps and lose their meaning as they age. What the planner knew beside them does not: an
object that nobody touches is where it was, and the task is the task. So an intent carries where its target and its
container are, how the fingers should close and what kind of task it is, and the refiner reads them from where its own
hand is now.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from policy.tasks import MIRRORED, TASKS

_PLACED = 9
ANCHOR_SIZE = _PLACED + len(TASKS)
"""target x, y, z and container x, y, z (m, base frame), closing direction (double angle, base frame), whether there is
a container (0 or 1), probability of every kind of task"""
FEATURE_SIZE = 30 + len(TASKS)
_ZOOM = (1.0, 4.0, 16.0)
_MIRROR = np.array((1, -1, 1, 1, -1, 1, 1, -1, 1), np.float32)


def to_anchors(
    places: NDArray[np.float32], turn: NDArray[np.float32], container: NDArray[np.float32], kind: NDArray[np.float32],
    proprio: NDArray[np.float32],
) -> NDArray[np.float32]:  # fmt: skip
    """(B, ANCHOR_SIZE)

    Places (B, 6) target - hand and container - hand in decimetres; turn (B, 2) double angle from the hand's closing
    direction; container (B,) whether there is one; kind (B, len(TASKS)) probabilities; proprioception (B, P) of the
    same moment.
    """
    hand = np.concatenate((proprio[:, :3], proprio[:, :3]), 1)
    cosine, sine = _double_yaw(proprio)
    along, across = turn[:, 0], turn[:, 1]
    closing = np.stack((along * cosine - across * sine, along * sine + across * cosine), 1)
    seen = hand + places / 10
    seen[:, 3:] *= container[:, None]
    return np.concatenate((seen, closing, container[:, None], kind), 1).astype(np.float32)


def read_anchors(
    anchors: NDArray[np.float32], proprio: NDArray[np.float32], then: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(B, FEATURE_SIZE) what anchors (B, ANCHOR_SIZE) mean for the hand as it is now, proprioception (B, P).

    Target and container from the hand, and the target from the hand as it was when it was seen (`then`, (B, P)): that
    is where a thing in the hand still is, wherever the hand has gone. All at three scales. Then how far to turn,
    whether there is a container, kind of task.
    """
    hand, flag, kind = proprio[:, :3], anchors[:, 8:9], anchors[:, _PLACED:]
    places = (anchors[:, :3] - hand, (anchors[:, 3:6] - hand) * flag, anchors[:, :3] - then[:, :3])
    away = np.concatenate(places, 1) * 10
    cosine, sine = _double_yaw(proprio)
    along, across = anchors[:, 6], anchors[:, 7]
    turn = np.stack((along * cosine + across * sine, across * cosine - along * sine), 1)
    zoomed = [np.tanh(away * zoom) for zoom in _ZOOM]
    return np.concatenate((*zoomed, turn, flag, kind), 1).astype(np.float32)


def mirror_anchors(anchors: NDArray[np.float32]) -> NDArray[np.float32]:
    """(..., ANCHOR_SIZE) as a mirror shows them."""
    return np.concatenate((anchors[..., :_PLACED] * _MIRROR, anchors[..., _PLACED:][..., MIRRORED]), -1)


def _double_yaw(proprio: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    side = proprio[:, 6:8]
    side = side / np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-6)
    return side[:, 0] ** 2 - side[:, 1] ** 2, 2 * side[:, 0] * side[:, 1]
