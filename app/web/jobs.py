"""Work that takes long, asked for on a page: one `libra` command in a process of its own, at low priority."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from app import ROOT

NICENESS: Final = 15
"""after the robot, and after whoever watches it"""
PATIENCE: Final = 5.0
"""seconds that a cancelled command has to put down what it holds"""
_BAR: Final = re.compile(r"(\d+)/(\d+) \[[\d:]+<([\d:?]+)")
"""of tqdm: done, of how many, time left"""


class JobRefused(ValueError):
    """It cannot be begun; one sentence says why."""


class Job:
    """One command at a time; beginning it again after a cancel or a failure goes on where it stopped, as commands do.

    Args:
        what: it does, for sentences: "export".
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._words: list[str] = []
        self._given = b""
        self._cancelled = False
        self._began = 0.0
        self._progress: tuple[int, int, str] | None = None
        self._said: list[str] = []

    def begin(self, words: Sequence[str], given: str = "") -> None:
        """Start `libra WORDS` with `given` on its standard input.

        Raises:
            JobRefused: one is at work.
        """
        with self._lock:
            if self.running:
                raise JobRefused(f"Another {self._what} is going on: wait for it, or cancel it.")
            self._words, self._given = list(words), given.encode()
            self._cancelled, self._progress, self._said, self._began = False, None, [], time.monotonic()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", *self._words],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
                env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "COLUMNS": "100"},
            )  # fmt: skip
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PGRP, self._process.pid, NICENESS)
            threading.Thread(target=self._follow, args=(self._process,), name=self._what, daemon=True).start()

    def told(self, asked: Mapping[str, Any], begin: Callable[[], None]) -> None:
        """What a page asks: to cancel, to go on, or else to begin.

        Raises:
            JobRefused: as of `begin` and `resume`.
        """
        if asked.get("cancel"):
            self.cancel()
        elif asked.get("resume"):
            self.resume()
        else:
            begin()

    def resume(self) -> None:
        """The last command once more.

        Raises:
            JobRefused: there was none, or one is at work.
        """
        if not self._words:
            raise JobRefused(f"There is no {self._what} to go on with: begin one.")
        self.begin(self._words, self._given.decode())

    def cancel(self) -> None:
        """End it; what it has done stays."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        self._cancelled = True
        _signal(process, signal.SIGINT)
        threading.Thread(target=_end, args=(process,), daemon=True).start()

    @property
    def running(self) -> bool:
        """Whether it is at work."""
        return self._process is not None and self._process.poll() is None

    def status(self) -> dict[str, Any]:
        """`state` (none, running, done, failed, cancelled), `done`, `total`, `left` (as a clock), `sentence`."""
        process = self._process
        if process is None:
            return {"state": "none", "sentence": "", "command": ""}
        code = process.poll()
        state = "running" if code is None else "cancelled" if self._cancelled else "done" if code == 0 else "failed"
        done, total, left = self._progress or (0, 0, "")
        sentence = self._said[-1] if self._said and code is not None else ""
        return {
            "state": state,
            "done": done,
            "total": total,
            "left": left if state == "running" and "?" not in left else "",
            "sentence": sentence
            or {"running": "It begins.", "failed": f"It ended with exit code {code}."}.get(state, ""),
            "command": " ".join(["libra", *self._words]),
        }

    def _follow(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(OSError):
            process.stdin.write(self._given)
            process.stdin.close()
        text = b""
        while piece := os.read(process.stdout.fileno(), 65536):
            *lines, text = re.split(rb"[\r\n]", text + piece)
            for line in lines:
                self._heard(line.decode(errors="replace").strip())
        process.wait()

    def _heard(self, line: str) -> None:
        if bar := _BAR.search(line):
            self._progress = int(bar[1]), int(bar[2]), bar[3]
        elif line:
            self._said = [*self._said[-20:], line]


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL)
