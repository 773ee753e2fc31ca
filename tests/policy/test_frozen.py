"""A call for one sample as a frozen graph."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from app import DEFAULT_CHECKPOINT
from policy import LibraPolicy, load_policy
from policy.frozen import FrozenForOne
from records import Observation


@pytest.fixture(scope="module")
def policy() -> LibraPolicy:
    return load_policy(DEFAULT_CHECKPOINT)


def seen(seed: int) -> Observation:
    random = np.random.default_rng(seed)
    pictures = random.integers(0, 255, (2, 96, 96, 3), dtype=np.uint8)
    felt = random.normal(size=21).astype(np.float32)
    return Observation(0, 0, "pick up the red cube", pictures[0], pictures[1], felt, 0.0)


def test_a_scene_by_itself_is_planned_as_it_is_among_others(policy: LibraPolicy) -> None:
    planner, scenes = policy.planner, [seen(1), seen(2)]
    for alone, among in zip(map(planner.plan, scenes), planner.plan_batch(scenes), strict=True):
        np.testing.assert_allclose(alone.probabilities, among.probabilities, atol=1e-4)
        np.testing.assert_allclose(alone.anchors, among.anchors, atol=1e-3)


def test_a_chunk_by_itself_is_refined_as_it_is_among_others(policy: LibraPolicy) -> None:
    refiner, scenes = policy.refiner, [seen(3), seen(4)]
    asked = [(each, policy.planner.plan(each), 1, np.zeros((1, 7), np.float32), 5) for each in scenes]
    for alone, among in zip((refiner.refine(*each) for each in asked), refiner.refine_batch(asked), strict=True):
        np.testing.assert_allclose(alone.actions, among.actions, atol=1e-4)


def test_the_same_is_answered_every_time_from_the_first_on() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.GELU(), torch.nn.Linear(8, 3)).eval()
    call = FrozenForOne(model, lambda given: (model(given).softmax(-1),))
    given = torch.randn(1, 8)
    first = call(given)[0]
    assert all(torch.equal(first, call(given)[0]) for _ in range(5))
    assert call(given.expand(4, -1))[0].shape == (4, 3)
