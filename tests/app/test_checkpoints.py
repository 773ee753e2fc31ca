"""Checkpoints that were made here: where they come from, and a real comparison of one with its parent."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from web_server import Behind, browser, served

import app.checkpoints as checkpoints
from app import DEFAULT_CHECKPOINT
from app.checkpoints import COMPARED, LINEAGE, UnknownCheckpoint, comparison, made


def put(library: Path, name: str, parent: Path = DEFAULT_CHECKPOINT, **more: Any) -> Path:
    """A checkpoint as fine-tuning leaves it, with its parent's own weights."""
    folder = library / name
    shutil.copytree(DEFAULT_CHECKPOINT, folder)
    said = {
        "parent": {"checkpoint": str(parent), "fingerprint": "0" * 8},
        "episodes": [{"episode": "monday/episode-001"}],
        "human_steps": 40,
        "families": ["pick", "button"],
        "commit": "0123456789abcdef",
        "compare": "libra eval --compare a b --tasks pick --episodes 280 --seed 830000",
        **more,
    }
    (folder / LINEAGE).write_text(json.dumps(said))
    return folder


def test_every_checkpoint_says_where_it_comes_from_and_a_bad_one_hides_no_other(tmp_path: Path) -> None:
    put(tmp_path, "better")
    put(tmp_path, "worse", human_steps=None)
    (tmp_path / "monday").mkdir()
    found = {each["name"]: each for each in made(tmp_path)}
    assert set(found) == {"better", "worse"}
    better = found["better"]
    assert (better["parent"], better["episodes"], better["steps"]) == (DEFAULT_CHECKPOINT.name, 1, 40)
    assert better["compared"] is None and "problem" not in better
    assert "cannot be read" in found["worse"]["problem"]


def test_both_are_played_on_scenes_that_nobody_was_shown(tmp_path: Path) -> None:
    folder = put(tmp_path, "better")
    words = comparison(tmp_path, "better")
    assert words[:4] == ["eval", "--compare", str(DEFAULT_CHECKPOINT), str(folder)]
    assert words[words.index("--seed") + 1] == "830000" and words[words.index("--tasks") + 1] == "pick,button"


@pytest.mark.parametrize("name", ["", "nowhere", "..", "../better", "better/"])
def test_a_name_that_is_not_listed_plays_nothing(tmp_path: Path, name: str) -> None:
    library = tmp_path / "library"
    put(library, "other")
    put(tmp_path, "better")
    with pytest.raises(UnknownCheckpoint, match="choose one"):
        comparison(library, name)


def test_a_parent_that_is_gone_is_said(tmp_path: Path) -> None:
    put(tmp_path, "better", parent=tmp_path / "gone")
    with pytest.raises(UnknownCheckpoint, match="no longer at"):
        comparison(tmp_path, "better")


def test_a_comparison_leaves_two_evaluations_and_the_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "EPISODES", 2)
    folder = put(tmp_path, "better", families=["button"])
    with served(Behind(library=tmp_path)) as (address, _), browser(address) as client:
        client.timeout = 120
        refused = client.post("/library/compare", json={"name": "nowhere"})
        assert refused.status_code == 400 and "nowhere" in refused.json()["error"]
        assert client.post("/library/compare", json={"name": "better"}).json()["state"] == "running"
        done = finished(client)
    assert done["compare"]["state"] == "done", done
    (better,) = done["checkpoints"]
    compared = better["compared"]
    assert (compared["difference"], compared["fixed"], compared["broken"], compared["episodes"]) == (0.0, 0, 0, 2)
    assert compared["before"] == compared["after"]  # the same weights: what was played once is not played again
    assert all((tmp_path / "evaluations" / each).is_dir() for each in compared["ids"])
    later = (folder / COMPARED).stat().st_mtime + 10
    os.utime(folder / LINEAGE, (later, later))
    assert made(tmp_path)[0]["compared"] is None, "it was measured before it was made anew"


def finished(client: httpx.Client) -> dict[str, Any]:
    deadline = time.monotonic() + 120
    while (said := client.get("/library/checkpoints").json())["compare"]["state"] == "running":
        assert time.monotonic() < deadline, said
        time.sleep(0.5)
    return dict(said)
