"""How far the recipe is and how long it still takes: one line for the person, one small file for machines."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from training.plan import Stage

SECONDS = {
    "collect": 0.32, "dagger": 0.46, "planner": 0.5, "refiner": 0.34, "tokens": 0.16, "prepare": 0.05, "words": 0.10,
    "export": 3.0, "unpack": 3.0, "corrections": 0.4,
}  # fmt: skip
"""of a unit of work on two cores, until this machine has been measured"""
START = 4.0
"""seconds before a process does its first unit of work"""


class Progress:
    """Keeps time: what each stage took here decides what is left."""

    def __init__(self, stages: Iterable[Stage], path: Path) -> None:
        self.path, self.stages = path, list(stages)
        self.began = time.monotonic()
        self.done = {stage.name: stage.done() for stage in self.stages}
        self.running: dict[str, tuple[float, int]] = {}
        """name -> when it began, and how far it was then"""
        self.spent: dict[str, float] = {}
        """kind -> measured seconds of a unit of work"""
        self._measured: dict[str, tuple[float, int]] = {}
        """kind -> seconds and units of stages that are done here"""
        self._before = 0.0
        """seconds of a run that was interrupted"""
        try:
            kept = json.loads(path.read_text())
            self.spent = {str(kind): float(seconds) for kind, seconds in kept["seconds_of"].items()}
            self._before = float(kept["seconds"]) if any(self.done.values()) and kept["state"] != "done" else 0.0
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass  # nothing measured here yet

    def start(self, stage: Stage) -> None:
        """A stage begins."""
        self.running[stage.name] = (time.monotonic(), self.done[stage.name])

    def update(self, stage: Stage, done: int) -> None:
        """A running stage has got this far."""
        self.done[stage.name] = min(done, stage.work)
        began, before = self.running[stage.name]
        seconds, units = self._so_far(stage.kind, time.monotonic() - began - START, self.done[stage.name] - before)
        if seconds > 5 and units > 0:
            self.spent[stage.kind] = seconds / units

    def finish(self, stage: Stage) -> None:
        """A stage is done."""
        self.update(stage, stage.work)
        began, before = self.running.pop(stage.name)
        took = time.monotonic() - began - START
        self._measured[stage.kind] = self._so_far(stage.kind, max(took, 0.0), stage.work - before)

    def _so_far(self, kind: str, seconds: float, units: int) -> tuple[float, int]:
        """With what stages of this kind took before: the first seconds of a stage say little."""
        before = self._measured.get(kind, (0.0, 0))
        return before[0] + seconds, before[1] + units

    @property
    def gone(self) -> float:
        """Seconds so far, those of a run that was interrupted among them."""
        return self._before + time.monotonic() - self.began

    @property
    def left(self) -> float:
        """Seconds still to go, as if stages ran one after another."""
        return self._seconds({stage.name: stage.work - self.done[stage.name] for stage in self.stages})

    @property
    def fraction(self) -> float:
        """Share of the whole time that is over, whoever spent it."""
        whole = self._seconds({stage.name: stage.work for stage in self.stages})
        return max(0.0, min(1.0, 1 - self.left / whole)) if whole else 1.0

    def _seconds(self, units: dict[str, int]) -> float:
        """That so many units of each stage take; what was not measured yet is as much slower here as what was."""
        known = [kind for kind in self.spent if kind in SECONDS]
        slower = sum(self.spent[kind] / SECONDS[kind] for kind in known) / len(known) if known else 1.0
        return sum(
            START + units[stage.name] * self.spent.get(stage.kind, SECONDS.get(stage.kind, 1.0) * slower)
            for stage in self.stages
            if units[stage.name]
        )

    def line(self) -> str:
        """One line: how much is done, what is running, how much time is left."""
        finished = sum(self.done[stage.name] == stage.work for stage in self.stages)
        now = ", ".join(self.running) or "nothing"
        took, left = clock(self.gone), clock(self.left)
        return f"{self.fraction:4.0%}  stage {finished} of {len(self.stages)} done, now {now}; {took} gone, {left} left"

    def record(self, state: str = "running") -> dict[str, Any]:
        """The same for a machine."""
        return {
            "state": state,
            "fraction": round(self.fraction, 4),
            "seconds": round(self.gone, 1),
            "seconds_left": round(self.left),
            "running": list(self.running),
            "stages": [
                {"name": s.name, "kind": s.kind, "done": self.done[s.name], "work": s.work, "unit": s.unit}
                for s in self.stages
            ],
            "seconds_of": {kind: round(seconds, 4) for kind, seconds in self.spent.items()},
        }

    def write(self, state: str = "running") -> None:
        """Replace `progress.json`; a disk that is full is for the stages to complain about."""
        unfinished = self.path.with_suffix(".unfinished")
        try:
            unfinished.write_text(json.dumps(self.record(state)))
            unfinished.replace(self.path)
        except OSError:
            unfinished.unlink(missing_ok=True)


def clock(seconds: float) -> str:
    """`1:02:03`, or `2:03` under an hour."""
    minutes, second = divmod(round(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02d}:{second:02d}" if hour else f"{minute}:{second:02d}"
