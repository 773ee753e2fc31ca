"""Lockstep episodes: the runtime of the cockpit, with latencies counted in control steps and nothing to wait for."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from policy.runtime import Lockstep, Runtime, schedule_named
from records import Observation
from scenes import TabletopEnv
from scenes.expert import expert_action
from scenes.perturb import MOVED, disturb
from scenes.shove import Shove
from scenes.tasks import is_successful
from training.closeness import closest
from training.tasks import Task
from training.trace import TraceWriter

if TYPE_CHECKING:
    from policy.planner import Planner
    from policy.refiner import Refiner

TIME_LIMIT = 240
"""control steps (12 s)"""
CONFIRM = 3
"""control steps for which success must hold"""
_OTHER_NOISE = 1_000_003
"""added to the seed that the refiner's noise follows from"""
_NO_PICTURE = np.empty((0, 0, 3), np.uint8)
Steps = Generator[None, None, NDArray[np.float32] | None]
"""yields while it waits for a result of the policy, and returns an action; None refuses"""


@dataclass(frozen=True)
class Result:
    """How an episode went."""

    task: Task
    success: bool
    steps: int
    refused: bool
    fingerprint: int = 0
    """checksum of all actions: the same episode has the same"""
    reaction: int | None = None
    """control steps from a shove of the target until the arm did what was planned after it"""
    plans: int = 0
    alarms: int = 0
    """intents that contradicted the one before, of them"""
    closest: float = field(default=0.0, compare=False)
    """metres that were still missing to success when it was closest, see `training.closeness`"""
    trace: bytes = field(default=b"", compare=False, repr=False)
    """of `training.trace.Trace`, of an episode that is to be kept"""
    kept_before: bool = field(default=False, compare=False)
    """whether it was read from a kept evaluation, not played just now"""


def observe(env: TabletopEnv, step: int, generation: int, instruction: str) -> Observation:
    """What the policy is shown at a control step."""
    seen = env.observe()
    return Observation(step, generation, instruction, seen["front"], seen["wrist"], seen["proprio"], 0.0)


def look_through(env: TabletopEnv, task: Task) -> Callable[[Observation], Observation]:
    """What gives an observation of the environment's present state its pictures; drawn once a control step."""
    drawn: tuple[tuple[int, int], dict[str, NDArray[np.uint8]]] | None = None

    def look(observation: Observation) -> Observation:
        nonlocal drawn
        moment = (observation.generation, observation.step)
        if drawn is None or drawn[0] != moment:
            views = env.views()
            drawn = moment, disturb(views, task.seed, observation.step) if task.perturbation == "noise" else views
        return replace(observation, front=drawn[1]["front"], wrist=drawn[1]["wrist"])

    return look


def make_runtime(planner: Planner, refiner: Refiner, schedule: str, planner_delay: int) -> Runtime:
    """The runtime in lockstep."""
    return Runtime(planner, refiner, schedule_named(schedule), Lockstep(planner_delay))


def unseen(env: TabletopEnv, task: Task, step: int, generation: int) -> Observation:
    """`observe` without pictures: `look_through` draws them for those that are looked at."""
    felt = env.proprioception()
    return Observation(step, generation, task.instruction, _NO_PICTURE, _NO_PICTURE, felt, 0.0)


def play(
    env: TabletopEnv, runtime: Runtime, task: Task, keep: bool = False, noise: int = 0
) -> Generator[None, None, Result]:
    """One episode of the policy from reset to success, refusal or the time limit; the same every time.

    Yields while the runtime's clock owes a result. Observations have no pictures: the clock looks when it is asked.
    `keep` writes a trace; another `noise` has the refiner draw other noise.
    """
    reaction: int | None = None

    def act(step: int) -> Steps:
        nonlocal reaction
        decision = yield from runtime.deciding(unseen(env, task, step, runtime.generation))
        if reaction is None and shove.step is not None and decision.chunk is not None:
            reaction = step - shove.step if decision.chunk.intent_step >= shove.step else None
        if trace is not None:
            trace.decided(step, decision)
        return None if decision.refusal is not None else decision.action

    shove = Shove(env.world, task.goal, task.seed)
    trace = _begin(env, task, keep)
    runtime.reset(runtime.generation + 1, episode_seed=task.seed + _OTHER_NOISE * noise)
    result = yield from _attempt(env, task, act, shove, trace)
    counted = runtime.counters
    runtime.close()
    return replace(result, reaction=reaction, plans=counted.planner_calls, alarms=counted.contradictions)


def play_expert(env: TabletopEnv, task: Task, keep: bool = False) -> Generator[None, None, Result]:
    """The same episode driven by the scripted expert, which sees the simulator: what the best policy could do."""

    def act(step: int) -> Steps:
        yield from ()
        return expert_action(env.world, task.goal)

    trace = _begin(env, task, keep)
    return _attempt(env, task, act, Shove(env.world, task.goal, task.seed), trace)


def _begin(env: TabletopEnv, task: Task, keep: bool) -> TraceWriter | None:
    env.world.arrange(task.layout)
    return TraceWriter(env.world) if keep else None


def _attempt(
    env: TabletopEnv, task: Task, act: Callable[[int], Steps], shove: Shove, trace: TraceWriter | None
) -> Generator[None, None, Result]:
    held = checksum = 0

    def end(success: bool, steps: int, refused: bool = False, looked: bool = False) -> Result:
        result = Result(task, success, steps, refused, checksum)
        if trace is None:
            return result
        if not looked:
            trace.look()
        written = trace.finish()
        return replace(result, closest=0.0 if success else closest(written, task.goal), trace=written.to_bytes())

    for step in range(TIME_LIMIT):
        if task.perturbation == MOVED:
            shove.look(step)
        if trace is not None:
            trace.look()
        action = yield from act(step)
        if action is None:
            return end(False, step, refused=True, looked=True)
        checksum = zlib.crc32(action.tobytes(), checksum)
        env.world.step(action)
        if trace is not None:
            trace.acted(action)
        held = held + 1 if is_successful(env.world, task.goal) else 0
        if held == CONFIRM:
            return end(True, step + 1)
    return end(False, TIME_LIMIT)
