"""Kept evaluations on disk: which there are, what state they are in, and what was found out about their episodes.

Beside what `training.kept` writes lie two files of this room, which can be deleted at any time:

    ID/events.json     what the rules of `diagnosis.events` found, with their version
    ID/verdicts.jsonl  a line a verdict; the last one of an episode counts
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import orjson

from diagnosis.contract import EvaluationRow, EventRow, VerdictRow
from diagnosis.events import VERSION, Facts, find
from library.files import append, write_whole
from policy.fingerprint import PARTS, fingerprint
from training.intervals import wilson
from training.kept import (
    DEFAULT,
    MANIFEST,
    RESULTS,
    Kept,
    KeptError,
    Manifest,
    commit,
    read_kept,
    read_manifest,
    read_rows,
)

EvaluationError = KeptError
EVENTS, VERDICTS = "events.json", "verdicts.jsonl"
Progress = Callable[[int, int], None]
"""is told how many of how many are done"""
EventsOf = dict[int, list[EventRow]]
_FEW: Final = 4
"""digits of an id, at least"""


def find_folder(root: Path, id: str) -> Path:
    """The folder of an evaluation, whose id may be shortened; `latest` is the newest.

    Raises:
        EvaluationError: there is none, or several begin so.
    """
    if (Path(id) / MANIFEST).is_file():
        return Path(id)
    there = folders(root)
    if id == "latest" and there:
        return max(there, key=lambda folder: (folder / MANIFEST).stat().st_mtime)
    found = [folder for folder in there if folder.name.startswith(id)] if len(id) >= _FEW else []
    if len(found) == 1:
        return found[0]
    if found:
        raise EvaluationError(f"{id} is the beginning of {len(found)} evaluations in {root}: write more digits.")
    advice = "`libra evaluations list` shows those that are" if there else "`libra eval` makes one"
    raise EvaluationError(f"There is no evaluation {id} in {root}: {advice}.")


def folders(root: Path) -> list[Path]:
    """Of all evaluations."""
    return sorted(path.parent for path in root.glob(f"*/{MANIFEST}")) if root.is_dir() else []


def open_evaluation(root: Path, id: str) -> Kept:
    """Read an evaluation without its traces.

    Raises:
        EvaluationError: there is none, it is damaged or of another format.
    """
    return read_kept(find_folder(root, id))


def evaluation_row(folder: Path) -> EvaluationRow:
    """What a list shows of it; never raises for what is on disk."""
    try:
        manifest = read_manifest(folder)
    except EvaluationError as error:
        return _unreadable(folder, str(error))
    done, successes = _count(folder / RESULTS)
    checkpoint = _checkpoint_state(manifest)
    state: Literal["complete", "interrupted", "running"] = "complete"
    if done < manifest.episodes:
        state = "running" if _is_written(folder) else "interrupted"
    return {
        "id": manifest.id,
        "title": title(manifest),
        "created": manifest.created,
        "command": manifest.command,
        "commit": manifest.commit,
        "same_commit": manifest.commit == commit(),
        "checkpoint": manifest.checkpoint,
        "fingerprint": manifest.fingerprint,
        "checkpoint_state": checkpoint,
        "schedule": manifest.schedule,
        "planner_delay": None if manifest.checkpoint is None else manifest.planner_delay,
        "inject": manifest.inject,
        "perturbations": list(manifest.perturbations),
        "episodes": manifest.episodes,
        "done": done,
        "successes": successes,
        "interval_95": list(wilson(successes, done)),
        "state": state,
        "problem": _problem(manifest, state, checkpoint, done),
        "diagnosed": len(read_verdicts(folder)),
    }


def title(manifest: Manifest) -> str:
    """A few words that tell it from others."""
    if manifest.checkpoint is None:
        words = ["expert"]
    else:
        words = [Path(manifest.checkpoint).name, manifest.schedule, f"{manifest.planner_delay} late"]
    words += [f"trusts tokens {manifest.trusted_steps} steps"] * (manifest.trusted_steps is not None)
    words += ["tokens copied"] * manifest.copies
    words += ["intents not checked"] * (not manifest.checks and manifest.checkpoint is not None)
    words += [each for each in (*manifest.perturbations, manifest.inject, *manifest.oracle) if each]
    words += ["canonical words"] * manifest.plainly + [f"noise {manifest.noise}"] * (manifest.noise > 0)
    return ", ".join(words)


def events_of(kept: Kept, progress: Progress | None = None) -> EventsOf:
    """Events of every episode that ended, by number; what was found before is read, the rest is found and kept.

    An episode whose trace is damaged has none.
    """
    known = known_events(kept)
    fresh = [number for number in kept.rows if number not in known]
    for done, number in enumerate(fresh):
        try:
            known[number] = [as_row(event) for event in find(facts_of(kept, number))]
        except EvaluationError:
            known[number] = []
        if progress is not None:
            progress(done + 1, len(fresh))
    if fresh:
        try:
            packed = {str(number): events for number, events in known.items()}
            write_whole(kept.folder / EVENTS, orjson.dumps({"version": VERSION, "episodes": packed}))
        except OSError:
            pass  # read-only or full: it works without, only slower
    return known


def known_events(kept: Kept) -> EventsOf:
    """Those that were found before, by the same rules."""
    try:
        given = orjson.loads((kept.folder / EVENTS).read_bytes())
        if given["version"] != VERSION:
            return {}
        return {int(number): events for number, events in given["episodes"].items() if int(number) in kept.rows}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def facts_of(kept: Kept, number: int) -> Facts:
    """What the rules read of an episode.

    Raises:
        EvaluationError: its trace is damaged.
    """
    row, task = kept.rows[number], kept.tasks[number]
    return Facts(
        kept.trace(number),
        task.goal,
        row["success"],
        timed_out=not row["success"] and not row["refused"],
        schedule=kept.manifest.schedule,
        planner_delay=kept.manifest.planner_delay,
    )


def as_row(event: Any) -> EventRow:
    """An event for JSON."""
    return {
        "kind": event.kind,
        "step": int(event.step),
        "until": int(event.until),
        "sentence": event.sentence,
        "evidence": event.evidence,
    }


def read_verdicts(folder: Path) -> dict[int, VerdictRow]:
    """By number of the episode."""
    rows, _ = read_rows(folder / VERDICTS)
    return {row["number"]: row["verdict"] for row in rows if "verdict" in row}


def write_verdicts(folder: Path, verdicts: Iterable[tuple[int, VerdictRow]]) -> None:
    """Add verdicts.

    Raises:
        OSError: it cannot be written to.
    """
    lines = b"".join(orjson.dumps({"number": number, "verdict": verdict}) + b"\n" for number, verdict in verdicts)
    path = folder / VERDICTS
    if path.is_file():
        os.truncate(path, read_rows(path)[1])  # a line that was cut off would hide those after it
    with path.open("ab", buffering=0) as file:
        append(file, lines)


def failures(kept: Kept) -> list[int]:
    """Numbers of the episodes that did not succeed."""
    return [number for number, row in sorted(kept.rows.items()) if not row["success"]]


def _count(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return _counted(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=512)
def _counted(path: Path, size: int, time: int) -> tuple[int, int]:
    rows, _ = read_rows(path)
    return len(rows), sum(row["success"] for row in rows)


def _checkpoint_state(manifest: Manifest) -> Literal["same", "changed", "gone", "expert"]:
    if manifest.checkpoint is None:
        return "expert"
    try:
        times = tuple((Path(manifest.checkpoint) / name).stat().st_mtime_ns for name in PARTS)
    except OSError:
        return "gone"
    now = _fingerprint(Path(manifest.checkpoint), times)
    return "same" if now == manifest.fingerprint else "changed"


@lru_cache(maxsize=64)
def _fingerprint(checkpoint: Path, times: tuple[int, ...]) -> str:
    return fingerprint(checkpoint)


def _problem(manifest: Manifest, state: str, checkpoint: str, done: int) -> str | None:
    """What is wrong and what can still be done."""
    said = []
    if state == "interrupted":
        said.append(
            f"It was interrupted after {done} of {manifest.episodes} episodes: they can be used as they are, and "
            f"`{manifest.command or 'the same command'}` goes on from there."
        )
    if checkpoint == "gone":
        said.append(
            f"Its checkpoint {manifest.checkpoint} is gone: everything that was kept can be seen, new verdicts need it "
            "back."
        )
    if checkpoint == "changed":
        said.append(
            f"The policy in {manifest.checkpoint} is another one now: all that was kept can be seen, new verdicts "
            "need that of then."
        )
    if manifest.commit != commit():
        said.append(
            f"It was kept by commit {manifest.commit or 'unknown'}, this is {commit() or 'unknown'}: what was kept can "
            "be seen, and every state is checked when it is made again."
        )
    return " ".join(said) or None


def _unreadable(folder: Path, problem: str) -> EvaluationRow:
    return {
        "id": folder.name, "title": "cannot be read", "created": 0.0, "command": "", "commit": "", "same_commit": False,
        "checkpoint": None, "fingerprint": "", "checkpoint_state": "gone", "schedule": "", "planner_delay": None,
        "inject": None, "perturbations": [], "episodes": 0, "done": 0, "successes": 0, "interval_95": [0.0, 1.0],
        "state": "unreadable", "problem": problem, "diagnosed": 0,
    }  # fmt: skip


def _is_written(folder: Path) -> bool:
    """Whether a process writes it now."""
    try:
        with (folder / ".lock").open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


__all__ = [
    "DEFAULT", "EvaluationError", "Kept", "as_row", "evaluation_row", "events_of", "facts_of", "failures",
    "find_folder", "folders", "known_events", "open_evaluation", "read_verdicts", "title", "write_verdicts",
]  # fmt: skip
