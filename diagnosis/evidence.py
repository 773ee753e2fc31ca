"""Direct evidence: what planner and refiner said of an episode, against what was true and what the expert would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from diagnosis.replaying import replay
from policy.actions import decode
from policy.anchors import ANCHOR_SIZE
from policy.tasks import TASKS
from scenes.expert import expert_action
from scenes.world import World
from training.tasks import Task, kind_of
from training.trace import Trace

YOUNG: Final = 6
"""row of an intent's tokens up to which they are compared with what the expert does"""
_MOVES: Final = 0.3
"""of a full step: how much the expert must want to move for a direction to mean something"""
_BINS: Final = 10
_LOST_FOR: Final = 20
"""control steps at most of which tokens lead elsewhere when the arm begins to go astray"""
_LOST_SHARE: Final = 0.6
_FAR: Final = 0.08
"""metres, level, from which on the way to a thing leads towards it"""
_LEADS: Final = 0.2
"""of a full step: how much tokens must want to move the hand along the table for a direction to mean something"""
_FIRST: Final = 20
_FEW: Final = 5
"""control steps, at most and at least, of which it is asked whether tokens lead to what the planner sees"""
_KIND = ANCHOR_SIZE - len(TASKS)


@dataclass(frozen=True)
class Evidence:
    """Medians and shares over the episode until its target was first held, and where it was worst.

    Where things were seen counts in the intent that was followed when the arm began to go astray, if it did: from then
    on it sees little, and what is misplaced is a consequence.
    """

    intents: int
    target_error: float
    """metres between where the planner saw the target and where it was; NaN without an intent"""
    container_error: float
    """the same of the container; NaN where the task has none"""
    seen: str
    """the thing that is nearest to where the planner saw the target"""
    misread: str
    """the kind of task that the planner read, "" where it read the right one"""
    direction_error: float
    """share of the steps at which tokens lead elsewhere than the expert (more than 60 degrees); NaN: too few steps"""
    self_error: float
    """share of the first steps at which tokens lead elsewhere than to where the planner itself sees the target"""
    outside_bins: float
    """share of the refiner's motions that are more than one bin outside of the young tokens; NaN: too few steps"""
    refiner_error: float
    """mean difference between the refiner's motion and the expert's, in full steps; NaN: too few steps"""
    staleness: float
    """mean age of the intent in use, control steps; NaN without one"""
    worst_grounding: int
    worst_direction: int
    worst_refiner: int
    """control steps"""

    def to_dict(self) -> dict[str, float]:
        """Numbers for JSON; what is not known is left out."""
        named = {
            "target_error_m": self.target_error,
            "container_error_m": self.container_error,
            "direction_error": self.direction_error,
            "self_error": self.self_error,
            "refiner_outside_bins": self.outside_bins,
            "refiner_error": self.refiner_error,
            "staleness_steps": self.staleness,
        }
        return {name: round(float(value), 4) for name, value in named.items() if np.isfinite(value)}


def gather(world: World, task: Task, trace: Trace) -> Evidence:
    """Take the world through the episode once more and ask the expert at every step.

    Raises:
        EvaluationError: its states cannot be made again.
    """
    expert = np.zeros((trace.steps, 7), np.float32)
    for step in replay(world, task, trace):
        if step < trace.steps:
            expert[step] = expert_action(world, task.goal)
    return weigh(task, trace, expert)


def weigh(task: Task, trace: Trace, expert: NDArray[np.float32]) -> Evidence:
    """The evidence of a trace, with the expert's action (T, 7) in every state."""
    target = trace.names.index(task.goal.target)
    held = np.flatnonzero((trace.touch[:, target] & 3) == 3)
    until = int(held[0]) if len(held) and held[0] > 8 else trace.steps
    tokens = _young_tokens(trace)
    turned, strays, off = _directions(trace, expert, tokens)
    steps = np.arange(trace.steps) < max(until, 1)
    used = _intents(trace, until, _astray(turned, steps))
    errors, containers, seen, misread, worst = _grounding(task, trace, used, target)
    stale = trace.staleness[trace.staleness >= 0]
    return Evidence(
        intents=len(used),
        target_error=float(np.median(errors)) if len(errors) else np.nan,
        container_error=float(np.median(containers)) if len(containers) else np.nan,
        seen=seen,
        misread=misread,
        direction_error=_share(turned[steps]),
        self_error=_against_itself(trace, tokens, steps),
        outside_bins=_share(strays[steps]),
        refiner_error=_share(off[steps]),
        staleness=float(stale.mean()) if len(stale) else np.nan,
        worst_grounding=worst,
        worst_direction=_worst(turned, steps),
        worst_refiner=_worst(off, steps),
    )


