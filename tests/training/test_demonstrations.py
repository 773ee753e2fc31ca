"""Demonstrations in a library: exactly as many as were asked for, the same whoever makes them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from app.cli import main
from library.store import Library
from policy.tasks import TASKS
from records.log import read_episode
from scenes import TabletopEnv
from scenes.goals import is_held_out
from training import demonstrations
from training.demonstrations import demonstrate, demonstrate_to
from training.tasks import assign_demonstrations, kind_of


def test_more_demonstrations_begin_with_the_same_and_ask_for_nothing_held_out() -> None:
    tasks = assign_demonstrations(60, 500, TASKS[:-1])
    assert tasks[:20] == assign_demonstrations(20, 500, TASKS[:-1])
    assert not any(is_held_out(task.goal) for task in tasks)
    counts = [sum(kind_of(task.goal) == kind for task in tasks) for kind in TASKS[:-1]]
    assert min(counts) >= 3 and max(counts) <= 9


def test_every_step_of_a_demonstration_is_recorded_whole(tmp_path: Path) -> None:
    (task,) = assign_demonstrations(1, 100, ("button",))
    env = TabletopEnv()
    assert demonstrate(env, task, tmp_path / "e.arrow")
    log = read_episode(tmp_path / "e.arrow")
    sources = [record.control_source for record in log.records]
    assert {*sources[:-1]} == {"expert"} and sources[-1] == "hold"
    assert (log.records[-1].outcome, log.records[-1].outcome_by) == ("success", "success test")
    for before, after in zip(log.records[:-1], log.records[1:], strict=True):
        env.set_state(before.state)
        env.world.step(before.action)
        assert np.array_equal(env.get_state(), after.state)
    env.close()


@pytest.mark.timeout(300)
def test_the_number_of_workers_changes_nothing_and_running_again_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["collect", "--tasks", "button,pick", "--seed", "100", "--json"]
    assert main([*words, "--episodes", "1", "--workers", "1", "--out", str(tmp_path / "one")]) == 0
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "one").glob("*.arrow")}
    assert main([*words, "--episodes", "3", "--workers", "1", "--out", str(tmp_path / "one")]) == 0
    assert main([*words, "--episodes", "3", "--workers", "2", "--out", str(tmp_path / "two")]) == 0
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items()), "what was there is not made again"
    one, two = Library(tmp_path / "one"), Library(tmp_path / "two")
    assert [each.id for each in choose(one)] == [each.id for each in choose(two)] and len(one.episodes) == 3
    for mine, other in zip(choose(one), choose(two), strict=True):
        for a, b in zip(read_episode(mine.path).records, read_episode(other.path).records, strict=True):
            assert np.array_equal(a.state, b.state) and np.array_equal(a.action, b.action)
            assert np.array_equal(a.observation.front, b.observation.front)
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["library"]["outcomes"] == {"success": 3}


def choose(library: Library) -> list:
    return sorted(library.episodes, key=lambda each: each.id)


def test_attempts_that_fail_are_left_out_and_others_take_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def attempt(items, *_, **__):  # the arm itself is not what this is about
        for task, folder in items:
            tried.append(task.seed)
            if len(tried) % 3:
                demonstrations._path(Path(folder), task).touch()
            yield len(tried) % 3 > 0

    monkeypatch.setattr(demonstrations, "share_out", lambda work, items, *_: attempt(items))
    failed = demonstrate_to(tmp_path, 6, 100)
    assert failed == 2 and len(list(tmp_path.glob("*.arrow"))) == 6 and len(tried) == 8


def test_wrong_words_are_wrong_usage(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = ["--out", str(tmp_path)]
    assert main(["collect", "--tasks", "juggle", *out]) == 2 and "no task 'juggle'" in capsys.readouterr().err
    assert main(["collect", "--turning", *out]) == 2 and "add --frames" in capsys.readouterr().err
    assert main(["collect", "--frames", "--tasks", "juggle", *out]) == 2
    assert main(["collect", "--episodes", "0", *out]) == 2
