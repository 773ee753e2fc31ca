"""Work that is shared out to processes ends with whoever shared it out."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from training.parallel import share_out

ROOT = Path(__file__).resolve().parents[2]


def never_done(items: Iterator[str]) -> Iterator[str]:
    """Leaves the number of its process in the file that the item names."""
    for item in items:
        Path(item).write_text(str(os.getpid()))
        time.sleep(600)
        yield item


def much(items: Iterator[int]) -> Iterator[bytes]:
    """More than a pipe holds; the third fails."""
    for item in items:
        if item == 3:
            raise ZeroDivisionError
        yield bytes(1_000_000)


def test_a_process_that_fails_ends_those_whose_results_nobody_reads_any_more() -> None:
    began = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        list(share_out(much, [1, 3, *[1] * 60], 2, "", "", True))
    assert time.monotonic() - began < 60


def test_whoever_stops_reading_results_ends_the_work() -> None:
    results = share_out(much, [1] * 60, 2, "", "", True)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert not [child for child in multiprocessing.active_children() if child.daemon]


def share(path: str) -> None:
    """What the process does that is killed."""
    list(share_out(never_done, [path], 1, "", "", True))


def test_processes_end_when_the_one_that_started_them_is_killed(tmp_path: Path) -> None:
    said = tmp_path / "pid"
    code = f"from tests.training.test_parallel import share; share({str(said)!r})"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    until = time.monotonic() + 60
    while not said.is_file() or not said.read_text():
        assert parent.poll() is None and time.monotonic() < until
        time.sleep(0.05)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    worker = Path(f"/proc/{said.read_text()}")
    while worker.exists():
        assert time.monotonic() < until, "it works on for nobody"
        time.sleep(0.05)
