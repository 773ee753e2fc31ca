"""Expert demonstrations with perturbations: bursts of noise that push the arm off its path, and clean recoveries."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from policy.tasks import task_of
from scenes import TabletopEnv
from scenes.expert import expert_action
from scenes.goals import Goal, all_goals, goals_for, is_held_out
from scenes.labels import THINGS, frame_labels
from scenes.language import phrase
from scenes.layout import draw_layout, tip_over
from scenes.tasks import is_inside, is_successful
from scenes.variety import vary

LINGER = 10
"""control steps recorded after success, so that the policy learns to be done"""
_PUSH_LINGER = 2
"""of a push: nothing in the pictures says that it has gone far enough"""
_WEIGHTS = {"push": 2.0, "stack": 1.4, "drawer": 6.5, "button": 2.6}
"""of families: each is a seventh of the frames or so, though some are in few scenes and some take long"""
_NUMBERS = {goal: number for number, goal in enumerate(all_goals())}
MAX_STEPS = 220


@dataclass(frozen=True)
class Perturbation:
    """How often and how hard the arm is pushed off its path while demonstrations are collected."""

    clean: tuple[int, int] = (12, 44)
    """control steps between bursts"""
    burst: tuple[int, int] = (2, 7)
    scale: float = 0.8
    second_task: float = 0.35
    """share of the episodes that go on with another instruction from where the first one ended"""
    twist: float = 0.0
    """share of the bursts that turn the hand about the vertical, by up to a quarter, while it goes on"""
    lying: float = 0.0
    """share of the scenes in which every cylinder lies"""


TURNING = Perturbation(clean=(8, 30), twist=0.6, lying=0.75)
"""What the policy must see to learn how things lie from pixels instead of from how its own hand stands."""


def label_frame(
    env: TabletopEnv, goal: Goal, observation: dict[str, NDArray[Any]], expert: NDArray[np.float32],
    executed: NDArray[np.float32], step: int,
) -> dict[str, NDArray[Any]]:  # fmt: skip
    """One row of the data set: what was seen, what the expert would do, what was done, and the labels."""
    return {
        **observation,
        "expert": expert,
        "executed": executed,
        "clean": np.array(bool(np.array_equal(expert, executed))),
        "step": np.array(step, dtype=np.int32),
        "goal": np.array(_NUMBERS[goal], dtype=np.int16),
        "target": np.array(THINGS.index(goal.target), dtype=np.int8),
        "container": np.array(-1 if goal.container is None else THINGS.index(goal.container), dtype=np.int8),
        **frame_labels(env.world, goal),
    }


def choose_goal(env: TabletopEnv, rng: Generator, kinds: Collection[str] = ()) -> Goal | None:
    """A goal for training that this scene can fulfil and has not fulfilled; None when there is none.

    `kinds` are names of `policy.tasks.TASKS` that it may be of; none means any.
    """
    world = env.world
    world.mark()
    goals = [
        goal
        for goal in goals_for(world.spots)
        if (not kinds or task_of(goal.family, goal.detail) in kinds)
        and not is_held_out(goal)
        and not (goal.container and is_inside(world, goal.target, goal.container))
        and not is_successful(world, goal)
    ]
    if not goals:
        return None
    families = sorted({goal.family for goal in goals})
    weights = np.array([_WEIGHTS.get(name, 1.0) for name in families])
    chosen = families[rng.choice(len(families), p=weights / weights.sum())]
    goals = [goal for goal in goals if goal.family == chosen]
    return goals[rng.integers(len(goals))]


def is_over(goal: Goal, done: int) -> bool:
    """Whether recording ends, `done` control steps after success."""
    return done > (_PUSH_LINGER if goal.family == "push" else LINGER)


def demonstrate(
    env: TabletopEnv, goal: Goal, rng: Generator, perturbation: Perturbation
) -> tuple[list[dict[str, NDArray[Any]]], bool]:
    """One attempt by the expert with bursts of noise, from the present state; its frames and whether it succeeded."""
    frames: list[dict[str, NDArray[Any]]] = []
    countdown, burst, done = int(rng.integers(0, perturbation.clean[1])), 0, 0
    push = np.zeros(7)
    for step in range(MAX_STEPS):
        observation = env.observe()
        expert = expert_action(env.world, goal)
        executed = expert
        if burst > 0:
            noise = push + rng.normal(0, 0.3, 7) * perturbation.scale
            executed = np.clip(expert + noise, -1, 1).astype(np.float32)
            executed[6] = push[6] if push[6] else expert[6]
            burst -= 1
            if burst == 0:
                countdown = int(rng.integers(*perturbation.clean))
        elif countdown == 0 and not done:
            burst = int(rng.integers(*perturbation.burst))
            push = rng.normal(0, perturbation.scale, 7) * (1, 1, 1, 0.5, 0.5, 0.8, 0)
            push[6] = rng.choice((0.0, 0.0, 0.0, 0.0, 0.0, -1.0, 1.0))
            if perturbation.twist and rng.random() < perturbation.twist:
                burst = int(rng.integers(4, 16))
                push = np.array((0, 0, 0, 0, 0, 4 * rng.choice((-1, 1)), 0.0))
        else:
            countdown -= 1
        frames.append(label_frame(env, goal, observation, expert, executed, step))
        env.world.step(executed)
        done += is_successful(env.world, goal) or done > 0
        if is_over(goal, done):
            break
    return frames, bool(done)


def collect_block(
    env: TabletopEnv, seeds: range, perturbation: Perturbation, kinds: Collection[str] = ()
) -> list[tuple[str, list[dict[str, NDArray[Any]]]]]:
    """Episodes of these seeds, the same whoever collects them; failed attempts are left out. `kinds`: `choose_goal`."""
    episodes = []
    for seed in seeds:
        rng = np.random.default_rng([seed, 0xDA7A])
        layout = vary(draw_layout(seed), rng)
        tipped = perturbation.lying and rng.random() < perturbation.lying
        env.world.arrange(tip_over(layout, rng) if tipped else layout)
        for _ in range(1 + (rng.random() < perturbation.second_task)):
            goal = choose_goal(env, rng, kinds)
            if goal is None:
                break
            frames, success = demonstrate(env, goal, rng, perturbation)
            if not success:
                break
            episodes.append((phrase(goal, rng), frames))
    return episodes
