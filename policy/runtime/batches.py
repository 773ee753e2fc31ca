"""One call for many runtimes: their requests wait in a batch, which somebody answers when it is full."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from policy.runtime.workers import WorkResult
from records import Chunk, Intent, Observation

T = TypeVar("T")

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Request(Generic[T]):
    """What one runtime asks for, and what came of it once it is answered."""

    step: int
    arguments: tuple[Any, ...]
    due: int
    """control step from which on the result counts as arrived"""
    asked_at: float
    result: WorkResult[T] | None = None


class Batch(Generic[T]):
    """Requests that wait for one call, always of the same size.

    A call for fewer is filled up with copies of the first: what a request is answered then depends on nothing but
    itself, bit for bit, whoever asks beside it.

    Args:
        fn: answers a list of argument tuples, in their order.
        size: of that list.
    """

    def __init__(self, fn: Callable[[list[tuple[Any, ...]]], list[T]], size: int) -> None:
        self._fn = fn
        self.size = size
        self._waiting: deque[Request[T]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, request: Request[T]) -> None:
        """Let a request wait for the next call."""
        self._waiting.append(request)

    def withdraw(self, request: Request[T]) -> None:
        """Nobody needs the answer any more."""
        if request.result is None:
            self._waiting.remove(request)

    def answer(self) -> None:
        """Answer the oldest requests, `size` at most; one that raises fails alone."""
        asked = [self._waiting.popleft() for _ in range(min(self.size, len(self._waiting)))]
        try:
            self._call(asked)
        except Exception:
            for request in asked:
                try:
                    self._call([request])
                except Exception as error:
                    logger.exception("A call failed at step %d.", request.step)
                    request.result = WorkResult(request.step, None, error, request.asked_at, time.monotonic())

    def _call(self, asked: list[Request[T]]) -> None:
        arguments = [request.arguments for request in asked]
        values = self._fn(arguments + arguments[:1] * (self.size - len(asked)))
        for request, value in zip(asked, values, strict=False):
            request.result = WorkResult(request.step, value, None, request.asked_at, time.monotonic())


class BatchWorker(Generic[T]):
    """Puts requests into a batch and delivers results exactly `delay_steps` control steps later.

    Args:
        batch: shared with other runtimes.
        delay_steps: control steps from request to result.
        look: completes an observation that was made without its pictures, at the moment of the request.
    """

    def __init__(self, batch: Batch[T], delay_steps: int, look: Callable[[Observation], Observation]) -> None:
        self._batch = batch
        self.delay_steps = delay_steps
        self._look = look
        self._waiting: deque[Request[T]] = deque()

    @property
    def busy(self) -> bool:
        """Whether a result is still to come."""
        return bool(self._waiting)

    @property
    def latency_steps(self) -> int:
        """The delay."""
        return self.delay_steps

    def owes(self, step: int) -> bool:
        """Whether a result is due that the batch has not been asked for yet."""
        return any(request.due <= step and request.result is None for request in self._waiting)

    def submit(self, step: int, *arguments: Any) -> None:
        """Ask for an answer to `arguments`, an observation first, for delivery at `step + delay_steps`."""
        observation, *rest = arguments
        asked_at = time.monotonic()
        request: Request[T] = Request(step, (self._look(observation), *rest), step + self.delay_steps, asked_at)
        self._waiting.append(request)
        self._batch.add(request)

    def poll(self, step: int) -> list[WorkResult[T]]:
        """Results due at `step` that are there."""
        results = []
        while self._waiting and self._waiting[0].due <= step and self._waiting[0].result is not None:
            results.append(self._waiting.popleft().result)
        return [result for result in results if result is not None]

    def discard(self) -> None:
        """Drop all that is still to come."""
        for request in self._waiting:
            self._batch.withdraw(request)
        self._waiting.clear()

    def waiting(self) -> tuple[Any, ...]:
        """None: nobody goes back in an evaluation."""
        return ()

    def resume(self, results: tuple[Any, ...]) -> None:
        """Nothing to deliver."""

    def restart(self) -> bool:
        """Nothing to start."""
        self.discard()
        return True

    def close(self) -> None:
        """Nothing to stop."""
        self.discard()


class BatchedLockstep:
    """`Lockstep` whose calls many runtimes share; each then asks `Runtime.deciding`.

    Args:
        plans: answers (observation,).
        chunks: answers the arguments of `refine`.
        planner_delay: control steps from an observation to its intent.
        look: completes an observation that was made without its pictures, at the moment of a request.
    """

    def __init__(
        self,
        plans: Batch[Intent],
        chunks: Batch[Chunk],
        planner_delay: int,
        look: Callable[[Observation], Observation],
    ) -> None:
        if planner_delay < 0:
            raise ValueError(f"a delay of {planner_delay} control steps is not possible; it must be 0 or more")
        self._plans, self._chunks = plans, chunks
        self.planner_delay = planner_delay
        self._look = look

    def planner_worker(self, fn: Callable[..., Intent]) -> BatchWorker[Intent]:
        """Delivers `planner_delay` steps later; `plans` stands for `fn`."""
        return BatchWorker(self._plans, self.planner_delay, self._look)

    def refiner_worker(self, fn: Callable[..., Chunk]) -> BatchWorker[Chunk]:
        """Delivers at once; `chunks` stands for `fn`."""
        return BatchWorker(self._chunks, 0, self._look)
