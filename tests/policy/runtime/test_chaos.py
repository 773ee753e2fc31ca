"""Planner and refiner whose answers come late, out of order, or never: what is carried out stays right."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from toys import ToyPlanner, ToyRefiner, observation

from policy.runtime import (
    MAX_ROTATION,
    MAX_TRANSLATION,
    PLANNER_PATIENCE,
    Runtime,
    WorkResult,
    asynchronous,
    sequential,
    synchronous,
)

LOST = None


class ChaosWorker:
    """Answers every request after its own delay, or never; a request that is discarded may be answered all the same."""

    latency_steps = 0

    def __init__(self, fn, delays, forgets):
        self.fn, self.delays, self.forgets = fn, list(delays), forgets
        self.asked = 0
        self.waiting: list[tuple[int | None, WorkResult]] = []
        self.busy = False

    def owes(self, step):
        return False

    def submit(self, step, *arguments):
        delay = self.delays[self.asked % len(self.delays)]
        self.asked += 1
        due = LOST if delay is LOST else step + delay
        self.waiting.append((due, WorkResult(step, self.fn(*arguments), None, 0.0, 0.0)))
        self.busy = True

    def poll(self, step):
        due = [at is not LOST and at <= step for at, _ in self.waiting]
        results = [result for (_, result), ready in zip(self.waiting, due, strict=True) if ready]
        self.waiting = [item for item, ready in zip(self.waiting, due, strict=True) if not ready]
        self.busy = self.busy and not results
        return results[::-1]

    def discard(self):
        self.busy = False
        if self.forgets:
            self.waiting.clear()

    def restart(self):
        self.discard()
        return True

    def close(self):
        pass


class ChaosClock:
    def __init__(self, plans, chunks, forgets):
        self.plans, self.chunks, self.forgets = plans, chunks, forgets

    def planner_worker(self, fn):
        return ChaosWorker(fn, self.plans, self.forgets)

    def refiner_worker(self, fn):
        return ChaosWorker(fn, self.chunks, self.forgets)


class Restless(ToyRefiner):
    """Wants to go anywhere."""

    def refine(self, observation, intent, start_step, committed, noise_seed):
        made = super().refine(observation, intent, start_step, committed, noise_seed)
        made.actions[:, 4:6] = np.random.default_rng(noise_seed).uniform(-1, 1, (len(made.actions), 2))
        return made


delays = st.lists(st.one_of(st.integers(0, 9), st.integers(0, 60), st.just(LOST)), min_size=1, max_size=8)


@settings(max_examples=60)
@given(
    st.sampled_from([asynchronous(), asynchronous(4), asynchronous(1, 1, 2), sequential(3), synchronous()]),
    delays,
    delays,
    st.booleans(),
    st.lists(st.integers(1, 60), min_size=1, max_size=4),
)
def test_whatever_comes_late_twice_or_never_what_is_carried_out_is_of_this_generation_and_in_its_place(
    schedule, plans, chunks, forgets, stretches
):
    """Without `forgets`, results of requests that were discarded still arrive, in another generation maybe."""
    runtime = Runtime(ToyPlanner(), Restless(), schedule, ChaosClock(plans, chunks, forgets))
    step = 0
    for generation, length in enumerate(stretches):
        runtime.reset(generation, 5)
        before, newest = np.zeros(7, np.float32), -1
        for _ in range(length):
            decision = runtime.decide(observation(step, generation))
            chunk = decision.chunk
            if chunk is None:
                assert decision.control_source == "hold" and not decision.action[:6].any()
            else:
                assert chunk.generation == decision.intent.generation == generation
                assert chunk.intent_step == decision.intent.step <= chunk.step <= step
                assert 0 <= decision.chunk_row < len(chunk.actions)
                assert decision.proposal[1] == np.float32(decision.chunk_row / 1000)
                assert chunk.step >= newest, "an older plan never replaces a newer one"
                newest = chunk.step
                change = decision.action - before
                assert np.linalg.norm(change[:3]) <= MAX_TRANSLATION + 1e-5
                assert np.linalg.norm(change[3:6]) <= MAX_ROTATION + 1e-5
            before = decision.action
            step += 1
        assert runtime.counters.planner_calls >= 1


def test_what_is_lost_is_asked_for_again():
    for plans, chunks in (([LOST, 0], [0]), ([0], [LOST, 0])):
        runtime = Runtime(ToyPlanner(), ToyRefiner(), asynchronous(), ChaosClock(plans, chunks, True))
        runtime.reset(0, 1)
        decisions = [runtime.decide(observation(step)) for step in range(PLANNER_PATIENCE + 10)]
        assert decisions[-1].control_source == "policy" and runtime.counters.failures >= 1
