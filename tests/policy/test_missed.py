"""A refiner is told what of an intent was not done, in the world's own units."""

from __future__ import annotations

import numpy as np
import pytest

from policy import PolicyConfig
from policy.actions import STEP_METRES, STEP_RADIANS, decode, encode
from policy.refiner import MISSED_SIZE, intent_motion
from scenes import TabletopEnv
from scenes.constants import MAX_ROTATION, MAX_TRANSLATION

CONFIG = PolicyConfig()
STEPS = 5


@pytest.fixture(scope="module")
def env() -> TabletopEnv:
    return TabletopEnv(image_size=16)


def plan() -> np.ndarray:
    """(L, 7) tokens that move and turn at half speed."""
    actions = np.tile(np.array((0.5, -0.5, -0.5, 0.0, 0.0, 0.5, -1.0), np.float32), (CONFIG.horizon, 1))
    return encode(actions, CONFIG.bins)


def missed_after(env: TabletopEnv, actions: np.ndarray) -> np.ndarray:
    """(MISSED_SIZE,) full steps of the plan that are missing after these actions were carried out instead."""
    env.reset(seed=3)
    then = env.proprioception()
    for action in actions:
        env.world.step(action)
    for _ in range(4):  # the arm follows its command with a lag
        env.world.step(np.array((0, 0, 0, 0, 0, 0, -1), np.float32))
    return intent_motion(plan(), len(actions), len(actions), env.proprioception(), then, CONFIG)[-MISSED_SIZE:] * 2


def test_a_step_is_as_long_for_the_policy_as_for_the_world() -> None:
    assert (STEP_METRES, STEP_RADIANS) == (MAX_TRANSLATION, MAX_ROTATION)


def test_nothing_is_missed_of_an_intent_that_was_carried_out(env: TabletopEnv) -> None:
    np.testing.assert_allclose(missed_after(env, decode(plan()[:STEPS], CONFIG.bins)), 0, atol=0.3)


def test_all_is_missed_when_the_arm_stood_still(env: TabletopEnv) -> None:
    still = np.tile(np.array((0, 0, 0, 0, 0, 0, -1), np.float32), (STEPS, 1))
    meant = decode(plan()[:STEPS], CONFIG.bins).sum(0)[[0, 1, 2, 5]]
    np.testing.assert_allclose(missed_after(env, still), meant, atol=0.3)


def test_tokens_beside_zero_mean_no_path() -> None:
    felt = np.zeros(CONFIG.proprio_size, np.float32)
    felt[6:8] = (0.0, 1.0)
    idle = encode(np.zeros((CONFIG.horizon, 7), np.float32), CONFIG.bins)
    assert not intent_motion(idle, 6, 6, felt, felt, CONFIG)[-MISSED_SIZE:].any()
