"""What an intent says of where things are stays right while it ages."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from policy.anchors import ANCHOR_SIZE, FEATURE_SIZE, mirror_anchors, read_anchors, to_anchors
from policy.geometry import POSE_SIZE
from policy.mirror import CLOSING, POSITION, mirror_proprio
from policy.tasks import TASKS
from policy.turn import in_hand
from scenes import TabletopEnv
from scenes.expert import expert_action
from scenes.goals import Goal, goals_for
from scenes.labels import THINGS, frame_labels


@pytest.fixture(scope="module")
def moments() -> list[tuple[Goal, np.ndarray, dict[str, np.ndarray]]]:
    """Goal, proprioception and labels while the expert reaches for something that it then puts somewhere."""
    env = TabletopEnv()
    seed = next(s for s in range(50) if any(g.family == "bowl" for g in _goals(env, s)))
    goal = next(goal for goal in _goals(env, seed) if goal.family == "bowl" and goal.target.endswith("cube"))
    kept = []
    for _ in range(20):
        kept.append((goal, env.proprioception(), frame_labels(env.world, goal)))
        env.world.step(expert_action(env.world, goal))
    return kept


def _goals(env: TabletopEnv, seed: int) -> list[Goal]:
    env.world.reset(seed)
    return goals_for(env.world.spots)


def anchors_at(moment: tuple[Goal, np.ndarray, dict[str, np.ndarray]]) -> np.ndarray:
    goal, felt, labels = moment
    rows = [THINGS.index(goal.target), THINGS.index(goal.container or "")]
    places = labels["positions"][rows].reshape(1, -1) * 10
    turn = in_hand(torch.from_numpy(labels["closing"])[None], torch.from_numpy(felt[None, :POSE_SIZE])).numpy()
    kind = np.eye(len(TASKS), dtype=np.float32)[[TASKS.index("push left")]]
    return to_anchors(places, turn, np.ones(1, np.float32), kind, felt[None])


def test_an_old_anchor_read_now_says_what_a_fresh_one_says(moments: list) -> None:
    old, fresh = anchors_at(moments[0]), anchors_at(moments[-1])
    now = moments[-1][1][None]
    assert old.shape == (1, ANCHOR_SIZE)
    assert read_anchors(old, now, now).shape == (1, FEATURE_SIZE)
    np.testing.assert_allclose(old[:, :6], fresh[:, :6], atol=2e-3)
    np.testing.assert_allclose(read_anchors(old, now, now), read_anchors(fresh, now, now), atol=0.06)


def test_without_a_container_its_place_says_nothing(moments: list) -> None:
    _, felt, _ = moments[0]
    two = [
        to_anchors(
            np.array([[1, 0, 0, *away]], np.float32),
            np.zeros((1, 2), np.float32),
            np.zeros(1, np.float32),
            np.zeros((1, len(TASKS)), np.float32),
            felt[None],
        )
        for away in ((5, 5, 5), (-3, 1, 0))
    ]
    hand = felt[None]
    np.testing.assert_array_equal(read_anchors(two[0], hand, hand), read_anchors(two[1], hand, hand))


def test_anchors_mirror_as_the_world_does(moments: list) -> None:
    anchors, felt = anchors_at(moments[0]), moments[5][1][None]
    then = moments[0][1][None]
    plain = read_anchors(anchors, felt, then)
    reflected = read_anchors(mirror_anchors(anchors), mirror_proprio(felt), mirror_proprio(then))
    signs = np.concatenate((np.tile(POSITION, 9), CLOSING, (1,)))
    placed = len(signs)
    np.testing.assert_allclose(plain[:, :placed] * signs, reflected[:, :placed], atol=1e-5)
    assert TASKS[int(reflected[0, placed:].argmax())] == "push right"


def test_where_a_thing_is_in_the_hand_is_told_however_far_the_hand_went(moments: list) -> None:
    anchors, then = anchors_at(moments[0]), moments[0][1][None]
    kept = [read_anchors(anchors, felt[None], then).reshape(-1)[6:9] for _, felt, _ in moments]
    np.testing.assert_array_equal(kept[0], kept[-1])
