"""Hands on the world: what is dropped, lit, moved or pushed is part of the state, and the same again bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenes import TabletopEnv
from scenes.changes import SIZE, Changes
from scenes.constants import OBJECT_NAMES
from scenes.nudges import MOST_FORCE, describe, nudge
from scenes.wide import WideRenderer
from scenes.world import World

SEED = 7
STILL = np.array([0, 0, 0, 0, 0, 0, -1], np.float32)
ONE, OTHER = World(), World()

near = st.floats(-0.1, 0.1)
wishes = st.one_of(
    st.tuples(st.just("light"), st.tuples(st.floats(0.1, 2.0), st.floats(-1, 1), st.floats(-1, 1))),
    st.tuples(st.just("camera"), st.tuples(near, near, near, near, near, st.floats(-0.2, 0.2))),
    st.tuples(st.just("push"), st.tuples(*[st.floats(-30, 30)] * 3, st.integers(1, 5).map(float))),
    st.tuples(
        st.sampled_from(OBJECT_NAMES).map("drop {}".format), st.tuples(st.floats(0.3, 0.7), st.floats(-0.3, 0.3))
    ),
    st.tuples(st.sampled_from(OBJECT_NAMES), st.tuples(st.floats(-0.05, 0.05), st.floats(-0.05, 0.05), st.just(0.0))),
)
actions = st.lists(st.floats(-1, 1, width=32), min_size=7, max_size=7).map(lambda each: np.array(each, np.float32))


@settings(max_examples=15, deadline=None)
@given(plan=st.lists(st.tuples(st.lists(wishes, max_size=2), actions), min_size=4, max_size=8), back=st.integers(0, 3))
def test_nudges_are_replayed_and_restored_exactly(plan, back):
    ONE.reset(SEED)
    states, done = [], []
    for wanted, action in plan:
        took = []
        for name, numbers in wanted:
            try:
                nudge(ONE, name, numbers)
                took.append((name, numbers))
            except ValueError:  # not on the table, there already, or not there: refused as a whole
                pass
        done.append(took)
        states.append(ONE.get_state())
        ONE.step(action)
    OTHER.reset(SEED)
    for number, ((_, action), took) in enumerate(zip(plan, done, strict=True)):
        for name, numbers in took:
            nudge(OTHER, name, numbers)
        assert np.array_equal(OTHER.get_state(), states[number])
        OTHER.step(action)
    end = ONE.get_state()
    OTHER.reset(SEED + 1)
    OTHER.set_state(states[back])
    assert np.array_equal(OTHER.get_state(), states[back])
    for (_, action), took in zip(plan[back:], [[], *done[back + 1 :]], strict=True):
        for name, numbers in took:
            nudge(OTHER, name, numbers)
        OTHER.step(action)
    assert np.array_equal(OTHER.get_state(), end)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(["light", "camera", "push", "drop red cube", "drop moon", "moon", "red cube", "drop ", ""]),
    numbers=st.lists(st.floats(allow_nan=True, allow_infinity=True, width=64), max_size=7),
)
def test_whatever_is_asked_is_done_whole_or_refused_with_a_sentence_and_nothing_changed(name, numbers):
    before = ONE.get_state()
    try:
        nudge(ONE, name, numbers)
    except ValueError as error:
        assert str(error).endswith(".") and np.array_equal(ONE.get_state(), before)
    else:
        assert np.isfinite(numbers).all() and describe(name, numbers).endswith(".")
        ONE.reset(SEED)


def test_a_dropped_thing_falls_on_the_table_is_seen_and_can_be_asked_for():
    env = TabletopEnv()
    env.reset(seed=SEED)
    name = env.missing[0]
    before = env.views()["front"]
    env.nudge(f"drop {name}", (0.5, 0.0))
    for _ in range(30):
        env.step(STILL)
    assert name in env.objects and name in env.movable and name not in env.missing
    assert 0.01 < env.world.position(name)[2] < 0.08
    assert any(name in words for words in env.suggestions())
    assert np.abs(env.views()["front"].astype(int) - before).max() > 60
    assert any(record.body == name for record in env.geometry())
    env.reset(seed=SEED)
    assert name not in env.objects, "a new scene is as its seed drew it"
    env.close()


def test_light_and_camera_change_what_the_policy_sees_and_light_what_people_see():
    env = TabletopEnv()
    env.reset(seed=SEED)
    bright = env.views()["front"]
    env.nudge("light", (0.3, 0.0, 0.0))
    dark = env.views()["front"]
    assert dark.mean() < bright.mean() - 10
    wide = WideRenderer(SEED, 160, 90)
    lit = wide.render(env.qpos).copy()
    wide.set_seed(SEED, env.changes)
    assert wide.render(env.qpos).mean() < lit.mean() - 10
    wide.close()
    env.nudge("light", (1.0, 0.0, 0.0))
    assert np.array_equal(env.views()["front"], bright)
    env.nudge("camera", (0.0, 0.08, 0.0, 0.0, 0.0, 0.0))
    assert np.abs(env.views()["front"].astype(int) - bright).mean() > 2
    env.close()


def test_a_push_moves_the_arm_for_so_many_steps_and_it_comes_back():
    world = World()
    world.reset(SEED)
    home = world.hand_position
    nudge(world, "push", (MOST_FORCE, 0.0, 0.0, 10.0))
    for _ in range(10):
        world.step(STILL)
    pushed = world.hand_position
    assert pushed[0] - home[0] > 0.005
    assert world.data.xfrc_applied.any()
    for _ in range(30):
        world.step(STILL)
    assert not world.data.xfrc_applied.any()
    assert abs(world.hand_position[0] - home[0]) < 0.4 * (pushed[0] - home[0])


def test_states_of_older_records_are_still_restored():
    world = World()
    world.reset(SEED)
    whole = world.get_state()
    world.set_state(whole[: -SIZE - 1])
    assert np.array_equal(world.get_state(), whole) and world.changes == Changes()
    with pytest.raises(ValueError, match="another version"):
        world.set_state(whole[:-3])
