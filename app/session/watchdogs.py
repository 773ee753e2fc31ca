"""What the loop keeps an eye on: clocks that jump, and a machine that is too slow for the control rate."""

from __future__ import annotations

from collections import deque
from typing import Final

from records import CONTROL_HZ, CONTROL_PERIOD

JUMP_SECONDS: Final = 2.0
"""between two looks of a moving session; more is no slow step but a clock that jumped or a process that was stopped"""
SLOW_WINDOW: Final = 40
"""control steps"""
SLOW_SHARE: Final = 0.75
"""of them, from which on the machine is too slow"""
SLOW_PERIODS: Final = 2.0
"""control periods that a slow step takes at least"""


class ClockWatch:
    """Compares the two clocks from look to look."""

    def __init__(self) -> None:
        self._last: tuple[float, float] | None = None

    def rest(self) -> None:
        """Nothing moves: what passes until the next look does not count."""
        self._last = None

    def look(self, now: float, wall: float) -> str | None:
        """A sentence if time jumped since the last look.

        Args:
            now: seconds of `time.monotonic()`.
            wall: seconds of `time.time()`.
        """
        last, self._last = self._last, (now, wall)
        if last is None:
            return None
        passed, shown = now - last[0], wall - last[1]
        if passed < 0:
            return f"The clock went back by {-passed:.1f} s; the arm holds for a step and plans anew."
        if passed > JUMP_SECONDS:
            return (
                f"No control step was done for {passed:.1f} s (the machine slept, or this program was stopped); "
                "the arm holds for a step and plans anew."
            )
        if abs(shown - passed) > JUMP_SECONDS:
            return f"The wall clock was set by {shown - passed:+.1f} s; the arm holds for a step and plans anew."
        return None


class Slowness:
    """Whether most of the last control steps took far longer than they may; one long step means nothing."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=SLOW_WINDOW)
        self._last: float | None = None

    def rest(self) -> None:
        """Time stands still: what passes until the next step does not count."""
        self._last = None

    def forget(self) -> None:
        """Begin to count anew."""
        self._seconds.clear()
        self._last = None

    def step(self, now: float) -> str | None:
        """A control step ended at `now` (s); a sentence if the machine is too slow."""
        if self._last is not None:
            self._seconds.append(now - self._last)
        self._last = now
        slow = sum(each > SLOW_PERIODS * CONTROL_PERIOD for each in self._seconds)
        if len(self._seconds) < SLOW_WINDOW or slow < SLOW_SHARE * SLOW_WINDOW:
            return None
        rate = len(self._seconds) / sum(self._seconds)
        return (
            f"This machine does {rate:.0f} control steps a second instead of {CONTROL_HZ}: the arm holds. "
            "Close other programs, then press Run."
        )
