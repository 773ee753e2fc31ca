"""What is logged at every control step, sent as columns: one call per entity for many steps."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import rerun as rr
from numpy.typing import NDArray

from viz import paths

BATCH_SECONDS = 0.4
"""A viewer in a browser pays per batch and entity, not per row; the live view of the page is the one to be prompt."""
MOST_BATCH_SECONDS = 1.0
SENDING_SHARE = 0.03
"""of the time, that sending may take where that makes batches of no more than `MOST_BATCH_SECONDS`"""


class ColumnLog:
    """Logs to one recording. Rows wait until they are `BATCH_SECONDS` old, where sending takes long more, or `flush`.

    Args:
        recording: where to.
        prefix: of all paths.
    """

    def __init__(self, recording: rr.RecordingStream, prefix: str = "") -> None:
        self._recording = recording
        self._prefix = prefix
        self._now = (0, 0.0, 0.0)
        self._waiting: dict[tuple[str, Any, tuple[str, ...]], _Rows] = {}
        self._since = 0.0
        """when the oldest row that waits was logged"""
        self._patience = BATCH_SECONDS

    def at(self, step: int, sim_time: float, wall_time: float) -> Self:
        """Where on the three timelines the next logs go: control step, simulated seconds, Unix seconds."""
        self._now = (step, sim_time, wall_time)
        self._recording.set_time(paths.STEP, sequence=step)
        self._recording.set_time(paths.SIM_TIME, duration=sim_time)
        self._recording.set_time(paths.WALL_TIME, timestamp=wall_time)
        return self

    def log(self, path: str, *archetypes: rr.AsComponents, static: bool = False) -> None:
        """At once, for what is rare."""
        self._recording.log(self._prefix + path, *archetypes, static=static)

    def row(self, path: str, archetype: type, **components: Sequence[Any] | NDArray[Any]) -> None:
        """One row of an entity, for what comes with every step.

        Args:
            path: of the entity.
            archetype: such as `rr.Points3D`.
            **components: of it, each a sequence: one element per instance. What never changes is logged once, static.
        """
        if not self._waiting:
            self._since = time.monotonic()
        key = (path, archetype, tuple(components))
        rows = self._waiting.get(key)
        if rows is None:
            rows = self._waiting[key] = _Rows(components)
        rows.add(self._now, components)

    def flush_if_due(self) -> None:
        """What has waited long enough is sent, with all that waits."""
        if not self._waiting or (began := time.monotonic()) - self._since < self._patience:
            return
        self.flush()
        took = time.monotonic() - began
        self._patience = min(max(BATCH_SECONDS, took / SENDING_SHARE), MOST_BATCH_SECONDS)

    def flush(self) -> None:
        """Send all rows that wait; an entity that cannot be sent keeps back no other."""
        indexes: dict[tuple[tuple[int, float, float], ...], list[rr.TimeColumn]] = {}  # most entities have the same
        while self._waiting:
            path, archetype, _ = key = next(iter(self._waiting))
            rows = self._waiting.pop(key)
            times = tuple(rows.times)
            if times not in indexes:
                indexes[times] = _time_columns(rows.times)
            rr.send_columns(self._prefix + path, indexes[times], rows.columns(archetype), recording=self._recording)


class _Rows:
    """Rows of one entity, all with the same components."""

    def __init__(self, names: Any) -> None:
        self.times: list[tuple[int, float, float]] = []
        self._instances: dict[str, list[Any]] = {name: [] for name in names}
        self._lengths: dict[str, list[int]] = {name: [] for name in names}

    def add(self, now: tuple[int, float, float], components: dict[str, Any]) -> None:
        self.times.append(now)
        for name, instances in components.items():
            self._instances[name].extend(instances)
            self._lengths[name].append(len(instances))

    def columns(self, archetype: Any) -> list[rr.ComponentColumn]:
        return [
            column
            for name, instances in self._instances.items()
            for column in archetype.columns(**{name: _together(instances)}).partition(self._lengths[name])
        ]


def _together(instances: list[Any]) -> list[Any] | NDArray[Any]:
    """Vectors as one array, which is taken over several times faster than one by one."""
    first = instances[0] if instances else None
    return np.stack(instances) if isinstance(first, np.ndarray) and first.ndim == 1 else instances


def _time_columns(times: list[tuple[int, float, float]]) -> list[rr.TimeColumn]:
    steps, simulated, wall = (np.array(each) for each in zip(*times, strict=True))
    return [
        rr.TimeColumn(paths.STEP, sequence=steps),
        rr.TimeColumn(paths.SIM_TIME, duration=simulated),
        rr.TimeColumn(paths.WALL_TIME, timestamp=wall),
    ]
