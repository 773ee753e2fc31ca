"""A planner and a refiner of a few lines: every number they return says where it came from."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from records import PROPRIO_NAMES, Chunk, Intent, Observation

HORIZON = 48
CHUNK = 5
GRIPPER = PROPRIO_NAMES.index("gripper_command")


def observation(step: int, generation: int = 0, gripper: float = -1.0, instruction: str = "go") -> Observation:
    picture = np.zeros((4, 4, 3), dtype=np.uint8)
    proprio = np.zeros(len(PROPRIO_NAMES), dtype=np.float32)
    proprio[GRIPPER] = gripper
    return Observation(step, generation, instruction, picture, picture, proprio, time.monotonic())


def intent(step: int, generation: int = 0, horizon: int = HORIZON, refusal: str | None = None) -> Intent:
    """Token of row i is i in every dimension."""
    tokens = np.repeat(np.arange(horizon, dtype=np.uint8)[:, None], 7, axis=1)
    bins = max(horizon, 10)
    probabilities = np.full((horizon, 7, bins), 1 / bins, dtype=np.float32)
    proprio = np.zeros(len(PROPRIO_NAMES), dtype=np.float32)
    return Intent(step, generation, tokens, probabilities, proprio, 0.0, 0.0, step, refusal=refusal)


def chunk(step: int, start: int | None = None, generation: int = 0, rows: int = CHUNK, intent_step: int = 0) -> Chunk:
    """Dimension 0 says which observation a row came from, dimension 1 which row it is."""
    actions = np.zeros((rows, 7), dtype=np.float32)
    actions[:, 0] = step / 1000
    actions[:, 1] = np.arange(rows) / 1000
    return Chunk(step, step if start is None else start, generation, intent_step, actions, 0.0, 0.0)


class ToyPlanner:
    horizon = HORIZON

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.seen: list[int] = []
        self.refusal: str | None = None
        self.error: Exception | None = None

    def plan(self, observation: Observation) -> Intent:
        self.seen.append(observation.step)
        if self.error is not None:
            raise self.error
        time.sleep(self.seconds)
        return intent(observation.step, observation.generation, refusal=self.refusal)


class ToyRefiner:
    """Dimension 2 is the token of the row's slice; dimension 3 noise from the seed."""

    chunk_steps = CHUNK

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.calls: list[tuple[int, int, int, NDArray[np.float32]]] = []

    def refine(
        self,
        observation: Observation,
        intent: Intent,
        start_step: int,
        committed: NDArray[np.float32],
        noise_seed: int,
    ) -> Chunk:
        self.calls.append((observation.step, start_step, intent.step, committed.copy()))
        time.sleep(self.seconds)
        made = chunk(observation.step, start_step, observation.generation, intent_step=intent.step)
        rows = np.minimum(start_step - intent.step + np.arange(CHUNK), len(intent.tokens) - 1)
        made.actions[:, 2] = intent.tokens[rows, 2] / 1000
        made.actions[:, 3] = np.random.default_rng(noise_seed).uniform(-1, 1, CHUNK)
        return made
