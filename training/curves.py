"""Curves of a run in Rerun: a process of its own reads the logs; whatever becomes of it, training goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType

PATIENCE = 15.0
"""seconds to write the last curves"""


class Curves:
    """Follows `runs/train/*/log.jsonl` into `runs/curves.rrd` and, if asked to, serves them on the loopback."""

    def __init__(self, runs: Path, port: int | None = None) -> None:
        self.recording, self.log = runs / "curves.rrd", runs / "logs" / "curves.log"
        self.told = False
        line = [sys.executable, "-m", "viz.curves", runs / "train", "--out", self.recording]
        line += ["--port", port] if port else []
        self._process: subprocess.Popen[bytes] | None = None
        self._why = ""
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            with self.log.open("wb") as log:
                self._process = subprocess.Popen(
                    ["nice", *map(str, line)],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # Ctrl-C is for the stages; this one ends when its input does
                )
        except OSError as error:
            self._why = str(error)

    def problem(self) -> str | None:
        """One sentence, once, when the curves have stopped."""
        if self.told or (self._process is not None and self._process.poll() is None):
            return None
        self.told = True
        why = self._why or f"see {self.log}"
        return f"The curves in Rerun have stopped ({why}); training goes on, and its log.jsonl files have them all."

    def __enter__(self) -> Curves:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is None or self._process.stdin is None:
            return
        try:
            self._process.stdin.close()
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
        except OSError:
            pass


def how_to_watch(port: int) -> str:
    """The commands that show the curves of a running training."""
    url = f"rerun+http://127.0.0.1:{port}/proxy"
    return f"Watch the curves with `rerun {url}`, or in a browser with `rerun --web-viewer --bind 127.0.0.1 {url}`."
