"""A kept episode again: the task's scene, its recorded actions, and every state checked against its checksum."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from diagnosis.store import EvaluationError
from scenes.perturb import MOVED
from scenes.shove import Shove
from scenes.world import World
from training.tasks import Task
from training.trace import Trace


def replay(world: World, task: Task, trace: Trace) -> Iterator[int]:
    """Take the world through the episode, bit for bit; yields every control step 0 to T, the world in its state.

    The state of step t is that before its action; the last one is after the last action. Whoever changes the world
    between two steps must put it back.

    Raises:
        EvaluationError: a state is not the one that was recorded.
    """
    world.arrange(task.layout)
    shove = Shove(world, task.goal, task.seed)
    for step in range(trace.steps + 1):
        if step < trace.steps and task.perturbation == MOVED:
            shove.look(step)
        if zlib.crc32(world.get_state().tobytes()) != int(trace.state[step]):
            raise EvaluationError(
                f"At step {step} this simulator's state is not the recorded one: another version of the scene or of "
                "MuJoCo, or another kind of processor. What was recorded can be seen; replay it where it was made."
            )
        yield step
        if step < trace.steps:
            world.step(trace.action[step])


def states(world: World, task: Task, trace: Trace) -> NDArray[np.float64]:
    """(T + 1, S) every state.

    Raises:
        EvaluationError: as `replay`.
    """
    return np.array([world.get_state() for _ in replay(world, task, trace)])
