"""An episode of a kept evaluation in the session: made again bit for bit, shown, and gone back to."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app import ROOT
from app.session.protocol import SessionSettings
from app.session.recorder import Recorder
from app.session.session import Session
from app.session.watchers import Watchers
from training import rollout
from training.kept import Keeper, describe
from training.setting import Setting
from training.side_by_side import SideBySide
from training.tasks import Task, assign_tasks

STEPS = 25
"""too few for any task"""


def keep(root: Path, tasks: list[Task]) -> str:
    """Episodes of the scripted expert that run out of time; the evaluation's id."""
    manifest, players = describe(Setting(None), tasks, "libra eval --expert"), SideBySide(keep=True)
    limit, rollout.TIME_LIMIT = rollout.TIME_LIMIT, STEPS
    try:
        with Keeper(root, manifest, tasks) as keeper:
            for number, task in enumerate(tasks):
                ((_, result),) = players.run(iter([(number, Setting(None), task)]))
                keeper.add(number, result)
    finally:
        rollout.TIME_LIMIT = limit
        players.close()
    return manifest.id


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("evaluations")


@pytest.fixture(scope="module")
def evaluation(root: Path) -> str:
    (task,) = assign_tasks(1, 870_000, ("pick",))
    other = Task(task.seed, task.goal, task.instruction, "layout")
    return keep(root, [task, other])


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    recorder = Recorder()
    session = Session(SessionSettings(Path("none"), seed=7, folder=tmp_path), Watchers(), recorder)
    yield session
    session.close()
    recorder.close()


def opened(session: Session, root: Path, evaluation: Any, number: Any, step: int | None = None) -> dict[str, Any]:
    given = {"root": str(root), "evaluation": evaluation, "number": number, "step": step}
    deadline = time.monotonic() + 120
    while "in a moment" in (status := session.command("open_evaluated", given)).get("error", ""):
        assert time.monotonic() < deadline  # a busy machine takes its time to load libraries
    return status


def test_it_is_shown_and_the_scene_goes_to_a_step_of_it_bit_for_bit(
    session: Session, root: Path, evaluation: str
) -> None:
    from diagnosis.page import replay_states

    status = opened(session, root, evaluation, 0, 20)
    assert status["looked"] == [f"{evaluation}-0", 20] and "error" not in status
    status = session.command("rewind", {"step": 20, "episode": f"{evaluation}-0"})
    assert status["state"] == "paused" and status["seed"] == 870_000
    np.testing.assert_array_equal(session.robot.env.get_state(), replay_states(root, evaluation, 0)[1][20])
    assert session.command("take_over", {"holder": "me"})["branch"] == [f"{evaluation}-0", 20]


def test_looking_at_evaluations_loads_no_network():
    code = "import app.session.evaluated, diagnosis.recordings, sys; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "False", done.stderr


def test_a_scene_with_other_things_on_the_table_is_shown_with_a_word_and_not_entered(
    session: Session, root: Path, evaluation: str
) -> None:
    status = opened(session, root, evaluation, 1)
    assert "disturbed (layout)" in status["message"]
    refused = session.command("rewind", {"step": 3, "episode": f"{evaluation}-1"})
    assert "only be looked at" in refused["error"] and refused["rewound"] is None


@pytest.mark.parametrize(
    ("named", "number", "words"),
    [("ffff", 0, "ffff"), (None, 0, "Name the folder"), ("", 0, "Name the folder"), ("known", 99, "no episode 99"),
     ("known", -1, "whole number"), ("known", "x", "whole number")],
)  # fmt: skip
def test_what_is_not_there_is_refused_with_one_sentence(
    session: Session, root: Path, evaluation: str, named: Any, number: Any, words: str
) -> None:
    status = opened(session, root, evaluation[:6] if named == "known" else named, number)
    assert words in status["error"] and status["looked"] is None
