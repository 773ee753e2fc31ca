"""The commanded pose stays where the arm can follow."""

from __future__ import annotations

import numpy as np

from scenes import TabletopEnv


def test_a_turn_that_no_joint_follows_is_said_and_not_wound_up():
    env = TabletopEnv()
    env.reset(seed=870_003)
    roll = np.zeros(7, np.float32)
    roll[3], roll[6] = 1, -1
    said, ahead = [], []
    for _ in range(120):
        env.step(roll)
        said.append(env.clamped)
        hand = env.world.data.body("hand").xquat
        ahead.append(2 * np.arccos(min(1.0, abs(float(hand @ env.world.controller.quaternion)))))
    assert said[0] == () and "turn" in said[-1]
    assert max(ahead) < 1.2
    env.close()
