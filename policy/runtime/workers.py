"""Where planner and refiner run: in a thread of their own, or at once with results that arrive a fixed delay later."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from records import CONTROL_HZ

T = TypeVar("T")

MAX_ABANDONED: Final = 4
"""threads that hang in a call and are waited for no more; each may burn a core and holds memory"""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkResult(Generic[T]):
    """What came of a request: a value, or the exception that it ended with."""

    step: int
    """control step of the request"""
    value: T | None
    error: Exception | None
    asked_at: float
    ready_at: float
    """seconds of `time.monotonic()`, added latency included"""

    @property
    def milliseconds(self) -> float:
        """From request to result."""
        return 1e3 * (self.ready_at - self.asked_at)


class Worker(Protocol[T]):
    """Runs one function, one request at a time; its caller never waits."""

    @property
    def busy(self) -> bool:
        """Whether a result is still to come."""

    def owes(self, step: int) -> bool:
        """Whether a result that is due at `step` has yet to be computed by somebody else."""

    def submit(self, step: int, *arguments: Any) -> None:
        """Ask for `fn(*arguments)` at a control step; a newer request replaces one that has not begun."""

    def poll(self, step: int) -> list[WorkResult[T]]:
        """Results that are there at `step`, in the order of the requests."""

    @property
    def latency_steps(self) -> int:
        """Control steps by which results are kept back on purpose."""

    def discard(self) -> None:
        """Drop all that is asked or ready; what is being computed will be dropped, too."""

    def waiting(self) -> tuple[Any, ...]:
        """Results that are there but not due; none where results have no due time."""

    def resume(self, results: tuple[Any, ...]) -> None:
        """Deliver what `waiting` gave when it is due, as if it had been asked for here."""

    def restart(self) -> bool:
        """Abandon a call that hangs, so that the next one can run; False if that is no longer possible."""

    def close(self) -> None:
        """Discard and stop."""


class ThreadWorker(Generic[T]):
    """Calls `fn` in a thread of its own (wall clock).

    Args:
        fn: may raise; its exception is reported as a result.
        added_latency_s: seconds that every result is kept back; may be set at any time.
        name: of the thread.
    """

    def __init__(self, fn: Callable[..., T], added_latency_s: float = 0.0, name: str = "worker") -> None:
        self._fn = fn
        self.added_latency_s = added_latency_s
        self._changed = threading.Condition()
        self._pending: tuple[int, float, tuple[Any, ...]] | None = None
        self._working = False
        self._epoch = 0
        self._results: deque[WorkResult[T]] = deque()
        self._closed = False
        self._abandoned: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether a result is still to come."""
        return self._working or self._pending is not None

    @property
    def latency_steps(self) -> int:
        """The added latency."""
        return math.ceil(self.added_latency_s * CONTROL_HZ)

    def owes(self, step: int) -> bool:
        """Never: what is not ready is not due."""
        return False

    def submit(self, step: int, *arguments: Any) -> None:
        """Ask for `fn(*arguments)`; replaces a request that has not begun."""
        with self._changed:
            if self._closed:
                raise RuntimeError("the worker is closed")
            self._pending = (step, time.monotonic(), arguments)
            self._changed.notify_all()

    def poll(self, step: int) -> list[WorkResult[T]]:
        """Results since the last poll, in the order of the requests."""
        if not self._results:  # the common case costs no lock: the loop polls at every step
            return []
        with self._changed:
            results = list(self._results)
            self._results.clear()
        return results

    def discard(self) -> None:
        """Drop all that is asked or ready; what is being computed will be dropped, too."""
        with self._changed:
            self._epoch += 1
            self._pending = None
            self._working = False
            self._results.clear()
            self._changed.notify_all()

    def waiting(self) -> tuple[Any, ...]:
        """None: how long a call takes is not known before."""
        return ()

    def resume(self, results: tuple[Any, ...]) -> None:
        """Nothing to deliver."""

    def restart(self) -> bool:
        """Leave the thread to its call, which it ends with, and begin another one."""
        self.discard()
        self._abandoned = [thread for thread in self._abandoned if thread.is_alive()]
        if self._closed or len(self._abandoned) >= MAX_ABANDONED:
            return False
        with self._changed:
            self._abandoned.append(self._thread)
            self._thread = threading.Thread(target=self._run, name=self._thread.name, daemon=True)
            self._changed.notify_all()
        self._thread.start()
        return True

    def close(self, timeout: float = 2.0) -> None:
        """Stop the thread; waits for a call under way for at most `timeout` seconds."""
        with self._changed:
            self._closed = True
            self._pending = None
            self._changed.notify_all()
        self._thread.join(timeout)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._over or self._pending is not None)
                if self._over or self._pending is None:
                    return
                (step, asked_at, arguments), self._pending = self._pending, None
                self._working, epoch = True, self._epoch
            value: T | None = None
            error: Exception | None = None
            try:
                value = self._fn(*arguments)
            except Exception as raised:
                logger.exception("%s failed at step %d.", self._thread.name, step)
                error = raised
            with self._changed:
                if self.added_latency_s > 0:
                    self._changed.wait_for(lambda: self._closed or self._epoch != epoch, self.added_latency_s)  # noqa: B023
                if self._epoch == epoch:
                    self._results.append(WorkResult(step, value, error, asked_at, time.monotonic()))
                    self._working = False

    @property
    def _over(self) -> bool:
        """Whether the thread that asks has nothing more to do here."""
        return self._closed or self._thread is not threading.current_thread()


class LockstepWorker(Generic[T]):
    """Calls `fn` at once and delivers its result exactly `delay_steps` control steps later: reproducible."""

    def __init__(self, fn: Callable[..., T], delay_steps: int = 0) -> None:
        if delay_steps < 0:
            raise ValueError(f"a delay of {delay_steps} control steps is not possible; it must be 0 or more")
        self._fn = fn
        self.delay_steps = delay_steps
        self._waiting: deque[tuple[int, WorkResult[T]]] = deque()

    @property
    def busy(self) -> bool:
        """Whether a result is still to come."""
        return bool(self._waiting)

    @property
    def latency_steps(self) -> int:
        """The delay."""
        return self.delay_steps

    def owes(self, step: int) -> bool:
        """Never: results are computed at once."""
        return False

    def submit(self, step: int, *arguments: Any) -> None:
        """Compute `fn(*arguments)` now, for delivery at `step + delay_steps`."""
        asked_at = time.monotonic()
        value: T | None = None
        error: Exception | None = None
        try:
            value = self._fn(*arguments)
        except Exception as raised:
            logger.exception("A call failed at step %d.", step)
            error = raised
        self._waiting.append((step + self.delay_steps, WorkResult(step, value, error, asked_at, time.monotonic())))

    def poll(self, step: int) -> list[WorkResult[T]]:
        """Results due at `step`."""
        results = []
        while self._waiting and self._waiting[0][0] <= step:
            results.append(self._waiting.popleft()[1])
        return results

    def discard(self) -> None:
        """Drop all that is still to come."""
        self._waiting.clear()

    def waiting(self) -> tuple[Any, ...]:
        """(due step, result) of every call under way."""
        return tuple(self._waiting)

    def resume(self, results: tuple[Any, ...]) -> None:
        """Deliver these when they are due."""
        self._waiting = deque(results)

    def restart(self) -> bool:
        """Nothing to start."""
        self.discard()
        return True

    def close(self) -> None:
        """Nothing to stop."""
        self.discard()
