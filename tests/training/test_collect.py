"""Demonstrations: pushed off its path, the expert recovers, and every frame says what it would have done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from scenes import TabletopEnv
from scenes.layout import draw_layout, tip_over
from training.collect import TURNING, Perturbation, collect_block

SEEDS = range(40, 46)
Frame = dict[str, np.ndarray[Any, Any]]


@pytest.fixture(scope="module")
def env() -> TabletopEnv:
    return TabletopEnv(image_size=16)


def test_a_tipped_scene_differs_only_in_how_its_cylinders_lie(env: TabletopEnv) -> None:
    for seed in SEEDS:
        drawn = draw_layout(seed)
        tipped = tip_over(drawn, np.random.default_rng(0))
        assert tipped.names == drawn.names
        env.world.arrange(tipped)
        for before, after in zip(drawn.placements, tipped.placements, strict=True):
            assert before.position[:2] == after.position[:2]
            if after.shape == "cylinder":
                assert abs(env.world.rotation(after.name)[2, 2]) < 0.1
            else:
                assert before == after


@pytest.fixture(scope="module")
def frames(env: TabletopEnv) -> dict[str, list[Frame]]:
    """Every frame of the same scenes, pushed and turned."""
    kinds = {"pushed": Perturbation(second_task=0), "turned": replace(TURNING, second_task=0)}
    blocks = {name: collect_block(env, SEEDS, kind) for name, kind in kinds.items()}
    assert all(len(block) == len(SEEDS) for block in blocks.values()), "the expert recovers from all of it"
    return {name: [frame for _, episode in block for frame in episode] for name, block in blocks.items()}


@pytest.mark.parametrize("kind", ["pushed", "turned"])
def test_every_frame_says_what_the_expert_would_have_done(frames: dict[str, list[Frame]], kind: str) -> None:
    clean = [bool(np.array_equal(frame["expert"], frame["executed"])) for frame in frames[kind]]
    assert clean == [bool(frame["clean"]) for frame in frames[kind]]
    assert 0.5 < np.mean(clean) < 1
    assert np.abs([frame["executed"] for frame in frames[kind]]).max() <= 1


def test_twists_leave_the_hand_near_its_target_with_much_to_turn(frames: dict[str, list[Frame]]) -> None:
    def share(kind: str) -> float:
        near = [np.abs(frame["positions"][frame["target"], :2]).max() < 0.05 for frame in frames[kind]]
        turning = [abs(frame["expert"][5]) > 0.5 for frame in frames[kind]]
        return float(np.mean(np.logical_and(near, turning)))

    assert share("turned") > 1.5 * share("pushed")


def test_the_same_seeds_give_the_same_demonstrations(env: TabletopEnv, frames: dict[str, list[Frame]]) -> None:
    again = collect_block(env, SEEDS[:1], replace(TURNING, second_task=0))
    for (_, episode), kept in zip(again, [frames["turned"]], strict=True):
        for one, other in zip(episode, kept, strict=False):
            np.testing.assert_array_equal(one["executed"], other["executed"])
