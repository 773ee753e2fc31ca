"""Training curves: every line of every log reaches the recording once, live and afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import rerun as rr

from viz.curves import Follower, build_blueprint

ROOT = Path(__file__).resolve().parents[2]


def line(step: int) -> str:
    values = {"rate": 0.001, "seconds": 1.0, "steps_per_second": 2.0, "total": step / 100, "tokens": 0.5}
    return json.dumps({"step": step, **values}) + "\n"


def test_a_log_is_followed_also_when_a_run_resumes_and_while_a_line_is_written(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(line(25) + line(50)[:20])
    follower = Follower(path)
    assert [record["step"] for record in follower.read()] == [25]
    path.write_text(line(25) + line(50) + line(75))
    assert [record["step"] for record in follower.read()] == [50, 75]
    path.write_text(line(25))  # resumed from a state before the last lines
    assert follower.read() == []
    path.write_text(line(25) + line(50) + line(75) + "no json\n" + line(100))
    assert [record["step"] for record in follower.read()] == [100]


def test_the_recording_has_every_scalar_of_every_stage(tmp_path: Path) -> None:
    for stage in ("planner1", "refiner1"):
        (tmp_path / "train" / stage).mkdir(parents=True)
        (tmp_path / "train" / stage / "log.jsonl").write_text(line(25) + line(50))
    out = tmp_path / "curves.rrd"
    command = [sys.executable, "-m", "viz.curves", str(tmp_path / "train"), "--out", str(out)]
    subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=True, timeout=60)
    printed = subprocess.run(
        [sys.executable, "-m", "rerun", "rrd", "print", "-v", str(out)], capture_output=True, text=True, timeout=60
    ).stdout
    for path in ("loss/total", "loss/tokens", "rate", "speed"):
        for stage in ("planner1", "refiner1"):
            assert f"/{path}/{stage}" in printed


def test_the_blueprint_shows_curves() -> None:
    assert isinstance(build_blueprint(), rr.blueprint.Blueprint)
