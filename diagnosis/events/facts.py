"""What the rules of events read: a trace with its goal, and the questions that several rules ask of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scenes.constants import BOWL_HEIGHT, BOWL_RADIUS, CUBE_HALF, PLATE_RADIUS
from scenes.goals import Goal, is_graspable
from training.trace import Trace
from training.witness import LEFT, RIGHT

BOTH = LEFT | RIGHT
_GRIPPED = 0.008
"""metres between the pads from which on something is between them"""


@dataclass(frozen=True)
class Event:
    """Something that happened."""

    kind: str
    step: int
    until: int
    sentence: str
    evidence: dict[str, float | int | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """An episode for the rules."""

    trace: Trace
    goal: Goal | None
    """None: the words ask for nothing that can be tested"""
    success: bool
    timed_out: bool
    schedule: str = "asynchronous"
    planner_delay: int = 1

    @property
    def steps(self) -> int:
        """T"""
        return self.trace.steps

    @property
    def target(self) -> int | None:
        """Row of the goal's target."""
        return self.row(self.goal.target) if self.goal is not None else None

    @property
    def container(self) -> int | None:
        """Row of the goal's container."""
        return self.row(self.goal.container) if self.goal is not None and self.goal.container else None

    def row(self, name: str) -> int | None:
        """Row of a thing."""
        return self.trace.names.index(name) if name in self.trace.names else None

    @property
    def graspable(self) -> list[int]:
        """Rows of what the hand can carry."""
        return [row for row, name in enumerate(self.trace.names) if is_graspable(name)]

    @cached_property
    def held(self) -> NDArray[np.bool_]:
        """(T + 1, n) whether both pads touch it and it is between them."""
        return ((self.trace.touch & BOTH) == BOTH) & (self.trace.width > _GRIPPED)[:, None]

    @cached_property
    def lifted(self) -> NDArray[np.bool_]:
        """(T + 1, n) whether it is held, more than 1.5 cm above where it was when it was last not."""
        height, lifted = self.trace.place[:, :, 2], np.zeros_like(self.held)
        for row in range(len(self.trace.names)):
            for start, stop in runs(self.held[:, row]):
                lifted[start:stop, row] = height[start:stop, row] > height[max(start - 1, 0), row] + 0.015
        return lifted

    def belongs(self, step: int, row: int) -> bool:
        """Whether a thing is where the goal wants it, as `scenes.tasks.is_inside` has it."""
        if row != self.target or self.container is None or self.goal is None:
            return False
        away = self.trace.place[step, row] - self.trace.place[step, self.container]
        aside = float(np.hypot(away[0], away[1]))
        if self.goal.container == "bowl":
            return aside < BOWL_RADIUS - 0.012 and float(away[2]) < BOWL_HEIGHT + 0.012
        if self.goal.container == "plate":
            return aside < PLATE_RADIUS - 0.015 and 0.005 < float(away[2]) < 0.065
        return aside < 0.024 and CUBE_HALF + 0.012 < float(away[2]) < CUBE_HALF + 0.040


def runs(flags: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """[start, stop) of every stretch of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def merged(found: list[tuple[int, int]], gap: int) -> list[tuple[int, int]]:
    """Stretches with less than `gap` steps between them are one."""
    together: list[tuple[int, int]] = []
    for start, stop in found:
        if together and start - together[-1][1] < gap:
            together[-1] = (together[-1][0], max(stop, together[-1][1]))
        else:
            together.append((start, stop))
    return together


def seconds(steps: int) -> str:
    """Of control steps, for a sentence."""
    return f"{steps / 20:.1f} s"
