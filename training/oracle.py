"""The scripted expert in the place of one of the two systems: what a perfect planner, or a perfect refiner, would do.

Both look into the simulator, and roll it ahead on a copy of its state: they are for finding out who is to blame.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from policy import PolicyConfig
from policy.actions import decode, encode
from policy.tasks import TASKS
from records import ACTION_NAMES, Chunk, Intent, Observation
from scenes.expert import expert_action
from scenes.goals import Goal
from scenes.labels import THINGS, frame_labels
from scenes.world import World
from training.tasks import kind_of

_GRIPPER = len(ACTION_NAMES) - 1
_STILL = 1.5
"""bins: there is none for zero, what is as small as the two beside it means no motion"""


def oracle_intent(world: World, goal: Goal, observation: Observation, config: PolicyConfig, delay: int = 0) -> Intent:
    """The intent of a planner that is right: tokens of what the expert does from here, anchors of where things are.

    The expert is rolled ahead as far as tokens are followed that arrive `delay` steps late; later rows repeat the last.
    """
    asked_at = time.monotonic()
    horizon = config.horizon
    rows = min(horizon, max(config.trusted_steps, delay, 0) + config.intent_after)
    actions = np.zeros((horizon, len(ACTION_NAMES)), np.float32)
    anchors = true_anchors(world, goal)
    with returning(world):
        for row in range(rows):
            actions[row] = expert_action(world, goal)
            world.step(actions[row])
    actions[rows:] = actions[rows - 1]
    tokens = encode(actions, config.bins)
    return Intent(
        step=observation.step,
        generation=observation.generation,
        tokens=tokens,
        probabilities=np.eye(config.bins, dtype=np.float32)[tokens],
        proprio=observation.proprio,
        asked_at=asked_at,
        ready_at=time.monotonic(),
        ready_step=observation.step,
        anchors=anchors,
    )


def oracle_chunk(
    world: World, goal: Goal, config: PolicyConfig, observation: Observation, intent: Intent, start_step: int,
    committed: NDArray[np.float32],
) -> Chunk:  # fmt: skip
    """The chunk of a refiner that is right: what the expert does, as far as the bins of the intent's tokens allow.

    Tokens that are no longer trusted are shown to no refiner, so they bind this one as little.
    """
    asked_at = time.monotonic()
    binding = start_step - intent.step <= config.trusted_steps
    actions = np.zeros((config.chunk, len(ACTION_NAMES)), np.float32)
    with returning(world):
        for fixed in committed:
            world.step(fixed)
        for row in range(config.chunk):
            actions[row] = expert_action(world, goal)
            if binding:
                actions[row] = inside_bins(actions[row], intent.tokens, start_step + row - intent.step, config.bins)
            world.step(actions[row])
    return Chunk(
        step=observation.step,
        start_step=start_step,
        generation=observation.generation,
        intent_step=intent.step,
        actions=actions,
        asked_at=asked_at,
        ready_at=time.monotonic(),
    )


def copied_chunk(config: PolicyConfig, observation: Observation, intent: Intent, start_step: int) -> Chunk:
    """The chunk of a refiner that has learned nothing: the middle of every token's bin, carried out as it is."""
    now = time.monotonic()
    rows = np.clip(start_step - intent.step + np.arange(config.chunk), 0, len(intent.tokens) - 1)
    actions = decode(intent.tokens[rows], config.bins)
    actions[:, :_GRIPPER][np.abs(actions[:, :_GRIPPER]) < _STILL / config.bins] = 0
    actions[:, _GRIPPER] = np.where(actions[:, _GRIPPER] > 0, 1, -1)
    return Chunk(observation.step, start_step, observation.generation, intent.step, actions, now, now)


def inside_bins(action: NDArray[np.float32], tokens: NDArray[np.uint8], row: int, bins: int) -> NDArray[np.float32]:
    """An action (7,) moved into the bins of a row of tokens (L, 7); as it is outside of them."""
    if not 0 <= row < len(tokens):
        return action
    middle = decode(tokens[row], bins)
    kept = np.clip(action, middle - 1 / bins, middle + 1 / bins).astype(np.float32)
    kept[_GRIPPER] = 1.0 if middle[_GRIPPER] > 0 else -1.0
    return kept


def true_anchors(world: World, goal: Goal) -> NDArray[np.float32]:
    """(ANCHOR_SIZE,) of the present state, see `policy.anchors`."""
    labels = frame_labels(world, goal)
    hand = world.hand_position
    target = hand + labels["positions"][THINGS.index(goal.target)]
    there = goal.container is not None
    container = hand + labels["positions"][THINGS.index(goal.container)] if goal.container is not None else np.zeros(3)
    kind = np.eye(len(TASKS))[TASKS.index(kind_of(goal))]
    return np.concatenate((target, container, labels["closing"], [float(there)], kind)).astype(np.float32)


@contextmanager
def returning(world: World) -> Iterator[None]:
    """Whatever is simulated inside has not happened afterwards."""
    state, clamped = world.get_state(), world.controller.clamped
    try:
        yield
    finally:
        world.set_state(state)
        world.controller.clamped = clamped
