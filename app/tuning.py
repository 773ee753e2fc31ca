"""Fine-tuning from the page: `libra finetune` in a process of its own, which steps back for the cockpit."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Final

import orjson
import psutil

from app import DEFAULT_CHECKPOINT, ROOT
from library.edits import check_name
from library.errors import LibraryError
from library.files import write_whole

NICENESS: Final = 15
"""the control loop comes first"""
STOP_SECONDS: Final = 20.0
COMMAND: Final = (sys.executable, "-m", "app.cli", "finetune")
_JOB: Final = "job.json"
_LAST_WORDS: Final = 2000
"""bytes of its log that are looked at"""

Answer = dict[str, Any]


class FineTuning:
    """At most one at a time; starting it once more with the same name goes on where it stopped.

    Args:
        checkpoint: to start from.
        library: folder of episodes; the new checkpoints lie beside them.
        command: that makes the checkpoint.
    """

    def __init__(
        self, checkpoint: Path = DEFAULT_CHECKPOINT, library: Path = ROOT / "runs", command: tuple[str, ...] = COMMAND
    ) -> None:
        self._checkpoint, self._library, self._command = checkpoint, library, command
        self._runs = library / "finetune"
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, name: object = "finetuned", task: object = "", starred: object = False) -> Answer:
        """Begin, or go on: the status, with `error` if that was refused.

        Args:
            name: of the new checkpoint, a folder in the library.
            task: only episodes with these words in their instruction.
            starred: only those that are marked.
        """
        try:
            folder = check_name(name if isinstance(name, str) else "")
        except LibraryError as error:
            return {**self.status(), "error": str(error)}
        if not folder:
            return {**self.status(), "error": "Give the new checkpoint a name, such as finetuned."}
        if not isinstance(task, str):
            return {**self.status(), "error": "Say which episodes by words of their instruction, or by none."}
        with self._lock:
            if self._running() is not None:
                return {**self.status(), "error": "A checkpoint is being made: cancel it, or wait until it is done."}
            out = self._library / folder
            words = [str(self._library), "--checkpoint", str(self._checkpoint), "--out", str(out), "--task", task]
            words += ["--starred"] * bool(starred)
            words += ["--runs", str(self._runs), "--data", str(self._library / "data")]
            try:
                self._launch(words, folder)
            except OSError as error:
                return {**self.status(), "error": f"It cannot be started ({error})."}
        return self.status()

    def status(self) -> Answer:
        """How far it is.

        `state` is none, running, done, stopped or failed; `fraction`, `seconds_left` and `stages` are of
        `progress.json`; `checkpoint` is the folder of the new one, `message` one sentence.
        """
        job = self._job()
        if job is None:
            message = "No checkpoint was made from corrections yet."
            return {"state": "none", "name": None, "checkpoint": None, "message": message}
        progress = self._progress(job)
        said = self._last_line()
        if self._running() is not None:
            state, left = "running", progress.get("seconds_left")
            message = "It is getting ready." if left is None else f"About {max(1, round(left / 60))} min left."
        elif progress.get("state") == "done" and (Path(job["checkpoint"]) / "model.safetensors").is_file():
            state = "done"
            message = f"{job['name']} is made; measure what it has learned with `{_compare(Path(job['checkpoint']))}`."
        elif progress.get("state") == "failed" or (said.startswith("libra finetune:") and "stopped;" not in said):
            state, message = "failed", said
        else:
            state, message = "stopped", "It was stopped: start it again with the same name, and it goes on from there."
        shown = {key: progress.get(key) for key in ("fraction", "seconds", "seconds_left", "running", "stages")}
        return {"state": state, "name": job["name"], "checkpoint": job["checkpoint"], "message": message, **shown}

    def cancel(self) -> Answer:
        """Stop it; what it has saved stays."""
        with self._lock:
            process = self._running()
            if process is None:
                return {**self.status(), "error": "No checkpoint is being made."}
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGTERM)
                with contextlib.suppress(psutil.TimeoutExpired):
                    process.wait(STOP_SECONDS)
        return self.status()

    def _launch(self, words: list[str], name: str) -> None:
        self._runs.mkdir(parents=True, exist_ok=True)
        with (self._runs / "finetune.log").open("wb") as log:
            self._process = subprocess.Popen(
                ["nice", "-n", str(NICENESS), *self._command, *words],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # it goes on when the cockpit ends
            )
        job = {"pid": self._process.pid, "began": psutil.Process(self._process.pid).create_time(), "name": name}
        job["checkpoint"] = str(self._library / name)
        write_whole(self._runs / _JOB, orjson.dumps(job))

    def _job(self) -> dict[str, Any] | None:
        """What was started last, also by a cockpit before this one."""
        try:
            job = orjson.loads((self._runs / _JOB).read_bytes())
            return {"pid": int(job["pid"]), "began": float(job["began"]), "name": str(job["name"]),
                    "checkpoint": str(job["checkpoint"])}  # fmt: skip
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _running(self) -> psutil.Process | None:
        if self._process is not None:
            self._process.poll()  # one that has ended is no zombie then
        job = self._job()
        if job is None:
            return None
        try:
            process = psutil.Process(job["pid"])
            alive = process.create_time() == job["began"] and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return None
        return process if alive else None

    def _progress(self, job: dict[str, Any]) -> dict[str, Any]:
        """What it has written since it was started."""
        path = self._runs / "progress.json"
        try:
            if path.stat().st_mtime < job["began"]:
                return {}
            found = orjson.loads(path.read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _last_line(self) -> str:
        try:
            with (self._runs / "finetune.log").open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - _LAST_WORDS))
                lines = log.read().decode(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1].strip() if lines else ""


def _compare(checkpoint: Path) -> str:
    """The command that measures a checkpoint and its parent on the same episodes."""
    try:
        return str(orjson.loads((checkpoint / "lineage.json").read_bytes())["compare"])
    except (OSError, ValueError, KeyError, TypeError):
        return f"libra eval --checkpoint {checkpoint}"
