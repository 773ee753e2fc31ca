"""Lockstep episodes on every core, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from scenes.constants import SUBSTEPS, TIMESTEP
from scenes.goals import FAMILIES
from training.intervals import rate
from training.kept import Keeper, describe
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


def evaluate(
    groups: Sequence[Group], workers: int, quiet: bool = False, keep: Path | None = None, command: str = ""
) -> list[list[Result]]:
    """The results of every group, in the order of its tasks; the same whatever the number of workers.

    Args:
        groups: what to play.
        workers: processes.
        quiet: whether to leave out the progress bar.
        keep: folder in which every group is kept; what is there already is not played again.
        command: that asks for it.

    Raises:
        KeptError: another process keeps the same evaluation now, or the folder cannot be written to.
    """
    episodes = [(setting, task) for setting, tasks in groups for task in tasks]
    with ExitStack() as stack:
        keepers: list[Keeper] = []
        if keep is not None:
            mine: dict[str, Keeper] = {}
            for setting, tasks in groups:
                manifest = describe(setting, tasks, command)
                if manifest.id not in mine:
                    mine[manifest.id] = stack.enter_context(Keeper(keep, manifest, tasks))
                keepers.append(mine[manifest.id])
        places = [
            (keepers[group] if keepers else None, number)
            for group, (_, tasks) in enumerate(groups)
            for number in range(len(tasks))
        ]
        results = {
            index: keeper.known[number]
            for index, (keeper, number) in enumerate(places)
            if keeper is not None and number in keeper.known
        }
        todo = [(index, *episode) for index, episode in enumerate(episodes) if index not in results]
        if todo:
            work = partial(play_all, keep=keep is not None)
            known = len(results)
            for index, result in share_out(work, todo, workers, "evaluating", "episode", quiet, known):
                keeper, number = places[index]
                if keeper is not None:
                    keeper.add(number, result)
                results[index] = replace(result, trace=b"")
    ordered = iter([results[index] for index in range(len(episodes))])
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
    simulated = sum(result.steps for result in results if not result.kept_before) * CONTROL_STEP
    return {
        "seconds": round(seconds, 1),
        "simulated_seconds": round(simulated, 2),
        "real_time_factor": round(simulated / max(seconds, 1e-9), 2),
    }
