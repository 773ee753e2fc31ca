"""DAgger: the policy drives, under every planner delay, and the expert labels what it sees and takes over in turns.

Every frame carries the expert's action for the state that the policy reached (Ross et al., 2011); turns in which the
expert drives give whole chunks and intents from such states on (as in HG-DAgger, Kelly et al., 2019).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policy import load_policy
from policy.planner import Planner
from policy.refiner import Refiner
from scenes import TabletopEnv
from scenes.expert import expert_action
from scenes.goals import Goal
from scenes.language import phrase
from scenes.layout import draw_layout, tip_over
from scenes.tasks import is_successful
from scenes.variety import vary
from training.collect import choose_goal, is_over, label_frame
from training.frames import BlockWriter
from training.rollout import make_runtime, observe

DELAYS = (0, 1, 1, 2, 3, 5, 8, 12, 16, 20)
"""of the planner, in control steps; each episode has one of them"""
TIME_LIMIT = 200
TIPPED = 0.3
"""share of the scenes in which every cylinder lies: what a policy still gets wrong must not be rare"""
POLICY_TURN, EXPERT_TURN = (8, 70), (7, 22)


def drive(
    env: TabletopEnv,
    planner: Planner,
    refiner: Refiner,
    goal: Goal,
    instruction: str,
    seed: int,
    rng: np.random.Generator,
    delays: Sequence[int] = DELAYS,
) -> tuple[list[dict[str, NDArray[Any]]], bool]:
    """One episode in turns from the present state; frames with the expert's labels, and whether it succeeded."""
    runtime = make_runtime(planner, refiner, "asynchronous", int(rng.choice(delays)))
    runtime.reset(1, episode_seed=seed)
    frames: list[dict[str, NDArray[Any]]] = []
    policy_drives, turn, done = True, int(rng.integers(*POLICY_TURN)), 0
    for step in range(TIME_LIMIT):
        observation = observe(env, step, runtime.generation, instruction)
        expert = expert_action(env.world, goal)
        executed = runtime.decide(observation).action.astype(np.float32) if policy_drives else expert
        seen: dict[str, NDArray[Any]] = {
            "front": observation.front,
            "wrist": observation.wrist,
            "proprio": observation.proprio,
        }
        frames.append(label_frame(env, goal, seen, expert, executed, step))
        env.world.step(executed)
        done += is_successful(env.world, goal) or done > 0
        if is_over(goal, done):
            break
        turn -= 1
        if turn == 0:
            policy_drives = not policy_drives
            turn = int(rng.integers(*(POLICY_TURN if policy_drives else EXPERT_TURN)))
            if policy_drives:
                runtime.reset(runtime.generation + 1)
    return frames, bool(done)


def write_block(
    checkpoint: str, start: int, count: int, folder: str, kinds: Collection[str] = (), delays: Sequence[int] = DELAYS
) -> int:
    """Episodes of the scenes [start, start + count) in this process; returns the number of frames.

    `kinds` as in `choose_goal`: scenes that allow none of them are passed over.
    """
    (planner, refiner), env, writer = _systems(checkpoint), TabletopEnv(), BlockWriter()
    for seed in range(start, start + count):
        rng = np.random.default_rng([seed, 0xDA66E2])
        layout = vary(draw_layout(seed), rng)
        env.world.arrange(tip_over(layout, rng) if rng.random() < TIPPED else layout)
        goal = choose_goal(env, rng, kinds)
        if goal is None:
            continue
        instruction = phrase(goal, rng)
        frames, _ = drive(env, planner, refiner, goal, instruction, seed, rng, delays)
        writer.add(instruction, frames)
    if writer.frames:  # scenes that allow none of these kinds make no block
        writer.write(Path(folder))
    env.close()
    return len(writer.frames)


@cache
def _systems(checkpoint: str) -> tuple[Planner, Refiner]:
    """Ready for every episode of this process: to make their graphs takes longer than an episode's calls of them."""
    policy = load_policy(checkpoint)
    return policy.planner, policy.refiner
