"""The target is moved once, ten centimetres, while the hand comes near it."""

from __future__ import annotations

import numpy as np
import pytest

from scenes.constants import AREA
from scenes.expert import expert_action
from scenes.goals import Goal
from scenes.shove import DISTANCE, REACH, Shove
from scenes.tasks import is_successful
from scenes.world import World


def play(seed):
    world = World()
    world.reset(seed)
    goal = Goal("pick", next(name for name in world.names if name.endswith("cube")))
    shove = Shove(world, goal, seed)
    moved = None
    for step in range(160):
        before = world.position(goal.target)
        shove.look(step)
        if shove.step == step:
            moved = before, world.position(goal.target), np.linalg.norm((before - world.hand_position)[:2])
        world.step(expert_action(world, goal))
        if is_successful(world, goal):
            break
    return shove.step, moved, is_successful(world, goal)


@pytest.mark.parametrize("seed", [3, 5])
def test_the_target_is_moved_once_to_a_free_place_and_the_expert_follows(seed):
    step, (before, after, away), success = play(seed)
    assert step is not None and success
    assert np.linalg.norm(after - before) == pytest.approx(DISTANCE, abs=1e-3)
    assert away < REACH[1]
    low, high = np.array(AREA).T
    assert (after[:2] > low - 0.01).all() and (after[:2] < high + 0.01).all()


def test_when_and_where_to_follows_from_the_seed():
    one, other = play(3), play(3)
    assert one[0] == other[0] and (one[1][1] == other[1][1]).all()
