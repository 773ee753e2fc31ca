"""Lockstep episodes repeat bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from policy import load_policy
from scenes import TabletopEnv
from training.commands.eval import SHIPPED
from training.rollout import make_runtime, observe
from training.tasks import assign_tasks


@pytest.mark.parametrize("schedule", ["asynchronous", "synchronous"])
def test_a_lockstep_episode_of_the_shipped_policy_repeats_bit_for_bit(schedule: str) -> None:
    env, policy = TabletopEnv(), load_policy(SHIPPED)
    task = assign_tasks(1, 870_000)[0]

    def play() -> list[np.ndarray]:
        runtime = make_runtime(policy.planner, policy.refiner, schedule, 2)
        runtime.reset(1, episode_seed=task.seed)
        env.world.reset(task.seed)
        kept = []
        for step in range(16):
            decision = runtime.decide(observe(env, step, 1, task.instruction))
            env.world.step(decision.action)
            kept += [decision.action, env.get_state()]
        return kept

    assert all(np.array_equal(one, other) for one, other in zip(play(), play(), strict=True))
