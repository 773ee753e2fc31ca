"""Three schedules of one runtime: when to ask the planner, when to ask the refiner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class LoopState:
    """What a schedule decides from, at one control step."""

    since_plan: int | None
    """steps since the planner was last asked, None if never in this generation"""
    since_refine: int | None
    """steps since the refiner was last asked, None if never in this generation"""
    planner_busy: bool
    refiner_busy: bool
    queued: int
    """planned actions from this step on"""
    has_intent: bool
    chunks_of_intent: int
    """chunks asked for on the intent in use"""


@dataclass(frozen=True)
class Schedule:
    """Asynchronous without `chunks_per_plan`: both loops restart on their own periods and nobody waits.

    With it, the refiner runs when the arm has used up its actions, and the planner after so many chunks: the arm
    holds while either of them computes.
    """

    name: str
    refiner_delay: int
    """control steps between the refiner's observation and the first step of its chunk"""
    planner_period: int = 1
    refiner_period: int = 1
    chunks_per_plan: int | None = None

    def wants_plan(self, state: LoopState) -> bool:
        """Whether to ask the planner now."""
        if state.planner_busy:
            return False
        if self.chunks_per_plan is None:
            return state.since_plan is None or state.since_plan >= self.planner_period
        used_up = not state.has_intent or state.chunks_of_intent >= self.chunks_per_plan
        return used_up and state.queued == 0 and not state.refiner_busy

    def wants_chunk(self, state: LoopState) -> bool:
        """Whether the refiner is due now (it can start only on a valid intent)."""
        if state.refiner_busy:
            return False
        if self.chunks_per_plan is None:
            due = state.since_refine is None or state.since_refine >= self.refiner_period
            return due or state.queued <= self.refiner_delay
        return state.queued == 0

    def may_use(self, state: LoopState) -> bool:
        """Whether the intent in use still serves another chunk."""
        fresh = self.chunks_per_plan is None or state.chunks_of_intent < self.chunks_per_plan
        return state.has_intent and fresh


def asynchronous(planner_period: int = 4, refiner_period: int = 3, refiner_delay: int = 1) -> Schedule:
    """Both loops side by side on the newest observation.

    Args:
        planner_period: steps at least between two planner requests.
        refiner_period: steps between two chunks.
        refiner_delay: steps from the refiner's observation to its chunk's first action.
    """
    return Schedule("asynchronous", refiner_delay, planner_period, refiner_period)


def sequential(chunks_per_plan: int = 2) -> Schedule:
    """The paper's amortised calls: the planner once for every `chunks_per_plan` chunks."""
    return Schedule("sequential", 0, chunks_per_plan=chunks_per_plan)


def synchronous() -> Schedule:
    """Planner, then refiner, for every chunk: the flat baseline of timing."""
    return Schedule("synchronous", 0, chunks_per_plan=1)


SCHEDULES: Final[dict[str, Callable[[], Schedule]]] = {
    "asynchronous": asynchronous,
    "sequential": sequential,
    "synchronous": synchronous,
}


def schedule_named(name: str) -> Schedule:
    """The schedule of that name, with its defaults.

    Raises:
        ValueError: names the schedules there are.
    """
    if name not in SCHEDULES:
        raise ValueError(f"There is no schedule {name!r}; choose {', '.join(SCHEDULES)}.")
    return SCHEDULES[name]()
