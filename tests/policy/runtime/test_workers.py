from __future__ import annotations

import threading
import time

import pytest

from policy.runtime import LockstepWorker, ThreadWorker


def results_of(worker, count: int, seconds: float = 3.0):
    results = []
    deadline = time.monotonic() + seconds
    while len(results) < count and time.monotonic() < deadline:
        results += worker.poll(0)
        time.sleep(0.002)
    return results


@pytest.fixture
def gate():
    return threading.Event()


def test_the_newest_request_replaces_one_that_has_not_begun(gate):
    worker = ThreadWorker(lambda number: (gate.wait(3), number)[1])
    worker.submit(1, "first")
    time.sleep(0.05)
    worker.submit(2, "second")
    worker.submit(3, "third")
    gate.set()
    assert [(r.step, r.value) for r in results_of(worker, 2)] == [(1, "first"), (3, "third")]
    worker.close()


def test_an_exception_becomes_a_result_and_the_worker_goes_on():
    worker = ThreadWorker(lambda divisor: 1 / divisor)
    worker.submit(1, 0)
    (failed,) = results_of(worker, 1)
    assert failed.value is None and isinstance(failed.error, ZeroDivisionError)
    worker.submit(2, 2)
    assert results_of(worker, 1)[0].value == 0.5
    worker.close()


def test_what_was_discarded_while_it_was_computed_never_arrives(gate):
    worker = ThreadWorker(lambda: gate.wait(3))
    worker.submit(1)
    time.sleep(0.05)
    worker.discard()
    assert not worker.busy
    gate.set()
    assert results_of(worker, 1, 0.2) == []
    worker.submit(2)
    assert results_of(worker, 1)[0].step == 2
    worker.close()


def test_added_latency_keeps_a_result_back_and_shows_in_its_duration():
    worker = ThreadWorker(lambda: 1, added_latency_s=0.15)
    worker.submit(0)
    (result,) = results_of(worker, 1)
    assert 150 <= result.milliseconds < 400
    worker.added_latency_s = 0.0
    worker.submit(1)
    assert results_of(worker, 1)[0].milliseconds < 100
    worker.close()


@pytest.mark.parametrize("delay", [0, 1, 12])
def test_a_lockstep_result_arrives_exactly_so_many_control_steps_later(delay):
    worker = LockstepWorker(lambda number: number * 2, delay)
    worker.submit(5, 21)
    if delay:
        assert worker.poll(5 + delay - 1) == [] and worker.busy
    assert [result.value for result in worker.poll(5 + delay)] == [42]
    assert not worker.busy


def test_a_negative_delay_is_refused():
    with pytest.raises(ValueError, match="0 or more"):
        LockstepWorker(lambda: 1, -1)
