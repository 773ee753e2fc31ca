"""`libra bench loops`: three schedules against four planner latencies in wall clock, and what it costs to watch."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from app.bench import figures
from app.bench.trial import Tick, Trial, session_alone
from app.bench.watching import Say, measure_watching
from app.session.protocol import SessionSettings

COMPARED_MS: Final = 300
"""planner latency at which the schedules finish the same tasks"""
TIME_LIMIT: Final = 1200
"""control steps: slow schedules may take a minute for a task"""


@dataclass(frozen=True)
class Cell:
    """One schedule with one planner latency, for some seconds and at least so many control steps."""

    schedule: str
    latency_ms: int
    seconds: float
    steps: int = 0


@dataclass(frozen=True)
class Plan:
    """What is measured and for how long."""

    cells: tuple[Cell, ...]
    watching_seconds: float
    each_watcher: bool
    """every number of watchers, or only all of them at once"""


FULL: Final = Plan(
    (
        *(
            Cell("asynchronous", ms, 60 if ms == COMPARED_MS else 20, 1000 * (ms == COMPARED_MS))
            for ms in (0, 100, 300, 1000)
        ),
        *(Cell("sequential", ms, 50 if ms == COMPARED_MS else 25) for ms in (0, 100, 300, 1000)),
        *(Cell("synchronous", ms, 80 if ms == COMPARED_MS else 25) for ms in (0, 100, 300, 1000)),
    ),
    watching_seconds=20,
    each_watcher=True,
)
QUICK: Final = Plan(
    (
        Cell("asynchronous", 0, 7),
        Cell("asynchronous", 300, 51, 1000),
        Cell("sequential", 300, 5),
        Cell("synchronous", 300, 13),
    ),
    watching_seconds=7,
    each_watcher=False,
)


def measure_loops(checkpoint: Path, plan: Plan, policy: str = SessionSettings.policy) -> dict[str, Any]:
    """Play the plan and report on it.

    Raises:
        BenchError: with one sentence.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="libra-bench-") as folder, _progress(plan) as (tick, say):
        settings = SessionSettings(checkpoint, folder=Path(folder), policy=policy, time_limit=TIME_LIMIT)
        with session_alone(settings) as trial:
            say("loading the policy")
            trial.wait_for_policy()
            rows = []
            for cell in plan.cells:
                say(f"{cell.schedule}, {cell.latency_ms} ms")
                rows.append(_row(trial, cell, tick))
            alone = next(row for row in rows if row["planner_latency_ms"] == 0 and row["schedule"] == "asynchronous")
        watching = [{"watching": "nothing", **{name: alone[name] for name in figures.timing(())}, "dropped": {}}]
        watching += measure_watching(settings, plan.watching_seconds, plan.each_watcher, tick, say)
    found = {(row["schedule"], row["planner_latency_ms"]): row for row in rows}
    fast, slow = (found[schedule, COMPARED_MS] for schedule in ("asynchronous", "synchronous"))
    return {
        "loops": rows,
        "watching": watching,
        "faster": figures.faster(fast, slow),
        "checkpoint": str(checkpoint),
        "cores": os.cpu_count(),
        "seconds": round(time.monotonic() - started, 1),
    }


def _row(trial: Trial, cell: Cell, tick: Tick) -> dict[str, Any]:
    attempts = trial.play(cell.schedule, cell.latency_ms, cell.seconds, cell.steps, tick)
    return {"schedule": cell.schedule, "planner_latency_ms": cell.latency_ms, **figures.loops(attempts)}


@contextmanager
def _progress(plan: Plan) -> Iterator[tuple[Tick, Say]]:
    watched = (3 if plan.each_watcher else 1) * plan.watching_seconds
    total = sum(cell.seconds for cell in plan.cells) + watched
    with tqdm(total=total, bar_format="{desc:<32} {percentage:3.0f}% {bar} {elapsed} gone{postfix}") as bar:

        def tick(seconds: float) -> None:
            bar.update(min(seconds, total - bar.n))
            # Of the plan, not of the pace until now, which knows nothing of pauses in which processes start.
            bar.set_postfix_str(f"about {total - bar.n:.0f} s left", refresh=False)

        yield tick, bar.set_description_str
