"""Intents are checked against each other: what somebody moved is noticed, what the arm carries is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from toys import CHUNK, ToyPlanner, ToyRefiner, intent, observation

from policy.anchors import ANCHOR_SIZE
from policy.runtime import MAX_UNEXPLAINED, Lockstep, Runtime, asynchronous, sequential, synchronous, unexplained

places = arrays(np.float32, 3, elements=st.floats(-0.5, 0.5, width=32))


def seen(step, target, container=None, hand=(0.0, 0.0, 0.0)):
    anchors = np.zeros(ANCHOR_SIZE, np.float32)
    anchors[:3] = target
    if container is not None:
        anchors[3:6], anchors[8] = container, 1.0
    made = intent(step)
    proprio = made.proprio.copy()
    proprio[:3] = hand
    return replace(made, anchors=anchors, proprio=proprio)


@given(places, places, places, st.floats(0, 1))
def test_what_stays_or_comes_along_with_the_hand_is_explained(target, hand, way, share):
    before = seen(0, target, hand, hand)
    after = seen(5, target + np.float32(share) * way, hand, hand + way)
    assert unexplained(before, after) < 1e-3


@given(places, places, st.floats(0, 2 * np.pi), st.floats(0.01, 0.3))
def test_what_moves_beside_the_hands_way_is_not(target, hand, angle, distance):
    moved = target + np.float32(distance) * np.array((np.cos(angle), np.sin(angle), 0), np.float32)
    lifted = hand + np.array((0, 0, 0.1), np.float32)
    assert unexplained(seen(0, target, None, hand), seen(5, moved, None, lifted)) == pytest.approx(distance, abs=1e-3)
    assert unexplained(seen(0, target, target), seen(5, target, moved)) == pytest.approx(distance, abs=1e-3)


def test_a_container_that_only_one_of_two_intents_sees_says_nothing():
    assert unexplained(seen(0, (0, 0, 0), (0.3, 0, 0)), seen(5, (0, 0, 0))) == 0
    assert unexplained(intent(0), seen(5, (1, 0, 0))) == 0


class Watching(ToyPlanner):
    """Sees its target jump at a step."""

    def __init__(self, jump_at):
        super().__init__()
        self.jump_at = jump_at

    def plan(self, observation):
        super().plan(observation)
        target = (0.5 if observation.step < self.jump_at else 0.5 + 2 * MAX_UNEXPLAINED, 0, 0)
        return replace(seen(observation.step, target), generation=observation.generation)


def drive(schedule, delay, jump_at, checks=True, steps=60):
    refiner = ToyRefiner()
    runtime = Runtime(Watching(jump_at), refiner, schedule, Lockstep(delay), checks)
    runtime.reset(0, 3)
    return runtime, refiner, [runtime.decide(observation(step)) for step in range(steps)]


@pytest.mark.parametrize("schedule", [asynchronous(), sequential(), synchronous()], ids=lambda s: s.name)
@pytest.mark.parametrize("delay", [0, 1, 7, 13])
def test_after_a_contradiction_nothing_is_done_that_was_planned_before_and_the_refiner_begins_at_once(schedule, delay):
    runtime, refiner, decisions = drive(schedule, delay, 20)
    step = next(k for k, d in enumerate(decisions) if d.chunk is not None and d.chunk.intent_step >= 20)
    assert all(d.chunk is None or d.chunk.intent_step >= 20 for d in decisions[step:])
    if schedule.chunks_per_plan is None:  # the others have used up their actions before they ask for an intent
        noticed = next(k for k, d in enumerate(decisions) if any("cm from where it was" in e for e in d.events))
        assert step == noticed + 1 and decisions[noticed].chunk is not None and runtime.counters.contradictions == 1
        assert (noticed, noticed + 1) in [(asked, start) for asked, start, *_ in refiner.calls]
        # The action between is the one that the new chunk was told is fixed: no gap, no jump that it does not know of.
        committed = next(c for asked, _, _, c in refiner.calls if asked == noticed)
        assert (committed[0] == decisions[noticed].action).all()
        assert runtime.counters.starved_steps == 0


def test_without_checks_or_contradictions_every_chunk_is_carried_out_as_planned():
    for jump_at, checks in ((20, False), (1000, True)):
        runtime, refiner, decisions = drive(asynchronous(), 1, jump_at, checks)
        assert runtime.counters.contradictions == 0
        assert not any("dropped" in event for d in decisions for event in d.events)
        assert set(np.diff([call[0] for call in refiner.calls])) == {3}


def test_an_intent_says_when_it_was_first_used():
    _, _, decisions = drive(asynchronous(), 4, 1000)
    for d in decisions[6:]:
        assert d.intent.ready_step == d.intent.step + 4
        assert (
            d.intent.used_step is not None and d.intent.ready_step < d.intent.used_step <= d.intent.ready_step + CHUNK
        )
