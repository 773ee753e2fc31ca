"""Success rates with their uncertainty, from lockstep episodes on every core."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from scenes.constants import SUBSTEPS, TIMESTEP
from scenes.goals import FAMILIES
from training.parallel import share_out
from training.rollout import Result, Task
from training.side_by_side import Setting, play_all

CONTROL_STEP = SUBSTEPS * TIMESTEP
"""seconds"""


def wilson(successes: int, episodes: int, z: float = 1.96) -> tuple[float, float]:
    """95 % interval of a success rate (Wilson score), as fractions."""
    if episodes == 0:
        return 0.0, 1.0
    rate, spread = successes / episodes, z * z / episodes
    middle = (rate + spread / 2) / (1 + spread)
    half = z * math.sqrt(rate * (1 - rate) / episodes + spread / (4 * episodes)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def evaluate(
    episodes: Sequence[tuple[Setting, Task]], workers: int, quiet: bool = False, label: str = "evaluating"
) -> list[Result]:
    """The result of every episode, in their order; the same whatever the number of workers."""
    numbered = [(number, setting, task) for number, (setting, task) in enumerate(episodes)]
    results = dict(share_out(play_all, numbered, workers, label, "episode", quiet))
    return [results[number] for number in range(len(episodes))]


def summarise(results: Sequence[Result]) -> dict[str, Any]:
    """Successes with their interval, over all and for every family."""
    tasks = {}
    for family in FAMILIES:
        mine = [result for result in results if result.task.goal.family == family]
        if mine:
            tasks[family] = _rate(mine)
    return {
        **_rate(results),
        "refused": sum(result.refused for result in results),
        "tasks": tasks,
        "failed_seeds": [result.task.seed for result in results if not result.success],
    }


def _rate(results: Sequence[Result]) -> dict[str, Any]:
    won = sum(result.success for result in results)
    return {"successes": won, "episodes": len(results), "interval_95": list(wilson(won, len(results)))}


def pace(results: Iterable[Result], seconds: float) -> dict[str, Any]:
    """How long the evaluation took and how much faster than real time it was, start of the processes included."""
    simulated = sum(result.steps for result in results) * CONTROL_STEP
    return {
        "seconds": round(seconds, 1),
        "simulated_seconds": round(simulated, 2),
        "real_time_factor": round(simulated / max(seconds, 1e-9), 2),
    }
