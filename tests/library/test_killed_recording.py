"""`kill -9` while an episode is recorded: what was finished is whole, the running one is there to its last second."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from library.check import check_episode
from library.facts import CUT_OFF
from library.lerobot.exporting import export_episodes
from library.store import Library
from tests.library.killed import STEPS

ROOT = Path(__file__).resolve().parents[2]


def record_and_kill(folder: Path, seconds: float) -> tuple[int, int]:
    """Episode and step that the process had last said it recorded when it was killed."""
    line = [sys.executable, "-m", "tests.library.killed", str(folder)]
    process = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": "."})
    assert process.stdout is not None
    process.stdout.readline()  # it has begun
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    said = process.stdout.read().splitlines()
    process.wait()
    number, step = (said or ["1 0"])[-1].split()
    return int(number), int(step)


@pytest.mark.parametrize("moment", range(4))
def test_a_killed_recording_keeps_every_finished_episode_and_all_but_the_last_second(
    tmp_path: Path, moment: int
) -> None:
    number, step = record_and_kill(tmp_path / "run", random.Random(moment).uniform(0.2, 4.0))
    library = Library(tmp_path / "run")
    assert library.totals()["unreadable"] == 0 or number == 1
    finished = library.episodes[: number - 1]
    assert all(check_episode(each) == [] and each.steps == STEPS for each in finished)
    running = library.find(f"episode-{number:03d}")
    assert running.facts is not None and running.steps >= step + 1 - 20, "at most a second is lost"
    if not running.facts.whole:
        assert (running.outcome, running.facts.sentence) == ("aborted", CUT_OFF)
        library.label(running.id, "failure")
    report = export_episodes(library.episodes, tmp_path / "out", quiet=True)
    assert report.exported == number and not report.refused
