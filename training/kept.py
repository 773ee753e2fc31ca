"""Kept evaluations: one folder for every setting and list of tasks, appended to as episodes end, resumed if cut off.

    ID/manifest.json   what was evaluated; ID follows from it, so the same evaluation is the same folder
    ID/tasks.json      [seed, family, target, detail, instruction, perturbation] of every episode
    ID/results.jsonl   a line an episode that ended, and where in `traces.bin` its trace is
    ID/traces.bin      traces (`training.trace`), one after another

A line is written after its trace, so a process that is killed leaves whole episodes and at most a tail that nobody
points to. What other rooms find out about an evaluation lies in files of their own beside these.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import orjson

from library.errors import LibraryError
from library.files import append, only_writer, write_whole
from policy.fingerprint import fingerprint
from scenes.goals import Goal
from training.rollout import Result
from training.setting import Setting
from training.tasks import Task
from training.trace import Trace

VERSION: Final = 1
"""of the format: a reader refuses what is newer, and says so"""
DEFAULT: Final = Path("runs") / "evaluations"
MANIFEST, TASKS, RESULTS, TRACES = "manifest.json", "tasks.json", "results.jsonl", "traces.bin"
_ID_DIGITS = 12
_PLAYS: Final = ("policy", "records", "scenes", "training")
"""rooms whose code plays an episode"""
_ROOT = Path(__file__).resolve().parents[1]


class KeptError(ValueError):
    """A kept evaluation that cannot be read, written or used; one sentence that says what can still be done."""


@dataclass(frozen=True)
class Manifest:
    """What was evaluated."""

    id: str
    version: int
    command: str
    commit: str
    """of the program, with a checksum of what was changed since"""
    created: float
    """Unix seconds"""
    checkpoint: str | None
    fingerprint: str
    """of its weights and configuration, "" for the expert"""
    schedule: str
    planner_delay: int
    checks: bool
    trusted_steps: int | None
    copies: bool
    inject: str | None
    oracle: tuple[str, ...]
    plainly: bool
    noise: int
    episodes: int
    """that were asked for"""
    perturbations: tuple[str, ...] = ()
    """of its tasks, "" for none"""

    @property
    def setting(self) -> Setting:
        """To play it again."""
        return Setting(
            self.checkpoint, self.schedule, self.planner_delay, self.checks, self.trusted_steps, self.copies,
            self.inject, self.oracle, self.plainly, self.noise,
        )  # fmt: skip


def describe(setting: Setting, tasks: Sequence[Task], command: str) -> Manifest:
    """The manifest of an evaluation that is about to be played."""
    weights = "" if setting.checkpoint is None else fingerprint(Path(setting.checkpoint))
    said = {
        "schedule": setting.schedule,
        "planner_delay": setting.planner_delay,
        "checks": setting.checks,
        "trusted_steps": setting.trusted_steps,
        "copies": setting.copies,
        "inject": setting.inject,
        "oracle": setting.oracle,
        "plainly": setting.plainly,
        "noise": setting.noise,
    }
    own = {**said, "code": code(), "fingerprint": weights, "expert": setting.checkpoint is None, "version": VERSION}
    digest = hashlib.sha256(orjson.dumps({**own, "tasks": task_rows(tasks)}, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return Manifest(
        id=digest[:_ID_DIGITS],
        version=VERSION,
        command=command,
        commit=commit(),
        created=time.time(),
        checkpoint=setting.checkpoint,
        fingerprint=weights,
        episodes=len(tasks),
        perturbations=tuple(sorted({task.perturbation or "" for task in tasks})),
        **said,  # type: ignore[arg-type]
    )


def task_rows(tasks: Sequence[Task]) -> list[list[Any]]:
    """As in `tasks.json`."""
    return [[t.seed, t.goal.family, t.goal.target, t.goal.detail, t.instruction, t.perturbation] for t in tasks]


@lru_cache(maxsize=1)
def code() -> str:
    """A checksum of what an episode follows from beside its setting: the program, whatever git knows of it."""
    digest = hashlib.sha256()
    for path in sorted(path for room in _PLAYS for path in (_ROOT / room).rglob("*.py")):
        digest.update(str(path.relative_to(_ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


@lru_cache(maxsize=1)
def commit() -> str:
    """Of this program: the first digits, and a checksum of what was changed since; "" where there is no git."""

    def git(*words: str) -> bytes:
        return subprocess.run(("git", "-C", str(_ROOT), *words), capture_output=True, check=True, timeout=30).stdout

    try:
        head = git("rev-parse", "--short=12", "HEAD").decode().strip()
        changed = git("diff", "HEAD", "--", "*.py", "*.safetensors", "*.json")
    except (OSError, subprocess.SubprocessError):
        return ""
    return head + (f"+{hashlib.sha256(changed).hexdigest()[:8]}" if changed else "")


class Keeper:
    """Writes one evaluation; a context, in which nobody else writes it.

    Args:
        root: of all evaluations.
        manifest: of this one.
        tasks: of its episodes.

    Raises:
        KeptError: another process writes it now, or it cannot be written to.
    """

    def __init__(self, root: Path, manifest: Manifest, tasks: Sequence[Task]) -> None:
        self.folder = root / manifest.id
        self.known: dict[int, Result] = {}
        """by number: episodes that were there before"""
        self._manifest, self._tasks = manifest, tasks
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Keeper:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._stack.enter_context(only_writer(self.folder, "evaluation"))
            if not (self.folder / MANIFEST).is_file():
                write_whole(self.folder / TASKS, orjson.dumps(task_rows(self._tasks)))
                write_whole(self.folder / MANIFEST, orjson.dumps(asdict(self._manifest), option=orjson.OPT_INDENT_2))
            else:
                rows, good = read_rows(self.folder / RESULTS)
                os.truncate(self.folder / RESULTS, good) if (self.folder / RESULTS).is_file() else None
                traces = self.folder / TRACES
                written = traces.stat().st_size if traces.is_file() else 0
                whole = [row for row in rows if row["at"] + row["size"] <= written]
                self.known = {row["number"]: result_of(row, self._tasks[row["number"]]) for row in whole}
            self._results = self._stack.enter_context((self.folder / RESULTS).open("ab", buffering=0))
            self._traces = self._stack.enter_context((self.folder / TRACES).open("ab", buffering=0))
        except (LibraryError, OSError) as error:
            self._stack.close()
            raise KeptError(f"{error} Or leave it out with --no-keep, or name another folder with --keep.") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def add(self, number: int, result: Result) -> None:
        """An episode has ended.

        Raises:
            KeptError: the disk is full; what was kept before is whole.
        """
        at = self._traces.seek(0, os.SEEK_END)
        row = {
            "number": number,
            "success": result.success,
            "refused": result.refused,
            "steps": result.steps,
            "closest": round(result.closest, 4),
            "fingerprint": result.fingerprint,
            "reaction": result.reaction,
            "plans": result.plans,
            "alarms": result.alarms,
            "at": at,
            "size": len(result.trace),
        }
        try:
            append(self._traces, result.trace)
            append(self._results, orjson.dumps(row) + b"\n")
        except OSError as error:
            raise KeptError(
                f"Episode {number} could not be kept in {self.folder} ({error.strerror}): make room and start the same "
                "command again, it goes on from there."
            ) from error


@dataclass
class Kept:
    """An evaluation read back."""

    folder: Path
    manifest: Manifest
    tasks: list[Task]
    rows: dict[int, dict[str, Any]]
    """by number: what `results.jsonl` says of each episode that ended"""

    @property
    def complete(self) -> bool:
        """Whether all episodes that were asked for are there."""
        return len(self.rows) == len(self.tasks)

    def result(self, number: int) -> Result:
        """Of one episode.

        Raises:
            KeptError: there is none.
        """
        return result_of(self._row(number), self.tasks[number])

    def trace(self, number: int) -> Trace:
        """Of one episode.

        Raises:
            KeptError: there is none, or it is damaged.
        """
        row = self._row(number)
        try:
            with (self.folder / TRACES).open("rb") as file:
                file.seek(row["at"])
                return Trace.from_bytes(file.read(row["size"]))
        except (OSError, ValueError) as error:
            raise KeptError(
                f"Episode {number} of evaluation {self.manifest.id} cannot be read ({error}): the others can; delete "
                f"{self.folder} and run its command again to have it back."
            ) from error

    def _row(self, number: int) -> dict[str, Any]:
        if number not in self.rows:
            raise KeptError(
                f"Evaluation {self.manifest.id} has no episode {number}: there are {len(self.rows)} of "
                f"{len(self.tasks)}, see `libra evaluations show {self.manifest.id}`."
            )
        return self.rows[number]


def read_kept(folder: Path) -> Kept:
    """Read an evaluation without its traces: a few milliseconds for thousands of episodes.

    Raises:
        KeptError: it is none, is damaged, or of another format.
    """
    manifest = read_manifest(folder)
    try:
        tasks = [
            Task(seed, Goal(family, target, detail), instruction, perturbation)
            for seed, family, target, detail, instruction, perturbation in orjson.loads((folder / TASKS).read_bytes())
        ]
        rows, _ = read_rows(folder / RESULTS)
    except (OSError, ValueError, TypeError) as error:
        raise KeptError(f"{folder} is a damaged evaluation ({error}): delete it and run it again.") from error
    return Kept(folder, manifest, tasks, {row["number"]: row for row in rows if row["number"] < len(tasks)})


def read_manifest(folder: Path) -> Manifest:
    """The manifest alone.

    Raises:
        KeptError: there is none, it is damaged, or of another format.
    """
    try:
        given = orjson.loads((folder / MANIFEST).read_bytes())
        version = given["version"]
        if version > VERSION:
            raise KeptError(
                f"{folder} was kept by a newer version of this program (format {version}, this one reads up to "
                f"{VERSION}): update it to read this evaluation."
            )
        known = {each.name for each in fields(Manifest)}
        manifest = Manifest(**{name: value for name, value in given.items() if name in known})
        return replace(manifest, oracle=tuple(manifest.oracle), perturbations=tuple(manifest.perturbations))
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise KeptError(f"{folder} is no kept evaluation, or its manifest is damaged ({error}).") from error


def read_rows(path: Path) -> tuple[list[dict[str, Any]], int]:
    """Whole lines of `results.jsonl`, the last one of every number, and where the first damaged line begins."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return [], 0
    rows: dict[int, dict[str, Any]] = {}
    good = 0
    while (end := data.find(b"\n", good)) >= 0:
        try:
            row = orjson.loads(data[good:end])
            rows[row["number"]] = row
        except (orjson.JSONDecodeError, KeyError, TypeError):
            break
        good = end + 1
    return list(rows.values()), good


def result_of(row: dict[str, Any], task: Task) -> Result:
    """What `results.jsonl` says of an episode."""
    return Result(
        task, row["success"], row["steps"], row["refused"], row["fingerprint"], row["reaction"], row["plans"],
        row["alarms"], row["closest"], kept_before=True,
    )  # fmt: skip
