"""Evaluations that were kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from kept_evaluations import ENOUGH, TOO_LITTLE, keep_evaluation

from training.kept import describe
from training.rollout import Result
from training.setting import Setting
from training.tasks import Task, assign_tasks


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
    return Result(tasks[0], True, 30, False, trace=b"no trace")
