"""Evaluation: intervals, even assignment, and episodes that repeat bit for bit."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy import load_policy
from scenes import TabletopEnv
from scenes.language import interpret
from scenes.layout import draw_layout
from training.commands.eval import SHIPPED
from training.evaluate import wilson
from training.rollout import assign_tasks, make_runtime, observe


@given(st.integers(0, 500), st.integers(1, 500))
def test_the_interval_holds_the_rate(successes: int, episodes: int) -> None:
    low, high = wilson(min(successes, episodes), episodes)
    assert 0 <= low <= min(successes, episodes) / episodes + 1e-9 <= high + 2e-9 <= 1 + 3e-9


def test_families_are_spread_evenly_over_scenes_that_can_fulfil_them() -> None:
    tasks = assign_tasks(90, 860_000)
    counts = Counter(task.goal.family for task in tasks)
    assert len(tasks) == 90 and max(counts.values()) - min(counts.values()) <= 2
    for task in tasks:
        assert interpret(task.instruction, draw_layout(task.seed).names) == task.goal


@pytest.mark.parametrize("schedule", ["asynchronous", "synchronous"])
def test_a_lockstep_episode_of_the_shipped_policy_repeats_bit_for_bit(schedule: str) -> None:
    env, policy = TabletopEnv(), load_policy(SHIPPED)
    task = assign_tasks(1, 870_000)[0]

    def play() -> list[np.ndarray]:
        runtime = make_runtime(policy, schedule, 2)
        runtime.reset(1, episode_seed=task.seed)
        env.world.reset(task.seed)
        kept = []
        for step in range(16):
            decision = runtime.decide(observe(env, step, 1, task.instruction))
            env.world.step(decision.action)
            kept += [decision.action, env.get_state()]
        return kept

    assert all(np.array_equal(one, other) for one, other in zip(play(), play(), strict=True))
