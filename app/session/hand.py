"""A human's hand on the arm: who holds it, and what they command; silence means hold (dead-man)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.session.protocol import CommandError
from records import CONTROL_HZ

SILENCE: Final = 0.2
"""seconds without a command after which the arm holds"""
BURST: Final = 3.0
"""commands that may come at once: networks deliver in bursts what was sent evenly"""


class Hand:
    """The newest command of whoever holds the arm. Thread-safe, and `offer` never waits for a control step.

    Args:
        clock: seconds, for silence and rate.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._holder: str | None = None
        self._free()

    def _free(self) -> None:
        self._command: NDArray[np.float32] | None = None
        self._at = -np.inf
        self._number = -1
        self._credit = BURST
        self._refilled = self._clock()

    @property
    def holder(self) -> str | None:
        """Who holds the arm; None: nobody."""
        return self._holder

    def take(self, holder: str) -> None:
        """Give the arm to somebody.

        Raises:
            CommandError: somebody else holds it.
        """
        with self._lock:
            if self._holder not in (None, holder):
                raise CommandError("Somebody else drives the arm: wait until they hand it back, or press Stop.")
            self._holder = holder
            self._free()

    def let_go(self, holder: str | None = None) -> None:
        """Nobody holds the arm any more; with a holder only if it is theirs."""
        with self._lock:
            if holder in (None, self._holder):
                self._holder = None
                self._free()

    def require(self, holder: str) -> None:
        """Refuse what only the holder may do.

        Raises:
            CommandError: the arm is somebody else's, or nobody's.
        """
        if self._holder is None:
            raise CommandError("Nobody drives the arm by hand: press Take over first.")
        if self._holder != holder:
            raise CommandError("Somebody else drives the arm: wait until they hand it back, or press Stop.")

    def offer(self, holder: str, action: NDArray[np.float32], number: int | None = None) -> None:
        """A command (7,) for the next control step; the newest counts.

        Args:
            holder: who gives it.
            action: in [-1, 1], see `records.ACTION_NAMES`.
            number: grows from command to command, so that none is replayed or comes after a newer one.

        Raises:
            CommandError: it is not theirs to give, is old, or comes too fast; nothing of it is used.
        """
        with self._lock:
            self.require(holder)
            if number is not None and number <= self._number:
                raise CommandError(f"Command {number} came after number {self._number} and was dropped: count upwards.")
            now = self._clock()
            self._credit = min(BURST, self._credit + (now - self._refilled) * CONTROL_HZ)
            self._refilled = now
            # A little less than one: a sender's own 20 Hz is never exactly ours.
            if self._credit < 0.9:
                raise CommandError(f"Commands come faster than {CONTROL_HZ} a second: send one every control step.")
            self._credit -= 1.0
            self._number = self._number if number is None else number
            self._command, self._at = action, now

    def command(self) -> NDArray[np.float32] | None:
        """(7,) what is commanded now; None when there was silence for too long."""
        with self._lock:
            return self._command if self._clock() - self._at <= SILENCE else None
