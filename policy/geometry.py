"""Where a pixel's ray meets the table: both cameras' nominal calibration, in closed form.

A hand-eye calibrated wrist camera moves exactly with the hand. The front camera may have been knocked a little: where
it sees the robot's own grasp point, against where proprioception says that it is, tells by how much.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

POSE_SIZE = 9
"""grasp point (m) and first two columns of the hand's rotation matrix, base frame: how proprioception begins"""
FRONT_POSITION, FRONT_TARGET, FRONT_FOVY = (1.12, 0.0, 0.66), (0.475, 0.0, 0.03), 39.0
"""metres in the base frame; vertical field of view in degrees, pictures are square"""
WRIST_POSITION, WRIST_LOOK, WRIST_FOVY = (0.078, 0.0, -0.0734), (-0.042, 0.0, 0.100), 75.0
"""metres from the grasp point and viewing direction, hand frame; picture columns run along the hand's y"""
OBJECT_HEIGHT = 0.02
"""metres above the table at which things are seen"""
_FAR = 0.6


def hand_rotation(pose: Tensor) -> Tensor:
    """(B, POSE_SIZE) -> (B, 3, 3)"""
    first, second = pose[:, 3:6], pose[:, 6:9]
    return torch.stack((first, second, torch.linalg.cross(first, second)), -1)


def _camera(backward: Tensor, right: Tensor) -> Tensor:
    backward = backward / backward.norm()
    right = right / right.norm()
    return torch.stack((right, torch.linalg.cross(backward, right), backward), -1)


def _rays(spots: Tensor, fovy: float) -> Tensor:
    """(B, Q, 2) u, v in [-1, 1] -> (B, Q, 3) directions in the camera frame."""
    size = math.tan(math.radians(fovy) / 2)
    return torch.stack((spots[..., 0] * size, -spots[..., 1] * size, -torch.ones_like(spots[..., 0])), -1)


def _meet(origin: Tensor, rays: Tensor, height: Tensor) -> Tensor:
    """(B, 1 or Q, 3) origins, (B, Q, 3) rays, (B, 1) heights -> (B, Q, 2) x, y where they meet that height."""
    reach = (height - origin[..., 2]) / rays[..., 2].clamp(max=-0.05)
    return (origin + rays * reach.clamp(0.0, 3.0)[..., None])[..., :2]


def on_table(front: Tensor, wrist: Tensor, hand: Tensor, pose: Tensor) -> tuple[Tensor, Tensor]:
    """Where things lie from the hand if they lie on the table, by each camera.

    Front and wrist (B, Q, 2) u, v in [-1, 1]; hand (B, 1, 2) where the front camera sees the grasp point; pose
    (B, POSE_SIZE) -> x, y in decimetres, base frame, by the front camera (B, Q, 2) and by the wrist camera (B, Q, 2).
    """
    at = pose[:, None, :3]
    height = torch.full_like(pose[:, :1], OBJECT_HEIGHT)
    origin = pose.new_tensor(FRONT_POSITION)
    backward = origin - pose.new_tensor(FRONT_TARGET)
    axes = _camera(backward, torch.linalg.cross(pose.new_tensor((0.0, 0.0, 1.0)), backward))
    rays = _rays(torch.cat((front, hand), 1), FRONT_FOVY) @ axes.T
    knocked = _meet(origin, rays[:, -1:], pose[:, 2:3]) - at[..., :2]
    by_front = _meet(origin, rays[:, :-1], height) - at[..., :2] - knocked
    rotation = hand_rotation(pose)
    look = -pose.new_tensor(WRIST_LOOK)
    axes = rotation @ _camera(look, pose.new_tensor((0.0, 1.0, 0.0)))
    eye = at + (rotation @ pose.new_tensor(WRIST_POSITION))[:, None]
    by_wrist = _meet(eye, _rays(wrist, WRIST_FOVY) @ axes.transpose(1, 2), height) - at[..., :2]
    return by_front.clamp(-_FAR, _FAR) * 10, by_wrist.clamp(-_FAR, _FAR) * 10
