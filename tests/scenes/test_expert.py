"""The scripted expert: a function of the simulator state that fulfils every family of tasks."""

from __future__ import annotations

import numpy as np
import pytest

from scenes.constants import MAX_TRANSLATION
from scenes.expert import expert_action
from scenes.goals import FAMILIES, Goal, goals_for
from scenes.layout import draw_layout
from scenes.tasks import is_successful
from scenes.world import World


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def attempt(world: World, goal: Goal, steps: int = 250) -> bool:
    for _ in range(steps):
        world.step(expert_action(world, goal))
        if is_successful(world, goal):
            return True
    return False


@pytest.mark.parametrize("family", FAMILIES)
def test_it_succeeds_on_fresh_seeds(world: World, family: str) -> None:
    tried = 0
    for seed in range(810_000, 810_100):
        world.reset(seed)
        goals = [goal for goal in goals_for(world.spots) if goal.family == family]
        if goals:
            assert attempt(world, goals[seed % len(goals)]), f"seed {seed}"
            tried += 1
        if tried == 8:
            return
    pytest.fail("too few scenes in which it can be tried")


def test_it_grasps_lying_cylinders(world: World) -> None:
    tried = 0
    for seed in range(820_000, 820_100):
        world.reset(seed)
        lying = [n for n in world.names if n.endswith("cylinder") and abs(world.rotation(n)[2, 2]) < 0.5]
        if lying and tried < 5:
            tried += 1
            assert attempt(world, Goal("pick", lying[0])), f"seed {seed}"
    assert tried == 5


def test_it_depends_on_nothing_but_the_state(world: World) -> None:
    world.reset(830_000)
    goal = goals_for(world.spots)[0]
    for _ in range(15):
        world.step(expert_action(world, goal))
    state, action = world.get_state(), expert_action(world, goal)
    other = World()
    other.set_state(state)
    assert np.array_equal(expert_action(other, goal), action)


def test_it_puts_down_the_wrong_object_before_it_takes_the_right_one(world: World) -> None:
    world.reset(840_001)
    names = [name for name in world.names if name.endswith(("cube", "cylinder"))]
    assert attempt(world, Goal("pick", names[0]))
    assert attempt(world, Goal("pick", names[1]), 400)
    assert not world.is_held(names[0])


def test_it_grasps_again_after_a_slip(world: World) -> None:
    for seed in (840_001, 840_002, 840_003):
        world.reset(seed)
        name = next(name for name in world.names if name.endswith("cube"))
        assert attempt(world, Goal("pick", name))
        for _ in range(12):  # the fingers let go in the air
            world.step(np.array((0, 0, 0, 0, 0, 0, -1), np.float32))
        assert not world.is_held(name) and not is_successful(world, Goal("pick", name))
        assert attempt(world, Goal("pick", name)), f"seed {seed}"


def test_it_backs_off_after_a_collision(world: World) -> None:
    for seed in (840_001, 840_002, 840_003):
        world.reset(seed)
        free = [name for name in world.names if name.endswith(("cube", "cylinder"))]
        for _ in range(60):  # closed fingers come down on something else and stay there, pressing
            away = world.position(free[1]) - world.hand_position
            world.step(np.clip(np.array((*(30 * away), 0, 0, 0, 1)), -1, 1).astype(np.float32))
        assert float(np.linalg.norm(world.position(free[1]) - world.hand_position)) < 0.06, "it is in the way"
        assert attempt(world, Goal("pick", free[0])), f"seed {seed}"


def test_a_push_lets_the_fingers_touch_but_not_hold(world: World) -> None:
    seed, goal = next(
        (seed, goal)
        for seed in range(810_000, 810_100)
        for goal in goals_for(draw_layout(seed).spots)
        if goal.family == "push" and goal.detail == "front"
    )
    world.reset(seed)
    commands = []
    for _ in range(60):
        action = expert_action(world, goal)
        commands.append(action[6])
        world.step(action)
        if is_successful(world, goal):
            break
    assert is_successful(world, goal)
    assert min(commands) > 0


def test_it_stays_on_a_button_that_is_down_since_nobody_sees_that_it_is(world: World) -> None:
    seed, goal = next(
        (seed, goal)
        for seed in range(810_000, 810_100)
        for goal in goals_for(draw_layout(seed).spots)
        if goal.family == "button"
    )
    world.reset(seed)
    assert attempt(world, goal)
    for _ in range(20):
        world.step(expert_action(world, goal))
        assert world.hand_position[2] < 0.05


def test_the_drawer_comes_out_only_as_far_as_it_goes_and_stays_there(world: World) -> None:
    seed = next(
        seed
        for seed in range(810_000, 810_200)
        if Goal("drawer", "drawer", "open") in goals_for(draw_layout(seed).spots)
    )
    world.reset(seed)
    assert attempt(world, Goal("drawer", "drawer", "open"))
    for _ in range(40):
        world.step(expert_action(world, Goal("drawer", "drawer", "open")))
    assert 0.9 < world.moved("drawer") < 1.02
    assert attempt(world, Goal("drawer", "drawer", "close"))


def test_a_handle_that_is_not_in_the_middle_of_the_fingers_is_pulled_and_not_let_go(world: World) -> None:
    goal = Goal("drawer", "drawer", "open")
    seed = next(seed for seed in range(810_000, 810_200) if goal in goals_for(draw_layout(seed).spots))
    world.reset(seed)
    while (action := expert_action(world, goal))[6] < 0:
        world.step(action)
    aside = np.zeros(7, np.float32)
    aside[:3], aside[6] = 0.010 * world.rotation("drawer")[:, 0] / MAX_TRANSLATION, -1
    world.step(aside)
    shut = np.zeros(7, np.float32)
    shut[6] = 1
    for _ in range(8):
        world.step(shut)
    assert not all(world.touches("drawer"))
    commands = []
    for _ in range(60):
        commands.append(expert_action(world, goal)[6])
        world.step(expert_action(world, goal))
        if is_successful(world, goal):
            break
    assert is_successful(world, goal)
    assert min(commands) > 0
