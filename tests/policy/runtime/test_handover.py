"""Whatever arrives when, commands never jump further than the expert's; a hold is at once."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from toys import CHUNK, ToyPlanner, ToyRefiner, chunk, observation

from policy.runtime import (
    MAX_ROTATION,
    MAX_TRANSLATION,
    Lockstep,
    Runtime,
    asynchronous,
    hand_over,
    sequential,
    synchronous,
)

commands = arrays(np.float32, 7, elements=st.floats(-3, 3, width=32))


def jumps(before, after):
    change = np.clip(after, -1, 1) - np.clip(before, -1, 1)
    return np.linalg.norm(change[:3]), np.linalg.norm(change[3:6])


@given(commands, commands)
def test_a_command_is_what_is_wanted_or_as_near_to_it_as_the_limits_allow(previous, wanted):
    previous = np.clip(previous, -1, 1)
    given_ = hand_over(previous, wanted)
    translation, rotation = jumps(previous, given_)
    assert translation <= MAX_TRANSLATION + 1e-5 and rotation <= MAX_ROTATION + 1e-5
    assert given_[6] == wanted[6]
    for part, limit, index in ((slice(0, 3), MAX_TRANSLATION, 0), (slice(3, 6), MAX_ROTATION, 1)):
        if jumps(previous, wanted)[index] <= limit - 1e-5:
            assert (given_[part] == wanted[part]).all()
        else:
            assert jumps(wanted, given_)[index] <= jumps(previous, wanted)[index]


@given(commands, commands)
@example(np.ones(7, np.float32), -np.ones(7, np.float32))
def test_what_is_wanted_for_long_is_reached_within_the_fewest_steps_its_distance_allows(previous, wanted):
    command = np.clip(previous, -1, 1)
    farthest = 2 * np.sqrt(3)  # between two corners of a part's three dimensions
    for _ in range(math.ceil(farthest / min(MAX_TRANSLATION, MAX_ROTATION))):
        command = np.clip(hand_over(command, wanted), -1, 1)
    assert np.allclose(command[:6], np.clip(wanted[:6], -1, 1), atol=1e-5)


class Wild(ToyRefiner):
    """Every chunk wants to go elsewhere."""

    def refine(self, observation, intent, start_step, committed, noise_seed):
        self.calls.append((observation.step, start_step, intent.step, committed.copy()))
        made = chunk(observation.step, start_step, observation.generation, intent_step=intent.step)
        made.actions[:] = np.random.default_rng(noise_seed).uniform(-1.3, 1.3, (CHUNK, 7))
        return made


@settings(max_examples=40)
@given(
    st.sampled_from([asynchronous(), asynchronous(4, 2), sequential(), synchronous()]),
    st.integers(0, 14),
    st.lists(st.integers(3, 25), min_size=1, max_size=4),
    st.integers(0, 2**31),
)
def test_commands_never_jump_whatever_the_schedule_the_delay_and_the_generations(schedule, delay, stretches, seed):
    refiner = Wild()
    runtime = Runtime(ToyPlanner(), refiner, schedule, Lockstep(delay))
    step = 0
    for generation, length in enumerate(stretches):
        runtime.reset(generation, seed)
        before = np.zeros(7, np.float32)
        first = len(refiner.calls)
        actions = {}
        for _ in range(length):
            decision = runtime.decide(observation(step, generation))
            if decision.control_source == "policy":
                translation, rotation = jumps(before, decision.action)
                assert translation <= MAX_TRANSLATION + 1e-5 and rotation <= MAX_ROTATION + 1e-5
            else:
                assert not decision.action[:6].any()
            before = actions[step] = decision.action
            step += 1
        for asked, start, _, committed in refiner.calls[first:]:
            for row, at in enumerate(range(asked, min(start, step))):
                assert np.allclose(np.clip(committed[row], -1, 1), actions[at])


@pytest.mark.parametrize("gap", [1, 3])
def test_after_steps_that_somebody_else_decided_the_policy_begins_from_rest(gap):
    runtime = Runtime(ToyPlanner(), Wild(), asynchronous(), Lockstep(0))
    runtime.reset(0, 1)
    for step in range(10):
        runtime.decide(observation(step))
    decision = runtime.decide(observation(10 + gap))
    translation, rotation = jumps(np.zeros(7), decision.action)
    assert translation <= MAX_TRANSLATION + 1e-5 and rotation <= MAX_ROTATION + 1e-5
