"""Evaluations that were kept: short episodes of the scripted expert, some of which had too little time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from training import rollout
from training.kept import Keeper, Kept, describe, read_kept
from training.rollout import Result
from training.setting import Setting
from training.side_by_side import SideBySide
from training.tasks import Task, assign_tasks

ENOUGH, TOO_LITTLE = 110, 25
"""control steps"""
Keep = Callable[..., Kept]


def keep_evaluation(
    root: Path, tasks: Sequence[Task], setting: Setting, limits: Sequence[int], only: Sequence[int] | None = None
) -> Kept:
    """Play and keep, every episode with a time limit of its own."""
    players = SideBySide(keep=True)
    manifest = describe(setting, tasks, "libra eval --expert")
    before = rollout.TIME_LIMIT
    try:
        with Keeper(root, manifest, tasks) as keeper:
            for number, task in enumerate(tasks):
                if number in keeper.known or (only is not None and number not in only):
                    continue
                rollout.TIME_LIMIT = limits[number]
                ((_, result),) = players.run(iter([(number, setting, task)]))
                keeper.add(number, result)
    finally:
        rollout.TIME_LIMIT = before
        players.close()
    return read_kept(root / manifest.id)


@pytest.fixture(scope="session")
def tasks() -> list[Task]:
    return assign_tasks(4, 870_000, ("pick", "bowl"))


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory, tasks: list[Task]) -> Path:
    """Two evaluations of the same four episodes: the first has too little time for two of them, the second for one."""
    folder = tmp_path_factory.mktemp("evaluations")
    keep_evaluation(folder, tasks, Setting(None), [ENOUGH, TOO_LITTLE, TOO_LITTLE, ENOUGH])
    keep_evaluation(folder, tasks, Setting(None, noise=1), [ENOUGH, ENOUGH, ENOUGH, TOO_LITTLE])
    return folder


@pytest.fixture(scope="session")
def first(root: Path, tasks: list[Task]) -> str:
    return describe(Setting(None), tasks, "").id


@pytest.fixture(scope="session")
def second(root: Path, tasks: list[Task]) -> str:
    return describe(Setting(None, noise=1), tasks, "").id


@pytest.fixture
def plain_result(tasks: list[Task]) -> Result:
    return replace(Result(tasks[0], True, 30, False), trace=b"no trace")
