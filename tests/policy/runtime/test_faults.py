"""Planner and refiner that raise, hang or answer nonsense: the arm holds at once, says why, and goes on."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from toys import ToyPlanner, ToyRefiner, observation

from policy.runtime import (
    PLANNER_PATIENCE,
    REFINER_PATIENCE,
    Lockstep,
    LockstepWorker,
    Runtime,
    ThreadWorker,
    WallClock,
    asynchronous,
    sequential,
    synchronous,
)
from policy.runtime.workers import MAX_ABANDONED

TIMES = 100


def raises(value):
    raise RuntimeError("out of memory")


def spoil(value, name, change):
    array = getattr(value, name).copy()
    return replace(value, **{name: change(array)})


def nan(array):
    array[len(array) // 2] = np.nan
    return array


PLANNER_FAULTS = {
    "raises": raises,
    "nothing": lambda intent: None,
    "nan": lambda intent: spoil(intent, "probabilities", nan),
    "anchors": lambda intent: replace(intent, anchors=np.full(16, np.inf, np.float32)),
    "shape": lambda intent: spoil(intent, "tokens", lambda tokens: tokens[:, :6]),
    "empty": lambda intent: replace(intent, tokens=intent.tokens[:0], probabilities=intent.probabilities[:0]),
    "bins": lambda intent: spoil(intent, "tokens", lambda tokens: tokens + 200),
    "other step": lambda intent: replace(intent, step=intent.step + 1),
}
REFINER_FAULTS = {
    "raises": raises,
    "nothing": lambda chunk: None,
    "nan": lambda chunk: spoil(chunk, "actions", nan),
    "shape": lambda chunk: spoil(chunk, "actions", lambda actions: actions[:, :6]),
    "vector": lambda chunk: spoil(chunk, "actions", lambda actions: actions[0]),
    "empty": lambda chunk: spoil(chunk, "actions", lambda actions: actions[:0]),
    "other step": lambda chunk: replace(chunk, start_step=chunk.start_step + 2),
}


class Faulty:
    """Does what it stands for, but the next call in a way of its own."""

    def __init__(self, fn):
        self._fn = fn
        self.fault = None

    def __call__(self, *arguments):
        value = self._fn(*arguments)
        fault, self.fault = self.fault, None
        return value if fault is None else fault(value)


class LosingWorker(LockstepWorker):
    """A call that hangs, in lockstep: its result never comes."""

    lose = False

    def poll(self, step):
        if self.lose and self._waiting:
            return []
        return super().poll(step)

    def restart(self):
        self.lose = False
        return super().restart()


class LosingClock(Lockstep):
    def planner_worker(self, fn):
        self.planner = LosingWorker(fn, self.planner_delay)
        return self.planner

    def refiner_worker(self, fn):
        self.refiner = LosingWorker(fn, 0)
        return self.refiner


def faulty_runtime(schedule, clock=None):
    planner, refiner = ToyPlanner(), ToyRefiner()
    planner.plan, refiner.refine = Faulty(planner.plan), Faulty(refiner.refine)
    runtime = Runtime(planner, refiner, schedule, clock or Lockstep(2))
    runtime.reset(0, 3)
    return runtime, planner.plan, refiner.refine


def is_hold(decision):
    return decision.control_source == "hold" and not decision.action[:6].any()


def drives(decision):
    return decision.control_source == "policy"


def steps_until(runtime, first, condition, limit=200):
    """Decide until it is so; the decision and the step that follows."""
    for step in range(first, first + limit):
        decision = runtime.decide(observation(step))
        if condition(decision):
            return decision, step + 1
    raise AssertionError("it did not happen")


def until_fault(runtime, step):
    """The same until one more failure is counted."""
    before = runtime.counters.failures
    return steps_until(runtime, step, lambda _: runtime.counters.failures > before)


@pytest.mark.parametrize("schedule", [asynchronous(), sequential(2), synchronous()], ids=lambda s: s.name)
@pytest.mark.parametrize(
    ("system", "kind"), [("planner", kind) for kind in PLANNER_FAULTS] + [("refiner", kind) for kind in REFINER_FAULTS]
)
def test_the_arm_holds_in_the_very_step_in_which_a_bad_answer_arrives_and_drives_on_a_good_one(schedule, system, kind):
    runtime, plan, refine = faulty_runtime(schedule)
    step, rng = 0, np.random.default_rng(5)
    for _ in range(TIMES):
        _, step = steps_until(runtime, step, drives)
        for _ in range(int(rng.integers(0, 7))):
            runtime.decide(observation(step))
            step += 1
        if system == "planner":
            plan.fault = PLANNER_FAULTS[kind]
        else:
            refine.fault = REFINER_FAULTS[kind]
        decision, step = until_fault(runtime, step)
        assert is_hold(decision)
        assert len(decision.events) == 1 and system in decision.events[0] and "the arm holds" in decision.events[0]
    decision, _ = steps_until(runtime, step, drives, 10)
    assert runtime.counters.failures == TIMES and not runtime.lost


@pytest.mark.parametrize("schedule", [asynchronous(), sequential(2), synchronous()], ids=lambda s: s.name)
@pytest.mark.parametrize(("system", "patience"), [("planner", PLANNER_PATIENCE + 2), ("refiner", REFINER_PATIENCE)])
def test_a_system_that_hangs_is_started_anew_after_its_patience_while_the_arm_holds(schedule, system, patience):
    clock = LosingClock(2)
    runtime, _, _ = faulty_runtime(schedule, clock)
    worker = getattr(clock, system)
    step = 0
    for _ in range(TIMES):
        _, step = steps_until(runtime, step, drives)
        worker.lose = True
        decision, after = until_fault(runtime, step)
        assert is_hold(decision)
        assert system in decision.events[-1] and "started anew" in decision.events[-1]
        assert after - step <= patience + 12
        step = after
    steps_until(runtime, step, drives, 12)
    assert runtime.counters.failures == TIMES and not runtime.lost


def test_a_bad_plan_also_withdraws_the_chunk_that_the_refiner_is_making_of_the_plan_before():
    runtime, plan, _ = faulty_runtime(asynchronous(), LosingClock(0))
    _, step = steps_until(runtime, 0, drives)
    plan.fault = raises
    decision, step = until_fault(runtime, step)
    assert is_hold(decision)
    after, _ = steps_until(runtime, step, drives)
    assert after.intent.step >= step - 1


def test_a_thread_that_hangs_is_left_behind_and_its_late_answer_never_counts():
    gate = threading.Event()
    worker = ThreadWorker(lambda number: (gate.wait(10) if number == 0 else None, number)[1])
    worker.submit(0, 0)
    time.sleep(0.05)
    assert worker.restart() and not worker.busy
    worker.submit(1, 1)
    deadline = time.monotonic() + 5
    results = []
    while not results and time.monotonic() < deadline:
        results = worker.poll(1)
        time.sleep(0.005)
    assert [result.value for result in results] == [1]
    gate.set()
    time.sleep(0.1)
    assert worker.poll(2) == [] and not worker.busy
    worker.close()


def test_no_more_threads_are_left_behind_than_the_machine_can_bear():
    gate = threading.Event()
    worker = ThreadWorker(lambda: gate.wait(10))
    for _ in range(MAX_ABANDONED):
        worker.submit(0)
        time.sleep(0.02)
        assert worker.restart()
    worker.submit(0)
    assert not worker.restart()
    gate.set()
    worker.close()


def test_in_wall_clock_a_planner_that_hangs_is_replaced_and_the_loop_never_waits():
    planner, gate = ToyPlanner(), threading.Event()
    plan = planner.plan
    planner.plan = lambda seen: (gate.wait(20) if seen.step == 30 else None, plan(seen))[1]
    runtime = Runtime(planner, ToyRefiner(), asynchronous(planner_period=10), WallClock())
    runtime.reset(0, 1)
    runtime.warm_up(observation(0))
    decisions = []
    for step in range(140):
        decisions.append(runtime.decide(observation(step)))
        time.sleep(0.01)
    events = {step: decision.events for step, decision in enumerate(decisions) if decision.events}
    (detected,) = [step for step, sentences in events.items() if any("started anew" in each for each in sentences)]
    assert detected == 30 + PLANNER_PATIENCE + 1
    assert is_hold(decisions[detected])
    assert {decision.control_source for decision in decisions[-20:]} == {"policy"}
    assert np.median([decision.durations["decide"] for decision in decisions]) < 2
    gate.set()
    runtime.close()


def test_latency_that_was_asked_for_is_no_hang():
    runtime = Runtime(ToyPlanner(), ToyRefiner(), asynchronous(), Lockstep(3 * PLANNER_PATIENCE))
    runtime.reset(0, 1)
    for step in range(4 * PLANNER_PATIENCE):
        runtime.decide(observation(step))
    assert runtime.counters.failures == 0
