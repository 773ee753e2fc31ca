"""The policy's camera calibration is the scene's, and rays meet the table where things lie."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from policy.geometry import OBJECT_HEIGHT, POSE_SIZE, on_table
from scenes import TabletopEnv
from scenes.expert import expert_action
from scenes.goals import goals_for
from scenes.labels import THINGS, frame_labels


@pytest.mark.parametrize("seed", [1, 3, 5])
def test_the_rays_of_both_cameras_lead_to_the_object(seed: int) -> None:
    env = TabletopEnv()
    env.world.reset(seed)
    goal = next(goal for goal in goals_for(env.world.spots) if goal.target.endswith("cube"))
    errors: dict[str, list[float]] = {"front": [], "wrist": []}
    for _ in range(20):
        labels = frame_labels(env.world, goal)
        row = THINGS.index(goal.target)
        spots = torch.from_numpy(labels["pixels"][row]) * 2 - 1
        hand = torch.from_numpy(labels["hand"])[None, None] * 2 - 1
        pose = torch.from_numpy(env.proprioception()[None, :POSE_SIZE])
        lying = on_table(spots[None, None, 0], spots[None, None, 1], hand, pose)
        for name, place in zip(errors, lying, strict=True):
            errors[name].append(float(np.linalg.norm(place[0, 0].numpy() / 10 - labels["positions"][row, :2])))
        env.world.step(expert_action(env.world, goal))
    assert np.nanmedian(errors["front"]) < 0.02, "the camera is knocked by up to 2 cm, its own hand corrects most of it"
    seen = np.array(errors["wrist"])[~np.isnan(errors["wrist"])]
    assert len(seen) == 0 or np.median(seen) < 0.003


def test_rays_that_miss_the_table_stay_within_reach() -> None:
    spots = torch.tensor([[[0.0, -1.0]]])
    pose = torch.tensor([[0.4, 0.0, OBJECT_HEIGHT + 0.4, 1.0, 0.0, 0.0, 0.0, -1.0, 0.0]])
    for place in on_table(spots, spots, spots, pose):
        assert torch.isfinite(place).all() and place.abs().max() <= 6.0
