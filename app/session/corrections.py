"""What corrections cost an operator: seconds at the arm, and how many of them led to success."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


class Corrections:
    """Counts the time for which anybody holds the arm, and the episodes that succeed after it was driven by hand.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: float | None = None
        self._seconds = 0.0
        self.useful = 0
        """episodes that succeeded, and in which a human drove"""

    def take(self) -> None:
        """Somebody takes the arm, or goes on holding it."""
        if self._since is None:
            self._since = self._clock()

    def let_go(self) -> None:
        """Nobody holds it any more."""
        if self._since is not None:
            self._seconds += self._clock() - self._since
            self._since = None

    def ended(self, success: bool, by_hand: bool) -> None:
        """An episode ended, in which a human drove or not."""
        self.useful += success and by_hand

    @property
    def seconds(self) -> float:
        """At the arm until now, whatever came of it."""
        return self._seconds + (0.0 if self._since is None else self._clock() - self._since)

    def shown(self) -> dict[str, Any]:
        """For the status: `useful` corrections, `seconds` at the arm, and `seconds_each` useful one."""
        each = round(self.seconds / self.useful, 1) if self.useful else None
        return {"useful": self.useful, "seconds": round(self.seconds, 1), "seconds_each": each}
