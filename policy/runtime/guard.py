"""The watchdog of planner and refiner: what raises, hangs or answers nonsense becomes a hold, never motion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, Generic, TypeVar

import numpy as np

from policy.runtime.memory import Asked, renewed
from policy.runtime.workers import Worker, WorkResult
from records import ACTION_NAMES, CONTROL_HZ, Chunk, Intent, Observation

T = TypeVar("T")

PLANNER_PATIENCE: Final = 40
"""control steps without an answer after which the planner hangs; latency that was asked for is added"""
REFINER_PATIENCE: Final = 20
"""the same for the refiner"""
HOLDS: Final = "the arm holds until it answers again"


class SystemFault(RuntimeError):
    """What one of the two systems did wrong and what is done about it, in one sentence."""


class Hung(SystemFault):
    """No answer, and it cannot be started anew once more."""


class Guarded(Generic[T]):
    """A worker whose results can be used: everything else arrives as a result with a `SystemFault`.

    Args:
        name: of the system, for sentences.
        worker: where it runs.
        find_fault: given a value and the arguments of its request, says what is wrong with it.
        patience: control steps without an answer after which the call is abandoned and the system started anew.
    """

    def __init__(self, name: str, worker: Worker[T], find_fault: Callable[..., str | None], patience: int) -> None:
        self.worker = worker
        self._name = name
        self._find_fault = find_fault
        self._patience = patience
        self._step = 0
        self._arguments: tuple[Any, ...] = ()

    @property
    def busy(self) -> bool:
        """Whether a result is still to come."""
        return self.worker.busy

    def owes(self, step: int) -> bool:
        """Whether a result that is due at `step` has yet to be computed by somebody else."""
        return self.worker.owes(step)

    def submit(self, step: int, *arguments: Any) -> None:
        """Ask; `arguments` begin with an observation."""
        self._step, self._arguments = step, arguments
        self.worker.submit(step, *arguments)

    def poll(self, step: int) -> list[WorkResult[T]]:
        """Results that are there at `step`; one with a `SystemFault` when the system hangs."""
        results = [self._judged(result) for result in self.worker.poll(step)]
        if self.busy and step - self._step > self._patience + self.worker.latency_steps:
            waited = (step - self._step) / CONTROL_HZ
            restarted = self.worker.restart()
            asked, self._step = self._step, step
            fault = (
                SystemFault(f"The {self._name} did not answer for {waited:.1f} s and was started anew; {HOLDS}.")
                if restarted
                else Hung(f"The {self._name} hangs again and again; the arm holds, and only a new process can help.")
            )
            results.append(WorkResult(asked, None, fault, 0.0, 0.0))
        return results

    def discard(self) -> None:
        """Drop all that is asked or ready."""
        self.worker.discard()

    def keep(self) -> Asked:
        """The call under way, as far as it can be kept."""
        return Asked(self._step, self._arguments, self.worker.waiting(), self.busy)

    def resume(self, asked: Asked, generation: int) -> None:
        """Go on with a kept call, as of a generation."""
        self._step = asked.step
        self._arguments = tuple(renewed(each, generation) for each in asked.arguments)
        self.worker.resume(
            tuple((due, replace(result, value=renewed(result.value, generation))) for due, result in asked.results)
        )

    def close(self) -> None:
        """Discard and stop."""
        self.worker.close()

    def _judged(self, result: WorkResult[T]) -> WorkResult[T]:
        where = f"the observation of step {result.step}"
        if result.error is not None:
            fault = f"The {self._name} failed on {where} ({result.error or type(result.error).__name__}); {HOLDS}."
        elif (wrong := self._find_fault(result.value, *self._arguments)) is not None:
            fault = f"What the {self._name} made of {where} cannot be used ({wrong}); {HOLDS}."
        else:
            return result
        return replace(result, value=None, error=SystemFault(fault))


def intent_fault(value: object, observation: Observation) -> str | None:
    """What is wrong with an intent for this observation, in a few words; None when it can be used."""
    if not isinstance(value, Intent):
        return f"it is no intent but {type(value).__name__}"
    if (value.step, value.generation) != (observation.step, observation.generation):
        return f"it is for step {value.step} of generation {value.generation}"
    tokens, probabilities = value.tokens, value.probabilities
    if tokens.ndim != 2 or tokens.shape[1] != len(ACTION_NAMES) or not len(tokens) or tokens.dtype.kind not in "iu":
        return f"its tokens have shape {tokens.shape} and type {tokens.dtype}"
    if probabilities.ndim != 3 or probabilities.shape[:2] != tokens.shape:
        return f"its probabilities have shape {probabilities.shape}"
    if tokens.max() >= probabilities.shape[2] or tokens.min() < 0:
        return f"a token is {tokens.max()}, of {probabilities.shape[2]} bins"
    for name, numbers in (("probabilities", probabilities), ("anchors", value.anchors)):
        if numbers is not None and not np.isfinite(numbers).all():
            return f"its {name} are not all numbers"
    return None


def chunk_fault(value: object, observation: Observation, intent: Intent, start_step: int, *_: object) -> str | None:
    """What is wrong with a chunk for these arguments of `refine`, in a few words; None when it can be used."""
    if not isinstance(value, Chunk):
        return f"it is no chunk but {type(value).__name__}"
    asked = (observation.step, start_step, observation.generation)
    if (value.step, value.start_step, value.generation) != asked:
        return f"it is for step {value.start_step} of generation {value.generation}"
    actions = value.actions
    if actions.ndim != 2 or actions.shape[1] != len(ACTION_NAMES) or not len(actions):
        return f"its actions have shape {actions.shape}"
    if not np.isfinite(actions).all():
        return "its actions are not all numbers"
    return None
