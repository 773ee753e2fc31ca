"""The loop: runs the session in wall clock, and what others ask of it between control steps."""

from __future__ import annotations

import gc
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from app.session.pace import Pacer
from app.session.protocol import CommandError, Status
from app.session.session import Session
from app.session.watchdogs import ClockWatch, Slowness

IDLE_SECONDS = 0.5
"""how often a session in which nothing moves looks up from waiting"""
BLOCKED_SECONDS = 0.01

T = TypeVar("T")
logger = logging.getLogger(__name__)


class SessionLoop:
    """Owns the thread that the session lives in: `run` is that thread's body, the rest may be called from any.

    Args:
        session: what it runs.
        monotonic: clock that control steps are measured by.
        wall: clock on the wall.
    """

    def __init__(
        self,
        session: Session,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.session = session
        self._monotonic, self._wall = monotonic, wall
        self._pacer, self._clocks, self._slowness = Pacer(), ClockWatch(), Slowness()
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._closing = False
        self._hurry = threading.Event()
        """a human begins to move the arm after a rest"""
        self._littered = False
        """whether control steps were done since garbage was collected"""
        self.turned_at = time.monotonic()
        """when the loop last began a turn, which it does several times a second"""

    @property
    def status(self) -> Status:
        """The newest status, with `turned_at`."""
        return {**self.session.status, "turned_at": self.turned_at}

    def drive(self, given: dict[str, Any]) -> Status:
        """A human's command, for the next control step; waits for nothing. The status, with `error` if refused."""
        try:
            self.session.drive(given)
        except CommandError as refused:
            self.session.refused = (time.monotonic(), str(refused))
            return {"error": str(refused), **self.status}
        if self.session.rests_by_hand and any(given["action"][:-1]):
            self._hurry.set()
        return self.status

    def leave(self, holder: str) -> None:
        """Somebody's page or connection is gone: if they drove, the arm holds; they ask for nothing any more."""
        self.session.hand.withdraw(holder)
        if self.session.hand.holder == holder:
            self.session.hand.let_go(holder)
            self.tell(lambda: self.session.note("Whoever drove the arm is gone: it holds. Take over, or press Stop."))

    def tell(self, fn: Callable[[], None]) -> None:
        """Run a function in the loop's thread, some time soon."""
        self._inbox.put(fn)

    def call(self, fn: Callable[[], T], timeout: float | None = None) -> T:
        """Run a function in the loop's thread and wait for its result."""
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(fn())
            except Exception as error:
                future.set_exception(error)

        self._inbox.put(run)
        return future.result(timeout)

    def close(self) -> None:
        """End the loop after the present control step."""
        self._closing = True
        self._inbox.put(lambda: None)

    def run(self) -> None:
        """Until `close`.

        Raises:
            Unrecoverable: only a new process can help; all that was recorded is written.
        """
        try:
            self._run()
        finally:
            self.session.close()

    def _run(self) -> None:
        session = self.session
        while not self._closing:
            self.turned_at = time.monotonic()
            still = not session.moving or session.blocked
            if still and session.player.busy:
                self._serve_until(self._pacer.next())
                if session.player.busy and not session.moving:
                    session.play_step()
                continue
            if still:
                self._rest()
                self._serve(BLOCKED_SECONDS if session.blocked else IDLE_SECONDS)
                session.refresh()
                continue
            if self._hurry.is_set() and session.rests_by_hand:
                self._pacer.begin_early()
            self._hurry.clear()
            due = self._pacer.next()
            self._serve_until(due)
            if not self._closing and session.moving and not session.blocked:
                self.turn(due)

    def turn(self, due: float) -> None:
        """One control step that was due at a time of `time.monotonic()`, watched by the watchdogs of time."""
        self._littered = True
        session = self.session
        jump = self._clocks.look(self._monotonic(), self._wall())
        if jump is not None:
            self._pacer.restart()
            session.fault(jump)
        session.control_step(due, self._wait_until)
        now = self._monotonic()
        if session.state in ("running", "holding"):
            session.real_time.step(now)
        else:
            session.real_time.interrupt()
        if session.state != "running":
            self._slowness.forget()
        elif (slow := self._slowness.step(now)) is not None:
            session.too_slow(slow)

    def _wait_until(self, deadline: float) -> None:
        """Sleep; of a step in which a human rests, only until they move: the next one then begins at once."""
        left = deadline - time.monotonic()
        if left <= 0:
            return
        if self.session.rests_by_hand:
            self._hurry.wait(left)
        else:
            time.sleep(left)

    def _rest(self) -> None:
        if self._littered:  # now, not between two control steps: thousands of records take a while to look through
            self._littered = False
            gc.collect()
            gc.freeze()
        self._pacer.restart()
        self._clocks.rest()
        self._slowness.rest()
        self.session.real_time.interrupt()

    def _serve(self, timeout: float) -> None:
        """Wait for something to do, then do all there is."""
        try:
            self._inbox.get(timeout=timeout)()
            while True:
                self._inbox.get_nowait()()
        except queue.Empty:
            pass

    def _serve_until(self, deadline: float) -> None:
        """Do what is asked until a time of `time.monotonic()`; at least once what is there already."""
        while not self._closing:
            try:
                left = deadline - time.monotonic()
                (self._inbox.get(timeout=left) if left > 0 else self._inbox.get_nowait())()
            except queue.Empty:
                return


def load_policy(loop: SessionLoop) -> threading.Thread:
    """Load the policy and warm it up in a thread; the session takes it when it is ready, or says why it is not."""
    session = loop.session
    session.prepare()  # meanwhile: the policy is loaded in a process of its own

    def load() -> None:
        try:
            from app.session.driver import PolicyDriver  # here: importing the policy's libraries takes seconds

            driver = PolicyDriver.load(session.settings)
            driver.warm_up(loop.call(lambda: session.robot.warm_up_observation(driver.image_size)))
        except Exception as error:
            logger.exception("The policy could not be loaded.")
            problem = str(error) if isinstance(error, ValueError) else f"The policy could not be loaded ({error})."
            loop.call(lambda: session.adopt(None, problem))
            return
        loop.call(lambda: session.adopt(driver, None))

    thread = threading.Thread(target=load, name="policy-loader", daemon=True)
    thread.start()
    return thread
