"""Lockstep episodes on every core, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from scenes.constants import SUBSTEPS, TIMESTEP
from scenes.goals import FAMILIES
from training.intervals import rate
from training.parallel import share_out
from training.rollout import Result
from training.setting import Setting
from training.side_by_side import play_all
from training.tasks import Task

CONTROL_STEP = SUBSTEPS * TIMESTEP
"""seconds"""
Group = tuple[Setting, Sequence[Task]]
Evaluate = Callable[[Sequence[Group]], list[list[Result]]]
"""results of every group, in the order of its tasks"""


def evaluate(groups: Sequence[Group], workers: int, quiet: bool = False) -> list[list[Result]]:
    """The results of every group, in the order of its tasks; the same whatever the number of workers."""
    episodes = [(setting, task) for setting, tasks in groups for task in tasks]
    numbered = [(number, *episode) for number, episode in enumerate(episodes)]
    results = dict(share_out(play_all, numbered, workers, "evaluating", "episode", quiet))
    ordered = iter([results[number] for number in range(len(episodes))])
    return [[next(ordered) for _ in tasks] for _, tasks in groups]


def won(results: Sequence[Result]) -> list[bool]:
    """Whether each succeeded."""
    return [result.success for result in results]


def summarise(results: Sequence[Result]) -> dict[str, Any]:
    """Successes with their interval, over all and for every family."""
    families = {family: [r for r in results if r.task.goal.family == family] for family in FAMILIES}
    return {
        **rate(won(results)),
        "refused": sum(result.refused for result in results),
        "tasks": {family: rate(won(mine)) for family, mine in families.items() if mine},
        "failed_seeds": [result.task.seed for result in results if not result.success],
    }


def pace(results: Iterable[Result], seconds: float) -> dict[str, Any]:
    """How long the evaluation took and how much faster than real time it was, start of the processes included."""
    simulated = sum(result.steps for result in results) * CONTROL_STEP
    return {
        "seconds": round(seconds, 1),
        "simulated_seconds": round(simulated, 2),
        "real_time_factor": round(simulated / max(seconds, 1e-9), 2),
    }
