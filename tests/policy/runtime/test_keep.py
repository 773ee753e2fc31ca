"""Going back: a runtime that resumes from what was kept does the same again, in lockstep exactly."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from toys import ToyPlanner, ToyRefiner, observation

from policy.runtime import Lockstep, Pins, Runtime, WallClock, schedule_named


def drive(runtime, steps, kept_at=None):
    actions, kept = [], None
    for step in steps:
        if step == kept_at:
            kept = runtime.keep()
        actions.append(runtime.decide(observation(step, runtime.generation)).action)
    return actions, kept


@given(
    delay=st.integers(0, 16),
    schedule=st.sampled_from(("asynchronous", "sequential", "synchronous")),
    kept_at=st.integers(0, 50),
    beyond=st.integers(1, 30),
)
def test_what_follows_is_the_same_again(delay, schedule, kept_at, beyond):
    runtime = Runtime(ToyPlanner(), ToyRefiner(), schedule_named(schedule), Lockstep(delay))
    runtime.reset(1, episode_seed=5)
    actions, kept = drive(runtime, range(kept_at + beyond), kept_at)
    runtime.resume(kept, 2)
    again, _ = drive(runtime, range(kept_at, kept_at + beyond))
    assert all(np.array_equal(one, other) for one, other in zip(actions[kept_at:], again, strict=True))


@given(pinned_at=st.integers(0, 20), steps=st.integers(1, 20), later=st.integers(0, 20))
def test_what_was_pinned_is_pinned_again_for_as_long(pinned_at, steps, later):
    runtime = Runtime(ToyPlanner(), ToyRefiner(), schedule_named("asynchronous"), Lockstep(1))
    runtime.reset(1, episode_seed=5)
    actions, kept, kept_at = [], None, pinned_at + later
    for step in range(60):
        if step == pinned_at:
            runtime.steer(Pins({0: 9, 6: 0}, step + steps))
        if step == kept_at:
            kept = runtime.keep()
        actions.append(runtime.decide(observation(step, runtime.generation)).action)
    runtime.resume(kept, 2)
    again, _ = drive(runtime, range(kept_at, 60))
    assert all(np.array_equal(one, other) for one, other in zip(actions[kept_at:], again, strict=True))


def test_a_call_that_was_lost_is_asked_anew_at_once():
    planner = ToyPlanner()
    runtime = Runtime(planner, ToyRefiner(), schedule_named("asynchronous"), WallClock(planner_latency_s=5.0))
    try:
        runtime.reset(1, episode_seed=5)
        drive(runtime, range(2))
        kept = runtime.keep()
        runtime.resume(kept, 2)
        before = runtime.counters.planner_calls
        drive(runtime, [2])
        assert runtime.counters.planner_calls == before + 1
    finally:
        runtime.close()
