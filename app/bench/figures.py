"""What the records of a run say about its timing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np

from app.bench.trial import Attempt
from records import CONTROL_PERIOD, StepRecord

ON_TIME_MS: Final = 5.0
"""a control step that begins at most so late is on time"""
WORK: Final = ("decision", "physics", "render")
"""what the control loop itself does in a step"""


def timing(attempts: Sequence[Attempt]) -> dict[str, Any]:
    """How punctual the control steps of some attempts were."""
    records = [record for attempt in attempts for record in attempt.records]
    late = [1e3 * record.due_late for record in records]
    work = [sum(record.durations.get(part, 0.0) for part in WORK) for record in records]
    seconds = sum(_span(attempt.records) for attempt in attempts)
    periods = sum(max(0, len(attempt.records) - 1) for attempt in attempts)
    return {
        "steps": len(records),
        "on_time": float(np.mean([each <= ON_TIME_MS for each in late])) if late else None,
        "jitter_ms": spread(late),
        "step_ms": spread(work),
        "real_time_factor": periods * CONTROL_PERIOD / seconds if seconds else None,
        "missing_steps": sum(_missing(attempt.records) for attempt in attempts),
    }


def loops(attempts: Sequence[Attempt]) -> dict[str, Any]:
    """What the two loops did meanwhile, and how long tasks took."""
    records = [record for attempt in attempts for record in attempt.records]
    seconds = sum(_span(attempt.records) for attempt in attempts)
    intents = sum(len({r.intent.step for r in attempt.records if r.intent is not None}) for attempt in attempts)
    chunks = sum(len({r.chunk.step for r in attempt.records if r.chunk is not None}) for attempt in attempts)
    driven = [record for record in records if record.control_source == "policy"]
    return {
        **timing(attempts),
        "refiner_hz": chunks / seconds if seconds else None,
        "planner_hz": intents / seconds if seconds else None,
        "planner_waits": sum(attempt.planner_waits for attempt in attempts),
        "starved_steps": sum(attempt.starved_steps for attempt in attempts),
        "held_share": 1 - len(driven) / len(records) if records else None,
        "staleness_steps": spread([r.staleness for r in driven if r.staleness is not None]),
        "tasks": [
            {
                "seed": attempt.seed,
                "instruction": attempt.instruction,
                "success": attempt.success,
                "seconds": round(attempt.seconds, 2),
            }
            for attempt in attempts
        ],
    }


def faster(fast: dict[str, Any], slow: dict[str, Any]) -> dict[str, Any]:
    """How many times faster one row of `loops` finished tasks than another, over those that both finished."""
    took = [{task["seed"]: task["seconds"] for task in row["tasks"] if task["success"]} for row in (fast, slow)]
    seeds = sorted(took[0].keys() & took[1].keys())
    seconds = [sum(each[seed] for seed in seeds) for each in took]
    return {
        "planner_latency_ms": fast["planner_latency_ms"],
        "tasks": len(seeds),
        "asynchronous_s": round(seconds[0], 2),
        "synchronous_s": round(seconds[1], 2),
        "times_faster": round(seconds[1] / seconds[0], 2) if seeds else None,
    }


def spread(numbers: Iterable[float]) -> dict[str, float] | None:
    """Median, 99th percentile and maximum; None of nothing."""
    values = np.array(list(numbers), float)
    if not values.size:
        return None
    middle, late = np.percentile(values, (50, 99))
    return {"p50": round(float(middle), 3), "p99": round(float(late), 3), "max": round(float(values.max()), 3)}


def _span(records: Sequence[StepRecord]) -> float:
    return records[-1].wall_time - records[0].wall_time if records else 0.0


def _missing(records: Sequence[StepRecord]) -> int:
    return records[-1].step - records[0].step + 1 - len(records) if records else 0
