"""The tabletop environment: reproducible, restorable, and showing the policy no more than a robot would see."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from records import PROPRIO_NAMES
from scenes import TabletopEnv


@pytest.fixture(scope="module")
def env() -> TabletopEnv:
    return TabletopEnv()


def play(env: TabletopEnv, seed: int, steps: int = 12) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    observation, _ = env.reset(seed=seed)
    seen = [observation["front"], observation["wrist"], observation["proprio"]]
    for _ in range(steps):
        observation, *_ = env.step(rng.uniform(-1, 1, 7).astype(np.float32))
        seen += [observation["front"], observation["wrist"], observation["proprio"], env.get_state()]
    return seen


def test_the_same_seed_and_actions_give_the_same_episode_bit_for_bit(env: TabletopEnv) -> None:
    first = play(env, 11)
    play(env, 12)
    for one, other in zip(first, play(env, 11), strict=True):
        assert np.array_equal(one, other)


def test_another_process_state_is_the_same_as_a_fresh_environment(env: TabletopEnv) -> None:
    for one, other in zip(play(env, 5), play(TabletopEnv(), 5), strict=True):
        assert np.array_equal(one, other)


def test_a_restored_state_continues_exactly(env: TabletopEnv) -> None:
    rng = np.random.default_rng(0)
    actions = rng.uniform(-1, 1, (30, 7)).astype(np.float32)
    env.reset(seed=21)
    for action in actions[:10]:
        env.step(action)
    state = env.get_state()
    views = env.observe()
    onward = [env.step(action)[0] for action in actions[10:]]
    end = env.get_state()
    env.reset(seed=22)
    env.set_state(state)
    assert np.array_equal(env.get_state(), state)
    again = env.observe()
    assert all(np.array_equal(views[key], again[key]) for key in views)
    for expected, action in zip(onward, actions[10:], strict=True):
        observation = env.step(action)[0]
        assert all(np.array_equal(expected[key], observation[key]) for key in expected)
    assert np.array_equal(env.get_state(), end)


def test_a_state_of_another_scene_is_refused_with_a_sentence(env: TabletopEnv) -> None:
    with pytest.raises(ValueError, match="another version of the scene"):
        env.set_state(np.zeros(7))


def test_observations_fit_the_declared_space_and_hold_nothing_else(env: TabletopEnv) -> None:
    observation, info = env.reset(seed=3)
    assert env.observation_space.contains(observation)
    assert observation["proprio"].shape == (len(PROPRIO_NAMES),)
    assert info == {}
    *_, info = env.step(np.zeros(7, np.float32))
    assert info == {}


def test_the_environment_is_a_gymnasium_environment(env: TabletopEnv) -> None:
    assert isinstance(env, gym.Env)
    _, reward, terminated, truncated, _ = env.step(np.zeros(7, np.float32))
    assert (reward, terminated, truncated) == (0.0, False, False)


def test_slices_add_up_to_one_control_step(env: TabletopEnv) -> None:
    action = np.array((0.5, -0.3, -0.4, 0, 0, 0.2, -1), np.float32)
    env.reset(seed=4)
    env.step(action)
    whole = env.get_state()
    env.reset(seed=4)
    env.begin_step(action)
    for _ in range(5):
        env.advance_slice()
    assert np.array_equal(env.get_state(), whole)
    assert env.sim_time > 0


def test_the_hand_follows_commands_in_the_robot_base_frame(env: TabletopEnv) -> None:
    env.reset(seed=8)
    before = env.hand_position
    for _ in range(8):
        env.step(np.array((0.5, 0, 0, 0, 0, 0, -1), np.float32))
    for _ in range(4):
        env.step(np.array((0, 0, 0, 0, 0, 0, -1), np.float32))
    assert env.hand_position - before == pytest.approx((0.08, 0, 0), abs=0.006)


def test_what_is_not_in_the_scene_is_not_in_its_geometry(env: TabletopEnv) -> None:
    env.reset(seed=6)
    bodies = {record.body for record in env.geometry()}
    assert set(env.objects) <= bodies
    assert not {"red cube", "green cube", "blue cube", "yellow cube"} - set(env.objects) & bodies
    positions, quaternions = env.body_poses()
    assert positions.shape[1] == 3 and quaternions.shape[1] == 4
