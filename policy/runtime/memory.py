"""What the runtime knows between two control steps: it can be kept, and gone back to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from policy.runtime.buffer import IntentBuffer
from policy.runtime.held import HeldSteps
from policy.runtime.splice import ActionTimeline
from policy.runtime.steer import Pins
from records import ACTION_NAMES, Intent

AT_REST: Final[NDArray[np.float32]] = np.zeros(len(ACTION_NAMES), dtype=np.float32)


@dataclass
class Memory:
    """Everything that was planned and carried out in a generation."""

    generation: int = 0
    held: HeldSteps = field(default_factory=HeldSteps)
    last_step: int | None = None
    executed: tuple[int, NDArray[np.float32]] = (-1, AT_REST)
    """the last control step at which the policy drove, and its action"""
    plan_asked: int | None = None
    refine_asked: int | None = None
    chunks_of_intent: int = 0
    had_intent: bool = False
    intents: dict[int, Intent] = field(default_factory=dict)
    """by step: those that a chunk was asked for"""
    intent_steps: dict[int, int] = field(default_factory=dict)
    """step of a refiner call -> step of the intent that it was given"""
    buffer: IntentBuffer = field(init=False)
    timeline: ActionTimeline = field(init=False)

    def __post_init__(self) -> None:
        self.buffer, self.timeline = IntentBuffer(self.held), ActionTimeline(self.held)
        self.buffer.reset(self.generation)
        self.timeline.reset(self.generation)

    def copy(self, generation: int) -> Memory:
        """The same, as of a generation; what is planned in either does not touch the other."""
        other = replace(
            self, generation=generation, held=self.held.copy(), intent_steps=dict(self.intent_steps),
            intents={step: renewed(intent, generation) for step, intent in self.intents.items()},
        )  # fmt: skip
        other.buffer = self.buffer.copy(other.held, generation)
        other.timeline = self.timeline.copy(other.held, generation)
        return other


@dataclass(frozen=True)
class Asked:
    """A call under way: what was asked, and results that are there but not due."""

    step: int
    arguments: tuple[Any, ...]
    results: tuple[Any, ...]
    busy: bool

    @property
    def lost(self) -> bool:
        """Whether there is a call under way whose result nobody can bring back."""
        return self.busy and not self.results


@dataclass(frozen=True)
class Kept:
    """`Runtime.keep`: the memory before a control step, the calls under way, and what a human has pinned."""

    memory: Memory
    seed: int
    planner: Asked
    refiner: Asked
    pins: Pins | None = None


def renewed(thing: Any, generation: int) -> Any:
    """An observation, intent or chunk as of another generation; anything else as it is."""
    if getattr(thing, "generation", generation) == generation:
        return thing
    return replace(thing, generation=generation)
