"""A policy of a few lines that needs no checkpoint: pushes forward, refuses what is purple. Loaded by import path."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from records import Chunk, Intent, Observation

POLICY = "stand_in:load"


class StandInPlanner:
    horizon = 48

    def plan(self, observation: Observation) -> Intent:
        time.sleep(0.04)
        refusal = "I see no purple cube." if "purple" in observation.instruction else None
        tokens = np.full((48, 7), 5, dtype=np.uint8)
        probabilities = np.full((48, 7, 10), 0.1, dtype=np.float32)
        at, step, generation = time.monotonic(), observation.step, observation.generation
        return Intent(step, generation, tokens, probabilities, observation.proprio, at, at, step, refusal=refusal)


class StandInRefiner:
    chunk_steps = 5

    def refine(
        self, observation: Observation, intent: Intent, start_step: int, committed: NDArray[np.float32], noise_seed: int
    ) -> Chunk:
        time.sleep(0.005)
        actions = np.zeros((5, 7), dtype=np.float32)
        actions[:, 1] = np.random.default_rng(noise_seed).uniform(-1.2, 1.2, 5)
        actions[:, 6] = -1
        at = time.monotonic()
        return Chunk(observation.step, start_step, observation.generation, intent.step, actions, at, at)


def load(checkpoint: Path) -> SimpleNamespace:
    if checkpoint.name == "broken":
        raise ValueError("The checkpoint broken is damaged. Restore it with `git checkout -- assets/checkpoints`.")
    return SimpleNamespace(planner=StandInPlanner(), refiner=StandInRefiner())
