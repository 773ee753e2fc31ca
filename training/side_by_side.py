"""Many lockstep episodes side by side in one process: whoever asks planner or refiner shares a call with others.

Episodes do not wait for each other's control steps, only for a full batch: each runs until it needs a result, then the
fuller of the two systems' batches is computed. With twice as many episodes as a batch holds, one is always full.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

from policy import load_policy
from policy.planner import Planner
from policy.refiner import Refiner
from policy.runtime import Batch, BatchedLockstep, Clock, Runtime, schedule_named
from records import Chunk, Intent
from scenes import TabletopEnv
from scenes.policy_views import PolicyRenderer
from training.altered import AlteredLockstep, is_altered
from training.rollout import Result, look_through, play, play_expert
from training.setting import Setting
from training.tasks import Task

BATCH = 8
"""requests per call, always: what is computed depends on it in the last bits"""
EPISODES = 2 * BATCH


@dataclass
class _System:
    """A loaded policy with the requests that wait for it."""

    planner: Planner
    refiner: Refiner
    plans: Batch[Intent]
    chunks: Batch[Chunk]


@dataclass(eq=False)
class _Episode:
    number: int
    env: TabletopEnv
    going: Generator[None, None, Result]


class SideBySide:
    """Plays episodes of any settings; a checkpoint is loaded when it is first asked for.

    Args:
        keep: whether results carry a trace.
    """

    def __init__(self, keep: bool = False) -> None:
        self._keep = keep
        self._systems: dict[tuple[str, int | None], _System] = {}
        self._idle: list[TabletopEnv] = []
        self._renderer: PolicyRenderer | None = None

    def run(self, todo: Iterator[tuple[int, Setting, Task]]) -> Iterator[tuple[int, Result]]:
        """Yield results with their numbers, in the order in which they end; one that ended makes room for the next."""
        playing: list[_Episode] = []
        while True:
            while len(playing) < EPISODES and (item := next(todo, None)) is not None:
                playing.append(self._begin(*item))
            if not playing:
                return
            ended = []
            for episode in playing:
                try:
                    next(episode.going)
                except StopIteration as done:
                    ended.append(episode)
                    yield episode.number, done.value
            for episode in ended:
                playing.remove(episode)
                self._idle.append(episode.env)
            if not ended:
                max((batch for s in self._systems.values() for batch in (s.plans, s.chunks)), key=len).answer()

    def close(self) -> None:
        """Free the GL context."""
        for env in self._idle:
            env.close()

    def _begin(self, number: int, setting: Setting, task: Task) -> _Episode:
        env = self._idle.pop() if self._idle else self._new_env()
        if setting.checkpoint is None:
            return _Episode(number, env, play_expert(env, task, self._keep))
        system = self._system(setting.checkpoint, setting.trusted_steps)
        batched = BatchedLockstep(system.plans, system.chunks, setting.planner_delay, look_through(env, task))
        clock: Clock = batched
        if is_altered(setting):
            clock = AlteredLockstep(batched, setting, task, env.world, system.refiner.config)
        runtime = Runtime(system.planner, system.refiner, schedule_named(setting.schedule), clock, setting.checks)
        return _Episode(number, env, play(env, runtime, task, self._keep, setting.at(0).noise))

    def _system(self, checkpoint: str, trusted_steps: int | None) -> _System:
        key = checkpoint, trusted_steps
        if key not in self._systems:
            policy = load_policy(checkpoint)
            planner, refiner = policy.planner, policy.refiner
            if trusted_steps is not None:
                refiner.config = replace(refiner.config, trusted_steps=trusted_steps)
            plans = Batch(lambda asked: planner.plan_batch([observation for (observation,) in asked]), BATCH)
            self._systems[key] = _System(planner, refiner, plans, Batch(refiner.refine_batch, BATCH))
        return self._systems[key]

    def _new_env(self) -> TabletopEnv:
        env = TabletopEnv(renderer=self._renderer)
        self._renderer = env.renderer
        return env


def play_all(todo: Iterator[tuple[int, Setting, Task]], keep: bool = False) -> Iterator[tuple[int, Result]]:
    """`SideBySide.run` in a process of its own."""
    players = SideBySide(keep)
    yield from players.run(todo)
    players.close()
