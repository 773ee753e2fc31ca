"""What a list shows of an episode: read from its log without a single picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from library.warnings import Motion, Warned, look_at
from records.log import EpisodeHeader, LogError, read_header

PATH_POINTS: Final = 16
_COLUMNS: Final = (
    "step", "instruction", "action", "commanded", "proposal", "control_source", "hand", "observation", "events",
    "outcome", "outcome_by", "pins",
)  # fmt: skip
CUT_OFF: Final = "The record ends without an outcome: its process was killed, or is still writing."


@dataclass(frozen=True)
class Facts:
    """An episode as it was recorded."""

    instruction: str
    """its last words"""
    started: float
    """Unix seconds"""
    seed: int
    schedule: str
    planner_latency_ms: float
    parent: str | None
    parent_step: int | None
    checkpoint: str
    fingerprint: str
    first: int
    """control step of its first record"""
    steps: int
    outcome: str
    outcome_by: str | None
    whole: bool
    """whether its outcome was written; one that was cut off counts as aborted"""
    sentence: str
    """how it ended"""
    drivers: dict[str, int] = field(default_factory=dict)
    """control source -> control steps"""
    steered: int = 0
    """control steps with pinned tokens"""
    interventions: int = 0
    """stretches that a human drove or steered"""
    proposals: int = 0
    """control steps of a human for which the policy's own action is known, too"""
    pictures: int = 0
    """control steps with pictures"""
    warnings: tuple[Warned, ...] = ()
    path: tuple[tuple[float, float, float], ...] = ()
    """the hand at `PATH_POINTS` moments, metres: near-duplicates have nearly the same"""


def read_facts(path: Path) -> Facts:
    """Facts of a log; of one that was cut off, up to its last whole step.

    Raises:
        LogError: no episode log, or one without a single whole step.
        OSError: cannot be read.
    """
    header, table = _read(path, _COLUMNS)
    sources = table["control_source"].to_pylist()
    motion = Motion(_rows(table, "action"), _rows(table, "commanded"), _rows(table, "hand"), sources)
    pinned = ~np.array(table["pins"].is_null()) if "pins" in table.column_names else np.zeros(len(sources), bool)
    human = np.array([source == "human" for source in sources])
    outcome = table["outcome"][-1].as_py()
    events = table["events"][-1].as_py() or [""]
    steps = table["step"]
    first = int(steps[0].as_py())
    return Facts(
        instruction=str(table["instruction"][-1].as_py() or header.instruction),
        started=header.started,
        seed=header.seed,
        schedule=header.schedule,
        planner_latency_ms=header.planner_latency_ms,
        parent=header.parent,
        parent_step=header.parent_step,
        checkpoint=header.checkpoint,
        fingerprint=header.fingerprint,
        first=first,
        steps=table.num_rows,
        outcome=outcome or "aborted",
        outcome_by=table["outcome_by"][-1].as_py() if "outcome_by" in table.column_names else None,
        whole=outcome is not None,
        sentence=events[-1] if outcome is not None else CUT_OFF,
        drivers={source: sources.count(source) for source in sorted(set(sources))},
        steered=int(pinned.sum()),
        interventions=_stretches(human | pinned),
        proposals=int((human & ~np.array(table["proposal"].is_null())).sum()),
        pictures=table.num_rows - table["observation"].null_count,
        warnings=tuple(look_at(motion, first)),
        path=tuple(_resample(motion.hand)),
    )


def warnings_within(path: Path, first: int, end: int) -> list[Warned]:
    """What spoils the control steps [first, end) of a log.

    Raises:
        LogError: no episode log, or one without a single whole step.
        OSError: cannot be read.
    """
    _, table = _read(path, ("step", "action", "commanded", "hand", "control_source"))
    start = int(table["step"][0].as_py())
    table = table.slice(first - start, end - first)
    sources = table["control_source"].to_pylist()
    return look_at(Motion(_rows(table, "action"), _rows(table, "commanded"), _rows(table, "hand"), sources), first)


def steps_with_pictures(path: Path) -> list[int]:
    """The control steps of a log at which pictures were taken.

    Raises:
        LogError: no episode log, or one without a single whole step.
        OSError: cannot be read.
    """
    _, table = _read(path, ("step", "observation"))
    return table.filter(table["observation"].is_valid())["step"].to_pylist()


def _read(path: Path, columns: tuple[str, ...]) -> tuple[EpisodeHeader, Any]:
    """The header and some columns of all whole steps; no picture is decoded."""
    with pa.OSFile(str(path), "rb") as source:
        try:
            schema = pa.ipc.open_stream(source).schema
            header = read_header(schema)
            source.seek(0)
            wanted = [schema.get_field_index(name) for name in columns if name in schema.names]
            reader = pa.ipc.open_stream(source, options=pa.ipc.IpcReadOptions(included_fields=wanted))
        except (pa.ArrowInvalid, KeyError, TypeError, ValueError) as error:
            raise LogError(f"{path} is no episode log, or its beginning is lost ({error}).") from error
        batches = []
        while True:
            try:
                batches.append(reader.read_next_batch())
            except (StopIteration, pa.ArrowInvalid, OSError):
                break
    if not batches:
        raise LogError(f"{path} has no whole control step: its process ended before the first was written.")
    return header, pa.Table.from_batches(batches)


def _rows(table: Any, name: str) -> NDArray[np.float64]:
    return np.array(table[name].to_pylist(), dtype=np.float64)


def _stretches(flags: NDArray[np.bool_]) -> int:
    return int(np.sum(flags & ~np.concatenate(([False], flags[:-1]))))


def _resample(hand: NDArray[np.float64]) -> list[tuple[float, float, float]]:
    moments = np.linspace(0, len(hand) - 1, PATH_POINTS).round().astype(int)
    return [(round(float(x), 4), round(float(y), 4), round(float(z), 4)) for x, y, z in hand[moments]]
