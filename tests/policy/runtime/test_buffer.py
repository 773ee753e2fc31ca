from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toys import HORIZON, intent

from policy.runtime import HeldSteps, IntentBuffer

ARRIVALS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 2), st.integers(0, 80)),  # observed at, generation, delay
    max_size=30,
)


@given(ARRIVALS, st.integers(0, 2))
def test_whatever_the_order_of_arrival_the_newest_observation_of_the_generation_is_used(arrivals, generation):
    buffer = IntentBuffer()
    buffer.reset(generation)
    arrived: set[int] = set()
    for observed, of, delay in sorted(arrivals, key=lambda a: a[0] + a[2]):
        buffer.withdraw(observed + delay)
        buffer.add(intent(observed, of))
        if of == generation:
            arrived.add(observed)
        now = observed + delay
        buffer.withdraw(now)
        valid = [step for step in arrived if now - step < HORIZON]
        expected = max(arrived) if arrived and max(arrived) in valid else None
        assert (buffer.intent.step if buffer.intent else None) == expected
        if expected is not None:
            tokens, mask = buffer.slice(now, 5)
            inside = now - expected + np.arange(5) < HORIZON
            assert (mask == inside).all()
            assert (tokens[mask, 0] == (now - expected + np.arange(5))[inside]).all()


@given(st.sets(st.integers(0, 100), max_size=60), st.integers(0, 100), st.integers(0, 50))
def test_the_row_of_a_step_counts_only_executed_steps(held, first, length):
    steps = HeldSteps()
    for step in sorted(held):
        steps.mark(step)
    executed = [step for step in range(first, first + length) if step not in held]
    assert steps.row(first, first + length) == len(executed)


def test_an_intent_whose_slices_have_run_out_is_withdrawn_with_a_sentence():
    buffer = IntentBuffer()
    buffer.add(intent(3))
    assert buffer.withdraw(3 + HORIZON - 1) == []
    assert buffer.withdraw(3 + HORIZON) == [f"The intent from step 3 ran out at step {3 + HORIZON} and was withdrawn."]
    assert buffer.intent is None
    assert buffer.slice(60, 5) is None


def test_a_step_over_which_the_arm_held_uses_up_no_tokens():
    held = HeldSteps()
    buffer = IntentBuffer(held)
    buffer.add(intent(0))
    for step in range(10):
        held.mark(step)
    assert buffer.row(10) == 0
    assert buffer.row(12) == 2


def test_an_intent_of_another_generation_is_never_used():
    buffer = IntentBuffer()
    buffer.reset(2)
    assert "dropped" in buffer.add(intent(5, generation=1))[0]
    assert buffer.intent is None
    with pytest.raises(LookupError):
        buffer.row(5)


def test_a_first_intent_that_refuses_leaves_nothing_to_carry_out():
    buffer = IntentBuffer()
    buffer.add(intent(0, refusal="I see no purple cube."))
    assert (buffer.intent, buffer.refusal) == (None, "I see no purple cube.")
    buffer.add(intent(1))
    assert buffer.refusal is None and buffer.intent is not None


def test_what_a_hand_hides_later_is_no_refusal():
    buffer = IntentBuffer()
    buffer.add(intent(0))
    assert "does not see" in buffer.add(intent(8, refusal="It is gone."))[0]
    assert buffer.refusal is None and buffer.intent.step == 8
    buffer.withdraw(8 + HORIZON)
    assert (buffer.intent, buffer.refusal) == (None, None)
