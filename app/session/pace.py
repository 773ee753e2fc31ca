"""Time: when a control step is due, and whether simulated time keeps up with the clock."""

from __future__ import annotations

import time
from collections import deque

from records import CONTROL_PERIOD

MAX_LAG = 0.25
"""seconds that the loop may be behind and still catch up; what is beyond is lost to simulated time"""
MOST_EARLY = 0.1
"""seconds by which simulated time may be ahead of the clock because steps began early"""
PAID_BACK = 0.005
"""seconds by which later steps are longer, each, until it is not ahead any more"""


class Pacer:
    """Due times of control steps, `CONTROL_PERIOD` apart."""

    def __init__(self) -> None:
        self._due: float | None = None
        self._early = 0.0
        """seconds by which steps are ahead of their time"""

    def restart(self) -> None:
        """The next step is due when it is asked for."""
        self._due = None
        self._early = 0.0

    def begin_early(self) -> None:
        """The next step is due now, instead of a whole period after the last; unless steps are far ahead already."""
        if self._due is None:
            return
        now = time.monotonic()
        gained = self._due + CONTROL_PERIOD - now
        if 0 < gained <= MOST_EARLY - self._early:
            self._early += gained + PAID_BACK  # which `next` takes off again, and adds
            self._due = now - CONTROL_PERIOD - PAID_BACK

    def next(self) -> float:
        """When the next step is due, seconds of `time.monotonic()`."""
        now = time.monotonic()
        if self._due is None or now - self._due - CONTROL_PERIOD > MAX_LAG:
            self._due = now
        else:
            back = min(PAID_BACK, self._early)
            self._early -= back
            self._due += CONTROL_PERIOD + back
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
