"""Lockstep episodes: the runtime of the cockpit, with latencies counted in control steps and nothing to wait for."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from policy import LibraPolicy
from policy.runtime import Lockstep, Runtime, schedule_named
from records import Observation
from scenes import TabletopEnv
from scenes.expert import expert_action
from scenes.goals import FAMILIES, Goal, goals_for
from scenes.language import phrase
from scenes.layout import draw_layout
from scenes.tasks import is_successful

TIME_LIMIT = 240
"""control steps (12 s)"""
CONFIRM = 3
"""control steps for which success must hold"""
_NO_PICTURE = np.empty((0, 0, 3), np.uint8)


@dataclass(frozen=True)
class Task:
    """One episode to evaluate: a scene, what is asked, and how it is said."""

    seed: int
    goal: Goal
    instruction: str


@dataclass(frozen=True)
class Result:
    """How an episode went."""

    task: Task
    success: bool
    steps: int
    refused: bool


def assign_tasks(episodes: int, seed: int, families: tuple[str, ...] = FAMILIES) -> list[Task]:
    """Episodes on consecutive scene seeds, families as even as the scenes allow, said in one of many ways."""
    used = dict.fromkeys(families, 0)
    tasks = []
    for scene in range(seed, seed + episodes):
        rng = np.random.default_rng([scene, 0xE7A1])
        goals = goals_for(draw_layout(scene).spots)
        possible = [family for family in families if any(goal.family == family for goal in goals)]
        if not possible:
            continue
        family = min(possible, key=lambda name: (used[name], families.index(name)))
        used[family] += 1
        goals = [goal for goal in goals if goal.family == family]
        goal = goals[rng.integers(len(goals))]
        tasks.append(Task(scene, goal, phrase(goal, rng)))
    return tasks


def observe(env: TabletopEnv, step: int, generation: int, instruction: str) -> Observation:
    """What the policy is shown at a control step."""
    seen = env.observe()
    return Observation(step, generation, instruction, seen["front"], seen["wrist"], seen["proprio"], 0.0)


def look_through(env: TabletopEnv) -> Callable[[Observation], Observation]:
    """What gives an observation of the environment's present state its pictures; drawn once a control step."""
    drawn: tuple[tuple[int, int], dict[str, NDArray[np.uint8]]] | None = None

    def look(observation: Observation) -> Observation:
        nonlocal drawn
        moment = (observation.generation, observation.step)
        if drawn is None or drawn[0] != moment:
            drawn = moment, env.views()
        return replace(observation, **drawn[1])

    return look


def make_runtime(policy: LibraPolicy, schedule: str, planner_delay: int) -> Runtime:
    """The runtime in lockstep."""
    return Runtime(policy.planner, policy.refiner, schedule_named(schedule), Lockstep(planner_delay))


def play(env: TabletopEnv, runtime: Runtime, task: Task, time_limit: int = TIME_LIMIT) -> Generator[None, None, Result]:
    """One episode of the policy from reset to success, refusal or the time limit; the same every time.

    Yields while the runtime's clock owes a result. Observations have no pictures: the clock looks when it is asked.
    """

    def act(step: int) -> Generator[None, None, NDArray[np.float32] | None]:
        observation = Observation(
            step, runtime.generation, task.instruction, _NO_PICTURE, _NO_PICTURE, env.proprioception(), 0.0
        )
        decision = yield from runtime.deciding(observation)
        return None if decision.refusal is not None else decision.action

    runtime.reset(runtime.generation + 1, episode_seed=task.seed)
    result = yield from _attempt(env, task, act, time_limit)
    runtime.close()
    return result


def play_expert(env: TabletopEnv, task: Task, time_limit: int = TIME_LIMIT) -> Generator[None, None, Result]:
    """The same episode driven by the scripted expert, which sees the simulator: what the best policy could do."""

    def act(step: int) -> Generator[None, None, NDArray[np.float32] | None]:
        yield from ()
        return expert_action(env.world, task.goal)

    return _attempt(env, task, act, time_limit)


def _attempt(
    env: TabletopEnv,
    task: Task,
    act: Callable[[int], Generator[None, None, NDArray[np.float32] | None]],
    time_limit: int,
) -> Generator[None, None, Result]:
    env.world.reset(task.seed)
    held = 0
    for step in range(time_limit):
        action = yield from act(step)
        if action is None:
            return Result(task, False, step, True)
        env.world.step(action)
        held = held + 1 if is_successful(env.world, task.goal) else 0
        if held == CONFIRM:
            return Result(task, True, step + 1, False)
    return Result(task, False, time_limit, False)
