"""Success rates with their uncertainty, from lockstep episodes on every core."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scenes.goals import FAMILIES
from training.parallel import parallel
from training.rollout import Result, Task, assign_tasks, make_runtime, run_expert, run_task

EPISODES_PER_JOB = 5


def wilson(successes: int, episodes: int, z: float = 1.96) -> tuple[float, float]:
    """95 % interval of a success rate (Wilson score), as fractions."""
    if episodes == 0:
        return 0.0, 1.0
    rate, spread = successes / episodes, z * z / episodes
    middle = (rate + spread / 2) / (1 + spread)
    half = z * math.sqrt(rate * (1 - rate) / episodes + spread / (4 * episodes)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def evaluate(
    checkpoint: Path | None, tasks: list[Task], schedule: str, planner_delay: int, workers: int, quiet: bool = False
) -> list[Result]:
    """Run every task, by the scripted expert without a checkpoint; the same whatever the number of workers."""
    jobs = [
        (checkpoint and str(checkpoint), tasks[i : i + EPISODES_PER_JOB], schedule, planner_delay)
        for i in range(0, len(tasks), EPISODES_PER_JOB)
    ]
    results = [result for part in parallel(_run_job, jobs, workers, "evaluating", "job", quiet) for result in part]
    return sorted(results, key=lambda result: result.task.seed)


_LOADED: dict[str, Any] = {}


def _run_job(checkpoint: str | None, tasks: list[Task], schedule: str, planner_delay: int) -> list[Result]:
    from policy import load_policy
    from scenes import TabletopEnv

    if "env" not in _LOADED or _LOADED["checkpoint"] != checkpoint:
        policy = load_policy(checkpoint) if checkpoint else None
        _LOADED.update(checkpoint=checkpoint, policy=policy, env=TabletopEnv())
    if checkpoint is None:
        return [run_expert(_LOADED["env"], task) for task in tasks]
    runtime = make_runtime(_LOADED["policy"], schedule, planner_delay)
    return [run_task(_LOADED["env"], runtime, task) for task in tasks]


def summarise(results: Iterable[Result], seconds: float, schedule: str, planner_delay: int) -> dict[str, Any]:
    """What `libra eval --json` writes."""
    results = list(results)
    successes = sum(result.success for result in results)
    tasks = {}
    for family in FAMILIES:
        mine = [result for result in results if result.task.goal.family == family]
        if mine:
            won = sum(result.success for result in mine)
            tasks[family] = {"successes": won, "episodes": len(mine), "interval_95": list(wilson(won, len(mine)))}
    return {
        "successes": successes,
        "episodes": len(results),
        "interval_95": list(wilson(successes, len(results))),
        "seconds": round(seconds, 1),
        "schedule": schedule,
        "planner_delay_steps": planner_delay,
        "refused": sum(result.refused for result in results),
        "tasks": tasks,
        "failed_seeds": [result.task.seed for result in results if not result.success],
    }


def timed_evaluation(
    checkpoint: Path | None, episodes: int, seed: int, schedule: str, planner_delay: int, workers: int,
    families: tuple[str, ...] = FAMILIES, quiet: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Assign, run, summarise."""
    started = time.monotonic()
    results = evaluate(checkpoint, assign_tasks(episodes, seed, families), schedule, planner_delay, workers, quiet)
    driver = schedule if checkpoint else "expert"
    return summarise(results, time.monotonic() - started, driver, planner_delay)
