"""A lockstep clock whose systems are altered for one episode: faults put in, the expert in the place of one of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from policy import PolicyConfig
from policy.runtime import BatchedLockstep, BatchWorker, WorkResult
from policy.runtime.batches import Request
from records import Chunk, Intent
from scenes.world import World
from training.faults import Fault
from training.oracle import copied_chunk, oracle_chunk, oracle_intent
from training.setting import Setting
from training.tasks import Task

_OTHER_NOISE = 1_000_003


def is_altered(setting: Setting) -> bool:
    """Whether a setting needs more than a batched clock."""
    return bool(setting.inject or setting.oracle or setting.copies or setting.plainly or setting.before)


class _Altered(BatchWorker[Any]):
    """Delivers like the batch worker that it stands for, but `answers` at once where it can, and `changes` results."""

    def __init__(
        self,
        inner: BatchWorker[Any],
        delay: Callable[[int], int],
        ask: Callable[..., tuple[tuple[Any, ...], Any]],
        change: Callable[[Any], Any],
    ) -> None:
        super().__init__(inner._batch, inner.delay_steps, inner._look)
        self._delay, self._ask, self._change = delay, ask, change

    def submit(self, step: int, *arguments: Any) -> None:
        """Ask, as the setting of this step says."""
        self.delay_steps = self._delay(step)
        arguments, answer = self._ask(*arguments)
        if answer is None:
            super().submit(step, *arguments)
            return
        now = time.monotonic()
        self._waiting.append(
            Request(step, arguments, step + self.delay_steps, now, WorkResult(step, answer, None, now, now))
        )

    def poll(self, step: int) -> list[WorkResult[Any]]:
        """Results due at `step` that are there, changed."""
        return [
            result if result.value is None else WorkResult(
                result.step, self._change(result.value), None, result.asked_at, result.ready_at
            )
            for result in super().poll(step)
        ]  # fmt: skip


class AlteredLockstep:
    """`BatchedLockstep` of one episode with what its setting alters.

    Args:
        clock: whose batches are shared.
        setting: which alterations, and from which step on.
        task: of the episode.
        world: that it is played in.
        config: of the policy, with the setting's trusted steps.
    """

    def __init__(
        self, clock: BatchedLockstep, setting: Setting, task: Task, world: World, config: PolicyConfig
    ) -> None:
        self._clock, self._setting, self._task, self._world, self._config = clock, setting, task, world, config
        self._faults = {
            each: Fault(each.inject, task, each.noise) for each in (setting, setting.before) if each is not None
        }

    def planner_worker(self, fn: Callable[..., Intent]) -> BatchWorker[Intent]:
        """The planner, altered."""

        def ask(observation: Any) -> tuple[tuple[Any, ...], Intent | None]:
            now = self._setting.at(observation.step)
            if "tokens" in now.oracle:
                return (observation,), oracle_intent(
                    self._world, self._task.goal, observation, self._config, now.planner_delay
                )
            if now.plainly:
                observation = replace(observation, instruction=self._task.goal.instruction)
            return (self._faults[now].asked(observation),), None

        def change(intent: Intent) -> Intent:
            now = self._setting.at(intent.step)
            return intent if "tokens" in now.oracle else self._faults[now].planned(intent)

        inner = self._clock.planner_worker(fn)
        return _Altered(inner, lambda step: self._setting.at(step).planner_delay, ask, change)

    def refiner_worker(self, fn: Callable[..., Chunk]) -> BatchWorker[Chunk]:
        """The refiner, altered."""

        def ask(observation: Any, intent: Intent, start: int, committed: Any, seed: int) -> Any:
            now = self._setting.at(observation.step)
            if now is not self._setting.at(0):  # the noise is another from here on
                seed = (seed + _OTHER_NOISE * now.noise) % 2**32
            arguments = (observation, intent, start, committed, seed)
            if "fine" not in now.oracle:
                copied = copied_chunk(self._config, observation, intent, start) if now.copies else None
                return arguments, copied
            goal = self._task.goal
            return arguments, oracle_chunk(self._world, goal, self._config, observation, intent, start, committed)

        def change(chunk: Chunk) -> Chunk:
            now = self._setting.at(chunk.step)
            return chunk if "fine" in now.oracle else self._faults[now].refined(chunk)

        return _Altered(self._clock.refiner_worker(fn), lambda _: 0, ask, change)
