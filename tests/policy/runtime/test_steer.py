"""Pinned tokens: what a human says about a dimension holds at every step, and lets go when it is over."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from toys import ToyPlanner, ToyRefiner, intent, observation

from policy.runtime import Lockstep, Pins, Runtime, schedule_named
from policy.runtime.runtime import PROPOSING_PERIOD

BINS = st.dictionaries(st.integers(0, 6), st.integers(0, 9), max_size=7)


class TenBins(ToyPlanner):
    """Tokens of bin 5, whose probabilities have ten bins as the real planner's."""

    def plan(self, seen):
        made = super().plan(seen)
        made.tokens[:] = 5
        object.__setattr__(made, "probabilities", np.full((len(made.tokens), 7, 10), 0.1, np.float32))
        return made


@given(bins=BINS, row=st.integers(-3, 60), ahead=st.integers(0, 80))
def test_tokens_say_what_is_pinned_for_the_steps_that_are_left_and_nothing_else(bins, row, ahead):
    before = intent(0)
    after = Pins(bins, until=100 + ahead).of_intent(before, row, 100)
    rows = range(max(row, 0), min(max(row + ahead, 0), len(before.tokens)))
    for dimension in range(7):
        for at in range(len(before.tokens)):
            pinned = dimension in bins and at in rows
            assert after.tokens[at, dimension] == (bins[dimension] if pinned else before.tokens[at, dimension])


@given(bins=BINS, values=st.lists(st.floats(-1, 1, width=32), min_size=7, max_size=7))
def test_an_action_is_inside_every_pinned_bin_and_as_it_was_elsewhere(bins, values):
    action = np.array(values, np.float32)
    steered = Pins(bins, 1).of_action(action, 10)
    for dimension, value in enumerate(action):
        if dimension not in bins:
            assert steered[dimension] == value
        elif dimension == 6:
            assert steered[dimension] == (1 if bins[dimension] >= 5 else -1)
        else:
            low = -1 + 0.2 * bins[dimension]
            assert low - 1e-6 <= steered[dimension] <= low + 0.2 + 1e-6


def test_from_the_next_step_on_until_it_is_over_and_the_records_say_so():
    runtime = Runtime(TenBins(), ToyRefiner(), schedule_named("asynchronous"), Lockstep(1))
    runtime.reset(1, episode_seed=3)
    decisions = []
    for step in range(60):
        if step == 20:
            runtime.steer(Pins({2: 9}, until=40))
        decisions.append(runtime.decide(observation(step, 1)))
    # The hand-over limits how fast a command may change, so the first step may be on its way.
    assert all(decision.action[2] >= 0.8 - 1e-6 for decision in decisions[21:40])
    assert all(decision.action[2] < 0.8 for decision in decisions[44:])
    assert [decision.pins for decision in decisions[20:40]] == [(-1, -1, 9, -1, -1, -1, -1)] * 20
    assert all(decision.pins is None for decision in (*decisions[:20], *decisions[40:]))
    assert decisions[30].intent.tokens[decisions[30].token_row, 2] == 5  # the planner's own stays on record


def test_letting_go_and_a_new_generation_end_it():
    runtime = Runtime(TenBins(), ToyRefiner(), schedule_named("asynchronous"), Lockstep(1))
    runtime.reset(1, episode_seed=3)
    runtime.steer(Pins({0: 0}, until=1000))
    assert runtime.pins_at(5) is not None
    runtime.steer(None)
    assert runtime.pins_at(5) is None
    runtime.steer(Pins({0: 0}, until=1000))
    runtime.reset(2)
    assert runtime.pins_at(5) is None


def test_while_somebody_else_drives_the_planner_looks_twice_a_second_and_the_refiner_goes_on():
    runtime = Runtime(TenBins(), ToyRefiner(), schedule_named("asynchronous"), Lockstep(1))
    runtime.reset(1, episode_seed=3)
    driven = np.zeros(7, np.float32)
    decisions = [runtime.decide(observation(step, 1), driven=driven) for step in range(60)]
    assert runtime.counters.planner_calls == 60 // PROPOSING_PERIOD
    assert runtime.counters.refiner_calls >= 15
    assert all(decision.proposal is not None for decision in decisions[6:])
