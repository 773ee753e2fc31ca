"""`libra bench step`: what one control step is made of, each part by itself on one core."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from tqdm import tqdm

from records import StepRecord
from records.log import EpisodeHeader, EpisodeWriter

PARTS: Final = {
    "physics": "in the control loop: 50 ms of simulated time",
    "render": "in the control loop: both policy cameras",
    "planner": "in the policy's process: one intent",
    "refiner": "in the policy's process: one chunk",
    "log": "in the recorder's thread: one record on disk",
    "encode": "in the live renderer's process: one picture as JPEG",
}
"""what is measured, and who does it in the cockpit"""
WARM_UP: Final = 5
DRIVEN: Final = 120
"""control steps of one attempt"""


def measure_step(checkpoint: Path, steps: int) -> dict[str, Any]:
    """Milliseconds of every part, over control steps in which the policy drives with a new intent and chunk each.

    Raises:
        CheckpointError: the checkpoint cannot be used.
    """
    import cv2
    import torch

    from app.live import HEIGHT, JPEG_QUALITY, WIDTH
    from policy import load_policy
    from records import Observation
    from scenes import TabletopEnv
    from scenes.wide import WideRenderer

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    policy = load_policy(checkpoint)
    env = TabletopEnv(policy.config.image_size)
    wide = WideRenderer(0, WIDTH, HEIGHT)
    picture = cv2.cvtColor(wide.render(env.qpos, None, None, "moving"), cv2.COLOR_RGB2BGR)
    wide.close()
    taken: dict[str, list[float]] = {part: [] for part in PARTS}
    with tempfile.TemporaryDirectory(prefix="libra-bench-") as folder:
        writer = EpisodeWriter(Path(folder) / "step.arrow", EpisodeHeader("step", "", 0, 0.0))
        for step in tqdm(range(WARM_UP + steps), desc="steps", unit="step", dynamic_ncols=True):
            if step % DRIVEN == 0:
                env.reset(seed=step // DRIVEN)
                words = env.suggestions(policy.config.families)[0]
            timed = _timed_into(taken)
            with timed("render"):
                views = env.views()
            seen = Observation(step, 0, words, views["front"], views["wrist"], env.proprioception(), 0.0)
            with timed("planner"):
                intent = policy.planner.plan(seen)
            with timed("refiner"):
                committed = np.empty((0, policy.config.action_size), np.float32)
                chunk = policy.refiner.refine(seen, intent, step, committed, step)
            action = np.clip(chunk.actions[0], -1, 1)
            record = StepRecord(
                "step", step, 0, words, 0.0, 0.0, env.sim_time, env.get_state(), action, action, action, "policy",
                env.hand_position.astype(np.float32), 0, 0, observation=seen, intent=intent, chunk=chunk,
            )  # fmt: skip
            with timed("log"):
                writer.append(record)
            with timed("encode"):
                cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
            with timed("physics"):
                env.world.step(action)
        writer.close()
    env.close()
    return {
        "checkpoint": str(checkpoint),
        "steps": steps,
        "parts": {part: {**_spread(times[WARM_UP:]), "where": PARTS[part]} for part, times in taken.items()},
    }


def _timed_into(taken: dict[str, list[float]]) -> Callable[[str], Any]:
    @contextmanager
    def timed(part: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        taken[part].append(1e3 * (time.perf_counter() - started))

    return timed


def _spread(milliseconds: list[float]) -> dict[str, float]:
    middle, late, last = np.percentile(milliseconds, (50, 95, 99))
    return {"p50_ms": round(float(middle), 3), "p95_ms": round(float(late), 3), "p99_ms": round(float(last), 3)}
