"""Which way the fingers should close, as the pictures show it around the target and nothing else."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from policy.geometry import hand_rotation

_SIDE = 7
_NARROW = 16


class TurnHead(nn.Module):
    """How far the hand stands from the direction in which its fingers should close.

    The expert has turned the hand long before it is near, so most demonstrations show an object that lies as the hand
    stands; whoever is told how the hand stands learns to believe just that. This part is told nothing of it: the wrist
    camera's picture turns with the hand and answers directly, the front camera's answers in the base frame.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inputs = _NARROW * _SIDE * _SIDE + 4
        self.narrow_wrist, self.narrow_front = nn.Linear(channels, _NARROW), nn.Linear(channels, _NARROW)
        self.wrist = nn.Sequential(nn.Linear(inputs, 128), nn.GELU(), nn.Dropout(0.1), nn.Linear(128, 64), nn.GELU())
        self.front = nn.Sequential(nn.Linear(inputs, 128), nn.GELU(), nn.Dropout(0.1), nn.Linear(128, 64), nn.GELU())
        self.by_wrist, self.by_front = nn.Linear(64, 2), nn.Linear(64, 2)
        self.trust = nn.Linear(128, 1)

    def forward(self, front: Tensor, wrist: Tensor, front_map: Tensor, wrist_map: Tensor, pose: Tensor) -> Tensor:
        """(B, 2) double angle from the hand's closing direction to the one it should have; zero when any will do.

        Front and wrist (B, 4) facts of the target's heatmaps (`read_peak`), maps (B, C, G, G), pose (B, POSE_SIZE).
        """
        height = pose[:, 2:3] * 5
        seen = self.wrist(torch.cat((self.narrow_wrist(_around(wrist_map, wrist)).flatten(1), wrist[:, :3], height), 1))
        far = self.front(torch.cat((self.narrow_front(_around(front_map, front)).flatten(1), front[:, :3], height), 1))
        trust = self.trust(torch.cat((seen, far), 1)).sigmoid()
        return trust * self.by_wrist(seen) + (1 - trust) * in_hand(self.by_front(far), pose)


def in_hand(doubled: Tensor, pose: Tensor) -> Tensor:
    """(B, 2) double angle of a horizontal direction in the base frame -> from the hand's closing direction to it."""
    side = hand_rotation(pose)[:, :2, 1]
    side = side / side.norm(dim=1, keepdim=True).clamp_min(1e-6)
    cosine, sine = side[:, 0] ** 2 - side[:, 1] ** 2, 2 * side[:, 0] * side[:, 1]
    along, across = doubled[:, 0], doubled[:, 1]
    return torch.stack((along * cosine + across * sine, across * cosine - along * sine), 1)


def _around(fine: Tensor, peak: Tensor) -> Tensor:
    """(B, C, G, G), (B, 2 or more) u, v first -> (B, _SIDE * _SIDE, C) features on a grid of cells around u, v."""
    cell = 2 / fine.shape[-1]
    ticks = (torch.arange(_SIDE, device=fine.device, dtype=torch.float32) - _SIDE // 2) * cell
    offsets = torch.stack((ticks.expand(_SIDE, _SIDE), ticks[:, None].expand(_SIDE, _SIDE)), -1)
    grid = peak[:, None, None, :2].detach().float() + offsets
    return F.grid_sample(fine.float(), grid, align_corners=False).flatten(2).transpose(1, 2)
