"""Fabricated episodes for the tests of what Rerun is told: real records, real arrays, no simulator."""

from __future__ import annotations

import time

import numpy as np

from records import Chunk, GeometryRecord, Grounding, Intent, Observation, StepRecord

LENGTH, BINS, SIZE = 48, 10, 96
BODIES = 3


def make_observation(step: int) -> Observation:
    image = np.full((SIZE, SIZE, 3), 90, dtype=np.uint8)
    image[30:50, 40:60] = (200, 30, 30)
    proprio = np.zeros(21, dtype=np.float32)
    return Observation(step, 0, "pick up the red cube", image, image[::-1].copy(), proprio, time.monotonic())


def make_grounding(phrase: str, row: int, column: int, none: float = 0.02) -> Grounding:
    heat = np.full((24, 24), 1e-4, dtype=np.float32)
    heat[row, column] = 1.0
    heat *= (1.0 - none) / heat.sum()
    return Grounding(phrase, {"front": heat, "wrist": heat.copy()}, {"front": none, "wrist": none})


def make_intent(step: int, groundings: tuple[Grounding, ...] = ()) -> Intent:
    rng = np.random.default_rng(step)
    probabilities = rng.dirichlet(np.full(BINS, 0.3), size=(LENGTH, 7)).astype(np.float32)
    tokens = probabilities.argmax(axis=-1).astype(np.uint8)
    now = time.monotonic()
    proprio = np.zeros(21, dtype=np.float32)
    return Intent(step, 0, tokens, probabilities, proprio, now, now + 0.15, step + 3, groundings)


def make_record(step: int, intent: Intent | None = None, with_images: bool = True) -> StepRecord:
    now = time.monotonic()
    actions = np.zeros((5, 7), dtype=np.float32)
    hand = np.array([0.4, 0.002 * step, 0.2], dtype=np.float32)
    path = hand + np.linspace(0, 0.1, 6, dtype=np.float32)[:, None]
    chunk = None
    if intent is not None:
        start = step - step % 5
        chunk = Chunk(max(start - 1, 0), start, 0, intent.step, actions, now - 0.03, now - 0.01)
    return StepRecord(
        episode="e1",
        step=step,
        generation=0,
        instruction="pick up the red cube",
        wall_time=1.7e9 + 0.05 * step,
        due_late=0.001,
        sim_time=0.05 * step,
        state=np.zeros(40),
        action=actions[0],
        commanded=actions[0],
        proposal=actions[0] + 0.1,
        control_source="policy" if intent is not None else "hold",
        hand=hand,
        staleness=None if intent is None else step - intent.step,
        queue_depth=4,
        durations={"physics": 5.0, "render": 6.0},
        observation=make_observation(step) if with_images else None,
        intent=intent,
        token_row=None if intent is None else step - intent.step,
        chunk=chunk,
        coarse_path=None if intent is None else path,
        refined_path=None if intent is None else path[:4],
        events=("No intent yet: the arm holds.",) if step == 0 else (),
    )


def make_geometry() -> list[GeometryRecord]:
    identity, here = (1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0)
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=np.float32) * 0.05
    faces = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]], dtype=np.int32)
    red = (0.8, 0.1, 0.1, 1.0)
    geometry = [
        GeometryRecord("box", "table", 1, "box", (0.1, 0.1, 0.1), here, identity, red),
        GeometryRecord("sphere", "table", 1, "sphere", (0.1, 0.0, 0.0), here, identity, red),
        GeometryRecord("capsule", "table", 1, "capsule", (0.1, 0.1, 0.0), here, identity, red),
        GeometryRecord("cylinder", "table", 1, "cylinder", (0.1, 0.1, 0.0), here, identity, red),
        GeometryRecord("ellipsoid", "table", 1, "ellipsoid", (0.1, 0.2, 0.1), here, identity, red),
        GeometryRecord("plane", "table", 1, "plane", (0.0, 0.0, 0.1), here, identity, red),
    ]
    geometry.append(GeometryRecord("bowl", "red bowl", 2, "mesh", (0, 0, 0), here, identity, red, vertices, faces))
    geometry.append(GeometryRecord("unseen", "table", 1, "box", (1, 1, 1), here, identity, (0.0, 0.0, 0.0, 0.0)))
    return geometry


def make_poses(step: int) -> tuple[np.ndarray, np.ndarray]:
    """World and table stand still, the bowl moves."""
    positions = np.zeros((BODIES, 3), dtype=np.float32)
    positions[2, 0] = 0.01 * step
    return positions, np.tile(np.array([1, 0, 0, 0], dtype=np.float32), (BODIES, 1))
