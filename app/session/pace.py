"""Time: when a control step is due, and whether simulated time keeps up with the clock."""

from __future__ import annotations

import time
from collections import deque

from records import CONTROL_PERIOD

MAX_LAG = 0.25
"""seconds that the loop may be behind and still catch up; what is beyond is lost to simulated time"""


class Pacer:
    """Due times of control steps, `CONTROL_PERIOD` apart."""

    def __init__(self) -> None:
        self._due: float | None = None

    def restart(self) -> None:
        """The next step is due when it is asked for."""
        self._due = None

    def next(self) -> float:
        """When the next step is due, seconds of `time.monotonic()`."""
        now = time.monotonic()
        if self._due is None or now - self._due - CONTROL_PERIOD > MAX_LAG:
            self._due = now
        else:
            self._due += CONTROL_PERIOD
        return self._due


class RealTimeFactor:
    """Simulated seconds per second of the clock while time was meant to go on, over a sliding window.

    Args:
        window: seconds; once there are so many, exactly the steps of the last so many count.
    """

    def __init__(self, window: float = 6.0) -> None:
        self._window = window
        self._steps: deque[float] = deque()
        self._sum = 0.0
        self._last: float | None = None

    def interrupt(self) -> None:
        """Time stands still: what passes until the next step does not count."""
        self._last = None

    def step(self, now: float) -> None:
        """A control step ended at `now`."""
        if self._last is not None:
            self._steps.append(now - self._last)
            self._sum += now - self._last
            while self._sum - self._steps[0] >= self._window:
                self._sum -= self._steps.popleft()
        self._last = now

    @property
    def value(self) -> float | None:
        """None until a second has been measured."""
        return len(self._steps) * CONTROL_PERIOD / self._sum if self._sum >= 1.0 else None
