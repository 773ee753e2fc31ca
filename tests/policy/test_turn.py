"""How far to turn is told in the hand's own frame, whatever the hand's pose."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from policy.geometry import POSE_SIZE
from policy.turn import TurnHead, in_hand
from scenes import TabletopEnv
from scenes.expert import expert_action
from scenes.goals import goals_for
from scenes.labels import frame_labels

angles = st.floats(-3.1, 3.1)


def pose_at(yaw: float) -> torch.Tensor:
    """A hand that points down with its y axis, along which the fingers close, at this angle."""
    return torch.tensor([[0.4, 0.0, 0.2, np.sin(yaw), -np.cos(yaw), 0.0, np.cos(yaw), np.sin(yaw), 0.0]]).float()


def doubled(angle: float) -> torch.Tensor:
    return torch.tensor([[np.cos(2 * angle), np.sin(2 * angle)]]).float()


@given(yaw=angles, closing=angles)
def test_a_direction_in_the_base_frame_is_its_angle_from_the_hand(yaw: float, closing: float) -> None:
    torch.testing.assert_close(in_hand(doubled(closing), pose_at(yaw)), doubled(closing - yaw), atol=1e-4, rtol=0)


@given(yaw=angles)
def test_what_needs_no_turning_says_so_in_every_pose(yaw: float) -> None:
    assert torch.equal(in_hand(torch.zeros(1, 2), pose_at(yaw)), torch.zeros(1, 2))


def test_the_expert_turns_the_way_that_the_label_says() -> None:
    env, checked = TabletopEnv(), 0
    for seed in range(12):
        env.world.reset(seed)
        for goal in goals_for(env.world.spots):
            labels = frame_labels(env.world, goal)
            pose = torch.from_numpy(env.proprioception()[None, :POSE_SIZE])
            along, across = in_hand(torch.from_numpy(labels["closing"])[None], pose)[0].tolist()
            if abs(across) > 0.3:
                assert np.sign(expert_action(env.world, goal)[5]) == np.sign(across), (goal, along, across)
                checked += 1
    assert checked > 10


def test_the_hands_own_angle_never_reaches_what_the_wrist_camera_says() -> None:
    torch.manual_seed(0)
    head = TurnHead(8).eval()
    head.trust.bias.data[:] = 50.0
    maps = torch.randn(1, 8, 24, 24), torch.randn(1, 8, 24, 24)
    peak = torch.tensor([[0.1, -0.2, 0.9, 0.0]])
    with torch.inference_mode():
        here, there = (head(peak, peak, *maps, pose_at(yaw)) for yaw in (0.1, 1.2))
    torch.testing.assert_close(here, there)
