"""One call for many runtimes: what each decides is what it decides alone."""

from __future__ import annotations

import numpy as np
import pytest
from toys import ToyPlanner, ToyRefiner, observation

from policy.runtime import Batch, BatchedLockstep, Lockstep, Runtime, asynchronous, schedule_named


def batches(size):
    """Of plans and of chunks, with the sizes of their calls."""
    planner, refiner, sizes = ToyPlanner(), ToyRefiner(), []

    def plan(asked):
        sizes.append(len(asked))
        return [planner.plan(*arguments) for arguments in asked]

    def refine(asked):
        sizes.append(len(asked))
        return [refiner.refine(*arguments) for arguments in asked]

    return Batch(plan, size), Batch(refine, size), sizes


def decide_together(schedule, delay, steps, seeds, look=lambda seen: seen):
    plans, chunks, sizes = batches(4)
    actions = {}

    def episode(seed):
        runtime = Runtime(
            ToyPlanner(), ToyRefiner(), schedule_named(schedule), BatchedLockstep(plans, chunks, delay, look)
        )
        runtime.reset(0, seed)
        for step in range(steps):
            decision = yield from runtime.deciding(observation(step))
            actions[seed, step] = decision.action

    going = [episode(seed) for seed in seeds]
    while going:
        for each in list(going):
            try:
                next(each)
            except StopIteration:
                going.remove(each)
        if plans or chunks:
            max(plans, chunks, key=len).answer()
    return actions, sizes


@pytest.mark.parametrize("schedule", ["asynchronous", "sequential", "synchronous"])
@pytest.mark.parametrize("delay", [0, 3])
def test_an_episode_decides_as_it_does_alone(schedule, delay):
    together, sizes = decide_together(schedule, delay, 30, range(6))
    assert set(sizes) == {4}
    for seed in range(6):
        alone = Runtime(ToyPlanner(), ToyRefiner(), schedule_named(schedule), Lockstep(delay))
        alone.reset(0, seed)
        for step in range(30):
            assert np.array_equal(alone.decide(observation(step)).action, together[seed, step])


def test_only_what_is_asked_is_looked_at():
    looked = []

    def look(seen):
        looked.append(seen.step)
        return seen

    decide_together("asynchronous", 1, 30, [3], look)
    schedule = asynchronous()
    plans, chunks = range(0, 30, schedule.planner_period), range(1, 30, schedule.refiner_period)
    assert set(looked) == {*plans, *chunks}


def test_a_request_that_fails_fails_alone():
    def halve(asked):
        return [6 // number for (number,) in asked]

    batch = Batch(halve, 3)
    from policy.runtime.batches import Request

    requests = [Request(step, (number,), step, 0.0) for step, number in enumerate((1, 0, 2))]
    for request in requests:
        batch.add(request)
    batch.answer()
    assert [request.result.value for request in requests] == [6, None, 3]
    assert isinstance(requests[1].result.error, ZeroDivisionError)


def test_of_two_that_ask_the_same_at_the_same_step_one_may_go():
    from policy.runtime.batches import Request

    batch = Batch(lambda asked: [0 for _ in asked], 2)
    one, other = (Request(3, (np.zeros(4),), 4, 0.0) for _ in range(2))
    batch.add(one)
    batch.add(other)
    batch.withdraw(other)
    batch.answer()
    assert len(batch) == 0 and one.result is not None and other.result is None


def test_a_runtime_whose_results_others_compute_cannot_decide_at_once():
    plans, chunks, _ = batches(2)
    clock = BatchedLockstep(plans, chunks, 0, lambda seen: seen)
    runtime = Runtime(ToyPlanner(), ToyRefiner(), schedule_named("asynchronous"), clock)
    runtime.reset(0, 1)
    with pytest.raises(RuntimeError, match="ask `deciding`"):
        runtime.decide(observation(0))
    runtime.close()
    assert len(plans) == 0


def test_a_delay_is_no_negative_number():
    with pytest.raises(ValueError, match="must be 0 or more"):
        BatchedLockstep(*batches(1)[:2], -1, lambda seen: seen)
