"""What was evaluated can be read back, goes on after an interruption, and is there once."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from kept_evaluations import ENOUGH, keep_evaluation

from diagnosis.checking import check
from diagnosis.store import (
    VERDICTS,
    EvaluationError,
    evaluation_row,
    find_folder,
    open_evaluation,
    read_verdicts,
    write_verdicts,
)
from scenes.world import World
from training.kept import MANIFEST, RESULTS, TRACES, Keeper, KeptError, describe, read_kept
from training.rollout import Result
from training.setting import Setting
from training.tasks import Task


def test_a_kept_evaluation_reads_back_as_it_was_played(root: Path, first: str, tasks: list[Task]) -> None:
    kept = open_evaluation(root, first[:6])
    assert kept.complete and kept.tasks == tasks and kept.manifest.setting == Setting(None)
    assert [kept.rows[n]["success"] for n in range(4)] == [True, False, False, True]
    trace = kept.trace(0)
    assert trace.steps == kept.rows[0]["steps"] and len(trace.hand) == trace.steps + 1
    assert kept.rows[0]["closest"] == 0 < kept.rows[1]["closest"]
    assert kept.rows[0]["size"] < 60_000


def test_every_state_of_a_kept_episode_is_made_again_bit_for_bit(root: Path, first: str) -> None:
    assert check(root, first) | {"steps": 0} == {"episodes": 4, "exact": 4, "steps": 0, "problems": {}}


def test_perturbed_and_moved_scenes_are_made_again_too(tmp_path: Path, tasks: list[Task]) -> None:
    harder = [replace(tasks[0], perturbation=kind) for kind in ("start", "moved")]
    kept = keep_evaluation(tmp_path, harder, Setting(None), [60, 60])
    assert check(tmp_path, kept.manifest.id)["exact"] == 2


def test_another_state_is_noticed_and_named(root: Path, first: str, tasks: list[Task]) -> None:
    from diagnosis.replaying import states

    trace = open_evaluation(root, first).trace(0)
    trace.action[3, 0] += 0.01
    with pytest.raises(EvaluationError, match=r"At step 4 this simulator's state is not the recorded one"):
        states(World(), tasks[0], trace)


def test_the_same_evaluation_is_the_same_folder_and_another_setting_is_not(tasks: list[Task]) -> None:
    one = describe(Setting(None), tasks, "libra eval --expert")
    assert one.id == describe(Setting(None), tasks, "other words").id
    others = [Setting(None, noise=2), Setting(None, planner_delay=4), Setting(None, inject="refiner-noise")]
    assert len({one.id, describe(Setting(None), tasks[:3], "").id, *(describe(s, tasks, "").id for s in others)}) == 5


def test_an_interrupted_evaluation_goes_on_and_adds_nothing_twice(tmp_path: Path, tasks: list[Task]) -> None:
    part = keep_evaluation(tmp_path, tasks, Setting(None), [ENOUGH] * 4, only=(0, 2))
    assert evaluation_row(part.folder)["state"] == "interrupted"
    assert "interrupted after 2 of 4 episodes" in str(evaluation_row(part.folder)["problem"])
    with (part.folder / RESULTS).open("ab") as file:
        file.write(b'{"number":1,"succ')  # killed in the middle of a line
    with (part.folder / TRACES).open("ab") as file:
        file.write(b"a trace that nobody points to")
    whole = keep_evaluation(tmp_path, tasks, Setting(None), [ENOUGH] * 4)
    assert whole.complete and check(tmp_path, whole.manifest.id)["exact"] == 4
    again = keep_evaluation(tmp_path, tasks, Setting(None), [0] * 4)  # plays nothing
    assert again.rows == whole.rows and (again.folder / RESULTS).read_bytes().count(b"\n") == 4


def test_an_episode_whose_trace_is_cut_off_is_played_again(tmp_path: Path, tasks: list[Task]) -> None:
    whole = keep_evaluation(tmp_path, tasks, Setting(None), [ENOUGH] * 4)
    last = max(whole.rows.values(), key=lambda row: row["at"])
    traces = whole.folder / TRACES
    traces.write_bytes(traces.read_bytes()[: last["at"] + 5])
    again = keep_evaluation(tmp_path, tasks, Setting(None), [ENOUGH] * 4)
    assert check(tmp_path, again.manifest.id)["exact"] == 4


def test_verdicts_after_one_that_was_cut_off_are_read(tmp_path: Path) -> None:
    write_verdicts(tmp_path, [(1, {"cause": "luck"})])  # type: ignore[typeddict-item]
    with (tmp_path / VERDICTS).open("ab") as file:
        file.write(b'{"number": 2, "verd')
    write_verdicts(tmp_path, [(3, {"cause": "refiner"})])  # type: ignore[typeddict-item]
    assert {number: row["cause"] for number, row in read_verdicts(tmp_path).items()} == {1: "luck", 3: "refiner"}


def test_only_one_process_keeps_an_evaluation(tmp_path: Path, tasks: list[Task], plain_result: Result) -> None:
    manifest = describe(Setting(None), tasks, "")
    with Keeper(tmp_path, manifest, tasks) as keeper:
        keeper.add(0, plain_result)
        assert evaluation_row(keeper.folder)["state"] == "running"
        with (
            pytest.raises(KeptError, match=r"Another process is changing .* --no-keep"),
            Keeper(tmp_path, manifest, tasks),
        ):
            pass
    with pytest.raises(KeptError, match=r"Episode 0 of evaluation .* cannot be read"):
        read_kept(tmp_path / manifest.id).trace(0)


def test_what_cannot_be_read_says_so_and_hides_nothing_else(root: Path, first: str, tmp_path: Path) -> None:
    folder = tmp_path / first
    shutil.copytree(root / first, folder)
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**manifest, "version": 99}))
    row = evaluation_row(folder)
    assert row["state"] == "unreadable" and "newer version of this program (format 99" in str(row["problem"])
    (folder / MANIFEST).write_text(json.dumps({**manifest, "checkpoint": "no/such/folder", "commit": "0123456789ab"}))
    problem = str(evaluation_row(folder)["problem"])
    assert "no/such/folder is gone" in problem and "kept by commit 0123456789ab" in problem
    with pytest.raises(EvaluationError, match=r"There is no evaluation ffff in .*evaluations list"):
        find_folder(tmp_path, "ffff")
    with pytest.raises(EvaluationError, match="`libra eval` makes one"):
        find_folder(tmp_path / "nothing", "latest")
