"""What a page and a colleague are told of kept evaluations."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import orjson
import pytest
from rerun.chunk import RrdReader

from app.cli import main
from diagnosis import page
from diagnosis.report import write_report
from diagnosis.store import EvaluationError, write_verdicts
from training.kept import MANIFEST, RESULTS, TASKS


def test_a_matrix_has_a_column_entry_for_every_episode(root: Path, first: str) -> None:
    page.find_events(root, first)
    matrix = page.matrix(root, first)
    columns = matrix["columns"]
    assert {len(column) for column in columns.values()} == {4}
    assert [matrix["outcomes"][each] for each in columns["outcome"]] == ["success", "failure", "failure", "success"]
    assert columns["events"][1] == 1 << matrix["event_kinds"].index("time out") and columns["events"][0] == 0
    assert json.loads(orjson.dumps(matrix)) == matrix


def test_thousands_of_episodes_are_read_without_their_traces(root: Path, first: str, tmp_path: Path) -> None:
    folder = tmp_path / first
    folder.mkdir()
    count = 5000
    manifest, tasks = (json.loads((root / first / name).read_text()) for name in (MANIFEST, TASKS))
    row = json.loads((root / first / RESULTS).read_text().splitlines()[0])
    (folder / MANIFEST).write_text(json.dumps({**manifest, "episodes": count}))
    (folder / TASKS).write_text(json.dumps(tasks * (count // 4)))
    (folder / RESULTS).write_text("".join(json.dumps({**row, "number": n}) + "\n" for n in range(count)))
    matrix = page.matrix(tmp_path, first)
    assert len(matrix["columns"]["seed"]) == count and matrix["evaluation"]["state"] == "complete"
    assert len(orjson.dumps(matrix)) < 400_000


def test_an_episode_opens_with_its_events_and_a_step_to_take_over_at(root: Path, first: str) -> None:
    detail = page.episode(root, first, 1)
    assert detail["outcome"] == "failure" and [event["kind"] for event in detail["events"]] == ["time out"]
    assert detail["take_over_step"] == detail["steps"] - 1 and detail["can_replay"]
    assert page.take_over_step([40, 31], 240) == 30 and page.take_over_step([0], 240) == 0
    task, states = page.replay_states(root, first, 1)
    assert task.seed == detail["seed"] and len(states) == detail["steps"] + 1
    with pytest.raises(EvaluationError, match=r"has no episode 44: there are 4 of 4"):
        page.episode(root, first, 44)


def test_two_evaluations_are_compared_episode_by_episode(root: Path, first: str, second: str) -> None:
    found = page.compare(root, first, second)
    assert (found["fixed"], found["broken"], found["unchanged"]) == ([[1, 1], [2, 2]], [[3, 3]], 1)
    assert found["paired"]["mcnemar_p"] == 1.0 and found["problem"] is None
    with pytest.raises(EvaluationError, match="compared with itself"):
        page.compare(root, first, first)


def test_a_comparison_of_other_scenes_says_what_to_do(root: Path, first: str, tmp_path: Path) -> None:
    shutil.copytree(root / first, tmp_path / first)
    shutil.copytree(root / first, tmp_path / "0123456789ab")
    for name, change in ((MANIFEST, ('"id": "', '"id": "0')), (TASKS, ("[8", "[9"))):
        path = tmp_path / "0123456789ab" / name
        path.write_text(path.read_text().replace(*change))
    with pytest.raises(EvaluationError, match="have no episode in common"):
        page.compare(tmp_path, first, "0123456789ab")


@pytest.mark.slow
def test_a_report_is_one_file_that_asks_nobody_for_anything(root: Path, first: str, tmp_path: Path) -> None:
    shutil.copytree(root / first, tmp_path / first)
    verdict = {
        "cause": "refiner", "sentence": "It <slips>.", "frames": [9], "from_step": 0, "replays": [], "facts": {},
    }  # fmt: skip
    write_verdicts(tmp_path / first, [(1, verdict)])  # type: ignore[list-item]
    done = write_report(tmp_path, first, tmp_path / "report.html", recordings=[1])
    html = (tmp_path / "report.html").read_text()
    assert "2 of 4 succeeded" in html and "It &lt;slips&gt;." in html and html.count("data:image/jpeg;base64,") >= 8
    addresses = re.findall(r"""(?:src|href|url\()\s*=?\s*["']?([^"')\s>]+)""", html)
    beside = "report-recordings/episode-1.rrd"
    assert beside in addresses and (tmp_path / beside).is_file()
    assert all(each.startswith(("data:", "#")) for each in addresses if each != beside)
    assert "<script" not in html and "@import" not in html
    assert Path(done["recordings"][0]).stat().st_size > 50_000
    again = write_report(tmp_path, first, tmp_path / "report.html")
    assert again["replaced"] and not done["replaced"]
    assert not (tmp_path / beside).exists(), "nothing speaks of it any more"


@pytest.mark.slow
def test_what_was_fixed_is_seen_side_by_side(
    root: Path, first: str, second: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "both.rrd"
    assert main(["evaluations", "compare", first, second, "--out", str(path), "--root", str(root)]) == 0
    said = capsys.readouterr().out
    assert "2 fixed, 1 broken, 1 unchanged" in said and "side by side" in said
    entities = {chunk.entity_path for chunk in RrdReader(path).stream().collect().stream()}
    for side in ("before", "after"):
        assert {f"/{side}/world/hand", f"/{side}/cameras/front/image", f"/{side}/actions/executed"} <= entities


def test_the_commands_say_what_can_be_done(root: Path, first: str, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--root", str(root)]
    assert main(["evaluations", "list", *where]) == 0
    assert first in capsys.readouterr().out
    assert main(["evaluations", "show", first, *where]) == 0
    assert "2 of 4 succeeded" in capsys.readouterr().out
    assert main(["evaluations", "events", first, "--rules", "--json", "-", *where]) == 0
    assert json.loads(capsys.readouterr().out)["events"]["time out"] == {"count": 2, "episodes": 2}
    assert main(["diagnose", first, *where]) == 1
    assert "driven by the scripted expert" in capsys.readouterr().err
    assert main(["diagnose", first, "--episode", "0", *where]) == 1
    assert "Episode 0 succeeded: there is nothing to find. Failures are 1, 2" in capsys.readouterr().err
    assert main(["diagnose", first, "--seed", "5", *where]) == 1
    assert "has no episode of seed 5" in capsys.readouterr().err
    assert main(["report", first, "--out", "report.pdf", *where]) == 2
    assert "must end in .html" in capsys.readouterr().err
    assert main(["evaluations", "show", "ffff", *where]) == 1
    assert "There is no evaluation ffff" in capsys.readouterr().err
