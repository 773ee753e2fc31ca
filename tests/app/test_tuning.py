"""Fine-tuning from the page: a process of its own that is watched, stopped, and taken up again by another cockpit."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from app.tuning import FineTuning

WORKS = """
import json, pathlib, sys, time
words = sys.argv[1:]
runs = pathlib.Path(words[words.index("--runs") + 1])
say = lambda state: (runs / "progress.json").write_text(json.dumps(
    {"state": state, "fraction": 0.25, "seconds_left": 600, "running": ["planner"], "stages": []}))
say("running")
try:
    time.sleep(60)
except KeyboardInterrupt:
    pass
"""


def wait_for(tuning: FineTuning, state: str) -> dict:
    deadline = time.monotonic() + 60
    while (status := tuning.status())["state"] != state or (state == "running" and status["fraction"] is None):
        assert time.monotonic() < deadline, status
        time.sleep(0.1)
    return status


def test_it_runs_beside_the_cockpit_is_seen_by_the_next_one_and_can_be_stopped(tmp_path: Path) -> None:
    command = (sys.executable, "-c", WORKS)
    tuning = FineTuning(tmp_path / "base", tmp_path, command)
    assert tuning.status()["state"] == "none" and "error" in tuning.cancel()
    assert tuning.start("better", "push")["state"] == "running"
    status = wait_for(tuning, "running")
    assert (status["fraction"], status["name"], status["message"]) == (0.25, "better", "About 10 min left.")
    assert "being made" in tuning.start("another")["error"]
    other = FineTuning(tmp_path / "base", tmp_path, command)
    assert other.status()["state"] == "running" and other.status()["checkpoint"] == str(tmp_path / "better")
    assert other.cancel()["state"] == "stopped"
    assert tuning.status()["state"] == "stopped" and "goes on from there" in tuning.status()["message"]
    assert tuning.start("better")["state"] == "running"
    tuning.cancel()


@pytest.mark.parametrize("name", ["", "../elsewhere", "a/b", 7, None, "x" * 200])
def test_a_name_that_leads_elsewhere_starts_nothing(tmp_path: Path, name: object) -> None:
    tuning = FineTuning(tmp_path / "base", tmp_path)
    assert "error" in tuning.start(name) and tuning.status()["state"] == "none"


def test_what_it_said_when_it_failed_is_the_message(tmp_path: Path) -> None:
    said = "import sys; sys.exit('libra finetune: there is nothing to learn from')"
    tuning = FineTuning(tmp_path / "base", tmp_path, (sys.executable, "-c", said))
    tuning.start()
    assert wait_for(tuning, "failed")["message"] == "libra finetune: there is nothing to learn from"
