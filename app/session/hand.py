"""A human's hand on the arm: who holds it, who asks for it, and what is commanded; silence means hold (dead-man)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.session.protocol import CommandError
from records import CONTROL_HZ, CONTROL_PERIOD

SILENCE: Final = 0.2
"""seconds without a command after which the arm holds: no step is driven that would end later"""
BURST: Final = 3.0
"""commands that may come at once: networks deliver in bursts what was sent evenly"""
ASK_SECONDS: Final = 20.0
"""after which nobody asks any more"""


class Hand:
    """The newest command of whoever holds the arm. Thread-safe, and `offer` never waits for a control step.

    Args:
        clock: seconds, for silence and rate.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._holder: str | None = None
        self._asker: str | None = None
        self._free()

    def _free(self) -> None:
        """Forget what the last holder commanded, and who asked them for the arm."""
        self._command: NDArray[np.float32] | None = None
        self._at = self._asked_at = -np.inf
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
                raise self._taken()
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
            raise self._taken()

    def spare(self, who: str) -> None:
        """Refuse what would take the scene from under somebody else's hands.

        Raises:
            CommandError: somebody else drives.
        """
        if self._holder not in (None, who):
            raise self._taken()

    def _taken(self) -> CommandError:
        return CommandError(f"Somebody else drives the arm ({self._holder}): ask for it, wait, or press Stop.")

    @property
    def asker(self) -> str | None:
        """Who asks for the arm; None: nobody, or not any more."""
        return self._asker if self._clock() - self._asked_at <= ASK_SECONDS else None

    def ask(self, asker: str) -> None:
        """Ask the holder for the arm.

        Raises:
            CommandError: nobody holds it, they do themselves, or another asks already.
        """
        with self._lock:
            if self._holder is None:
                raise CommandError("Nobody drives the arm by hand: press Take over.")
            if self._holder == asker:
                raise CommandError("You drive the arm already.")
            if self.asker not in (None, asker):
                raise CommandError(f"Somebody else asks for the arm already ({self.asker}): wait for the answer.")
            if self.asker is None:  # asking again is no way to ask for longer
                self._asker, self._asked_at = asker, self._clock()

    def answer(self, holder: str, gives: bool) -> str:
        """The holder's answer: whoever asked, who holds the arm from now on if it is given.

        Raises:
            CommandError: the arm is not theirs to give, or nobody asks for it.
        """
        with self._lock:
            self.require(holder)
            if (asker := self.asker) is None:
                raise CommandError("Nobody asks for the arm.")
            self._asked_at = -np.inf
            if gives:
                self._holder = asker
                self._free()
            return asker

    def withdraw(self, asker: str) -> None:
        """Whoever may have asked is gone."""
        with self._lock:
            if self._asker == asker:
                self._asked_at = -np.inf

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
            # A little less than one: a sender's own 20 Hz is never exactly ours. To stand still is never too soon.
            if self._credit < 0.9 and action[:-1].any():
                raise CommandError(f"Commands come faster than {CONTROL_HZ} a second: send one every control step.")
            self._credit = max(0.0, self._credit - 1.0)
            self._number = self._number if number is None else number
            self._command, self._at = action, now

    def command(self) -> NDArray[np.float32] | None:
        """(7,) what is commanded for the step that begins now; None when silence would be too long before it ends."""
        with self._lock:
            return self._command if self._clock() - self._at <= SILENCE - CONTROL_PERIOD else None