def _astray(turned: NDArray[np.float64], steps: NDArray[np.bool_]) -> int | None:
    """The first step from which on tokens led elsewhere for a second; None if they never did."""
    for step in np.flatnonzero(steps & (turned == 1)):
        ahead = turned[step : step + _LOST_FOR][steps[step : step + _LOST_FOR]]
        if _share(ahead) >= _LOST_SHARE:
            return int(step)
    return None


def _intents(trace: Trace, until: int, astray: int | None) -> list[int]:
    """Rows of the intents that tell what the planner saw."""
    if astray is not None and trace.intent[astray] >= 0:
        return [int(trace.intent[astray])]
    return [row for row, step in enumerate(trace.intent_step) if step <= until]


def _against_itself(trace: Trace, meant: NDArray[np.float32], steps: NDArray[np.bool_]) -> float:
    """Share of the first steps far from the target at which tokens (T, 7) lead elsewhere than to its seen place."""
    if not len(trace.intent_step) or trace.anchors.shape[1] < ANCHOR_SIZE:
        return np.nan
    seen = trace.anchors[np.maximum(trace.intent.astype(int), 0), :2].astype(float)
    away = seen - trace.hand[: trace.steps, :2]
    far, pace = np.linalg.norm(away, axis=1), np.linalg.norm(meant[:, :2], axis=1)
    asked = np.flatnonzero(steps & (trace.intent >= 0) & (far > _FAR) & (pace > _LEADS))[:_FIRST]
    if len(asked) < _FEW:
        return np.nan
    along = (away[asked] * meant[asked, :2]).sum(1) / (far[asked] * pace[asked])
    return float((along < 0.5).mean())


def _grounding(
    task: Task, trace: Trace, used: list[int], target: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], str, str, int]:
    if not used or trace.anchors.shape[1] < ANCHOR_SIZE:
        return np.zeros(0), np.zeros(0), "", "", 0
    steps = trace.intent_step[used].astype(int)
    anchors = trace.anchors[used].astype(float)
    places = trace.place[steps].astype(float)
    errors = np.linalg.norm(anchors[:, :3] - places[:, target], axis=1)
    nearest = np.argmin(np.linalg.norm(anchors[:, None, :3] - places, axis=2), 1)
    seen = trace.names[int(np.bincount(nearest, minlength=len(trace.names)).argmax())]
    containers = np.zeros(0)
    if task.goal.container in trace.names:
        there = places[:, trace.names.index(task.goal.container)]
        containers = np.linalg.norm(anchors[:, 3:6] - there, axis=1)
    kinds = np.bincount(np.argmax(anchors[:, _KIND:], 1), minlength=len(TASKS))
    read = TASKS[int(kinds.argmax())]
    return errors, containers, seen, "" if read == kind_of(task.goal) else read, int(steps[int(np.argmax(errors))])


def _young_tokens(trace: Trace) -> NDArray[np.float32]:
    """(T, 7) centres of the bins of every step's tokens, NaN where they are old or there are none."""
    meant = np.full((trace.steps, 7), np.nan, np.float32)
    for step, (intent, row) in enumerate(zip(trace.intent.tolist(), trace.token_row.tolist(), strict=True)):
        if intent >= 0 and 0 <= row <= YOUNG and row < trace.tokens.shape[1]:
            meant[step] = decode(trace.tokens[intent, row], _BINS)
    return meant


def _directions(
    trace: Trace, expert: NDArray[np.float32], meant: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(T,) each, NaN where it means nothing.

    Whether tokens lead elsewhere than the expert, whether the refiner's motion is outside of their bins, and how far it
    is from the expert's.
    """
    wants = np.linalg.norm(expert[:, :3], axis=1)
    means = np.linalg.norm(meant[:, :3], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        along = (expert[:, :3] * meant[:, :3]).sum(1) / (wants * means)
    turned = np.where((wants > _MOVES) & np.isfinite(means), (along < 0.5).astype(float), np.nan)
    away = np.abs(trace.proposal[:, :3] - meant[:, :3]).max(1)
    strays = np.where(np.isfinite(away), (away > 3 / _BINS).astype(float), np.nan)
    off = np.abs(trace.proposal[:, :3] - expert[:, :3]).mean(1).astype(float)
    return turned, strays, off


def _share(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) >= 3 else np.nan


def _worst(values: NDArray[np.float64], steps: NDArray[np.bool_]) -> int:
    """The step in the middle of the worst half second."""
    filled = np.where(np.isfinite(values) & steps, values, 0.0)
    return int(np.argmax(np.convolve(filled, np.ones(10), "same"))) if len(filled) else 0
