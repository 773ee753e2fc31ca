"""What a mirror shows is another scene of the same world: pictures, proprioception and the expert agree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app import DEFAULT_CHECKPOINT
from policy import load_policy
from policy.actions import encode
from policy.mirror import ACTION, CLOSING, POSITION, mirror_bins, mirror_pictures, mirror_pixels, mirror_proprio
from records import Observation
from scenes import TabletopEnv
from scenes.expert import expert_action
from scenes.goals import goals_for
from scenes.labels import frame_labels
from scenes.layout import Layout, Placement, draw_layout

SEEDS = (3, 11)


def mirrored(layout: Layout) -> Layout:
    def turn(placement: Placement) -> Placement:
        (x, y, z), (w, i, j, k) = placement.position, placement.quaternion
        if placement.name == "drawer":  # it opens towards the middle from either side
            return replace(placement, position=(x, -y, z), quaternion=(k, 0.0, 0.0, w))
        return replace(placement, position=(x, -y, z), quaternion=(w, -i, j, -k))

    signs = np.array((-1, 1, -1, 1, -1, 1, -1))
    joints = np.array(layout.joints) * signs + (0, 0, 0, 0, 0, 0, np.pi / 2)
    (x, y, z), (across, up) = layout.camera_shift, layout.camera_turn
    return replace(
        layout,
        placements=tuple(turn(placement) for placement in layout.placements),
        joints=tuple(joints),
        light_shift=(layout.light_shift[0], -0.7 - layout.light_shift[1]),
        camera_shift=(x, -y, z),
        camera_turn=(-across, up),
        camera_roll=-layout.camera_roll,
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_mirrored_scene_is_what_the_mirror_shows(seed: int) -> None:
    envs = TabletopEnv(), TabletopEnv()
    layout = draw_layout(seed)
    goal = goals_for(layout.spots)[0]
    for env, arranged in zip(envs, (layout, mirrored(layout)), strict=True):
        env.world.arrange(arranged)
    seen, reflected = (env.observe() for env in envs)
    for camera in ("front", "wrist"):
        difference = np.abs(mirror_pictures(seen[camera]).astype(int) - reflected[camera])
        assert np.mean(difference) < 4, camera
    for _ in range(25):
        here, there = (expert_action(env.world, goal) for env in envs)
        np.testing.assert_allclose(here * ACTION, there, atol=0.02)
        envs[0].world.step(here)
        envs[1].world.step(here * ACTION)
    felt, mirrored_felt = (env.proprioception() for env in envs)
    np.testing.assert_allclose(mirror_proprio(felt), mirrored_felt, atol=3e-3)
    labels, other = (frame_labels(env.world, goal) for env in envs)
    np.testing.assert_allclose(labels["positions"] * POSITION, other["positions"], atol=3e-3)
    np.testing.assert_allclose(mirror_pixels(labels["pixels"]), other["pixels"], atol=0.01)
    np.testing.assert_allclose(mirror_pixels(labels["hand"]), other["hand"], atol=0.01)
    np.testing.assert_allclose(labels["closing"] * CLOSING, other["closing"], atol=0.05)


def test_mirrored_twice_is_as_it_was() -> None:
    rng = np.random.default_rng(0)
    proprio = rng.normal(size=(5, 21)).astype(np.float32)
    np.testing.assert_allclose(mirror_proprio(mirror_proprio(proprio)), proprio, atol=1e-6)
    actions = rng.uniform(-1, 1, (50, 7)).astype(np.float32)
    assert np.array_equal(encode(actions * ACTION * ACTION, 10), encode(actions, 10))


def test_with_a_second_look_a_mirrored_observation_gets_the_mirrored_plan() -> None:
    planner = load_policy(DEFAULT_CHECKPOINT).planner
    planner.config = replace(planner.config, second_look=True)
    env = TabletopEnv()
    seen, _ = env.reset(seed=3)
    words = env.suggestions()[0]
    here = Observation(0, 0, words, seen["front"], seen["wrist"], seen["proprio"], 0.0)
    there = replace(
        here,
        front=mirror_pictures(here.front).copy(),
        wrist=mirror_pictures(here.wrist).copy(),
        proprio=mirror_proprio(here.proprio),
    )
    plan, reflected = planner.plan(here), planner.plan(there)
    np.testing.assert_allclose(mirror_bins(plan.probabilities), reflected.probabilities, atol=1e-3)
    for mine, other in zip(plan.groundings, reflected.groundings, strict=True):
        for camera, heatmap in mine.heatmaps.items():
            np.testing.assert_allclose(heatmap[:, ::-1], other.heatmaps[camera], atol=1e-3)
