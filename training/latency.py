"""How long planner and refiner take for one call, as the cockpit makes them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from policy import load_policy
from scenes import TabletopEnv
from training.rollout import observe

_WARM_UP = 5


def measure_latency(checkpoint: Path, calls: int) -> dict[str, Any]:
    """Milliseconds per call of both systems, batch 1, one thread, for a sentence that is known.

    Raises:
        CheckpointError: the checkpoint cannot be used.
    """
    torch.set_num_threads(1)
    policy = load_policy(checkpoint)
    planner, refiner = policy.planner, policy.refiner
    env = TabletopEnv()
    env.world.reset(0)
    seen = observe(env, 0, 0, "pick up the red cube")
    env.close()
    intent, committed = planner.plan(seen), np.zeros((1, policy.config.action_size), np.float32)
    return {
        "checkpoint": str(checkpoint),
        "calls": calls,
        "planner_ms": _timed(lambda: planner.plan(seen), calls),
        "refiner_ms": _timed(lambda: refiner.refine(seen, intent, 1, committed, 0), calls),
    }


def _timed(call: Callable[[], object], calls: int) -> dict[str, float]:
    milliseconds = []
    for _ in range(_WARM_UP + calls):
        started = time.perf_counter()
        call()
        milliseconds.append(1e3 * (time.perf_counter() - started))
    middle, late = np.percentile(milliseconds[_WARM_UP:], (50, 95))
    return {"p50": round(float(middle), 2), "p95": round(float(late), 2)}
