"""The two clocks: they decide where planner and refiner run and when their results count as arrived."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from policy.runtime.workers import LockstepWorker, ThreadWorker, Worker
from records import Chunk, Intent

T = TypeVar("T")


class Clock(Protocol):
    """Makes the two workers."""

    def planner_worker(self, fn: Callable[..., Intent]) -> Worker[Intent]:
        """Where the planner runs."""

    def refiner_worker(self, fn: Callable[..., Chunk]) -> Worker[Chunk]:
        """Where the refiner runs."""


class WallClock:
    """Threads: results appear when they are ready (the cockpit).

    Args:
        planner_latency_s: added to every planner result.
    """

    def __init__(self, planner_latency_s: float = 0.0) -> None:
        self.planner_latency_s = planner_latency_s

    def planner_worker(self, fn: Callable[..., T]) -> ThreadWorker[T]:
        """A thread, with the added latency."""
        return ThreadWorker(fn, self.planner_latency_s, name="planner")

    def refiner_worker(self, fn: Callable[..., T]) -> ThreadWorker[T]:
        """A thread."""
        return ThreadWorker(fn, name="refiner")


class Lockstep:
    """Latencies counted in control steps: exactly reproducible, as fast as the machine allows (evaluation, tests).

    A planner result for observation t is usable from step t + `planner_delay` on. A refiner result arrives at once:
    the schedule's `refiner_delay` already says at which step it begins to act, in both clocks.
    """

    def __init__(self, planner_delay: int = 1) -> None:
        self.planner_delay = planner_delay

    def planner_worker(self, fn: Callable[..., T]) -> LockstepWorker[T]:
        """Delivers `planner_delay` steps later."""
        return LockstepWorker(fn, self.planner_delay)

    def refiner_worker(self, fn: Callable[..., T]) -> LockstepWorker[T]:
        """Delivers at once."""
        return LockstepWorker(fn, 0)
