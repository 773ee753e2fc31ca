"""Control steps at which the arm held: plans do not advance over them, so no planned motion is ever skipped."""

from __future__ import annotations

from bisect import bisect_left


class HeldSteps:
    """A growing list of held control steps of one generation.

    A plan made for steps [t, t + n) assumes that its rows are executed one per step. Over a held step the arm did not
    move, so row and step shift against each other by one; `row` is where the plan really stands.
    """

    def __init__(self) -> None:
        self._steps: list[int] = []

    def copy(self) -> HeldSteps:
        """The same steps, to go on with separately."""
        other = HeldSteps()
        other._steps = list(self._steps)
        return other

    def mark(self, step: int) -> None:
        """The arm held at this step; steps come in order."""
        if self._steps and step <= self._steps[-1]:
            raise ValueError(f"step {step} follows step {self._steps[-1]}: held steps come in order")
        self._steps.append(step)

    def count(self, start: int, stop: int) -> int:
        """Held steps in [start, stop)."""
        if not self._steps or stop <= start or self._steps[-1] < start:
            return 0
        return bisect_left(self._steps, stop) - bisect_left(self._steps, start)

    def row(self, first: int, step: int) -> int:
        """Row to execute at `step` of a plan whose row 0 was meant for step `first`; negative before it begins."""
        return step - first - self.count(first, step)
