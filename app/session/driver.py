"""The policy at the wheel: loads it, runs its two loops in wall clock, and says where they lead."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.session.protocol import SessionSettings
from policy.fingerprint import fingerprint
from policy.host import PolicyHost
from policy.runtime import Decision, Pins, Runtime, WallClock, coarse_path, refined_path, schedule_named
from records import Observation


class PolicyDriver:
    """A policy with its runtime.

    Args:
        policy: has `planner` and `refiner`.
    """

    def __init__(self, policy: Any) -> None:
        self.policy = policy
        self.checkpoint = ("", "")
        """name and fingerprint, for the record"""
        self.runtime = Runtime(policy.planner, policy.refiner, schedule_named("asynchronous"), WallClock())

    @classmethod
    def load(cls, settings: SessionSettings) -> PolicyDriver:
        """Load the policy of the settings in a process of its own.

        Raises:
            PolicyError: its message says what is wrong and names the fix.
            RuntimeError: loading failed in any other way.
        """
        driver = cls(PolicyHost(settings.policy, settings.checkpoint))
        driver.checkpoint = settings.checkpoint.name, fingerprint(settings.checkpoint)
        return driver

    @property
    def image_size(self) -> int | None:
        """Pixels that the policy wants, if it says so."""
        return getattr(getattr(self.policy, "config", None), "image_size", None)

    @property
    def families(self) -> tuple[str, ...] | None:
        """Task families that the policy has learned, if it says so."""
        return getattr(getattr(self.policy, "config", None), "families", None)

    def warm_up(self, observation: Observation) -> None:
        """Call both systems once."""
        self.runtime.warm_up(observation)
        if isinstance(self.policy, PolicyHost):
            self.policy.warm_up_with(observation)

    def close(self) -> None:
        """Stop both loops; a call that hangs ends with its process."""
        if isinstance(self.policy, PolicyHost):
            self.policy.close()
        self.runtime.close()

    def set_schedule(self, name: str) -> None:
        """Change the schedule."""
        self.runtime.schedule = schedule_named(name)

    def overlays(
        self, decision: Decision, hand: NDArray[np.floating]
    ) -> tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]:
        """Where the intent's remaining tokens and the chunk's remaining actions lead from the hand, (K, 3) metres."""
        coarse = refined = None
        if decision.intent is not None and decision.token_row is not None and decision.refusal is None:
            coarse = coarse_path(hand, decision.intent, decision.token_row)
        if decision.chunk is not None and decision.chunk_row is not None:
            refined = refined_path(hand, decision.chunk.actions[decision.chunk_row :])
        return coarse, refined

    def preview(
        self, observation: Observation, decision: Decision, hand: NDArray[np.floating], pins: Pins
    ) -> tuple[NDArray[np.float32], NDArray[np.float32] | None] | None:
        """Where pinned tokens would lead: the coarse path, and the refiner's if it is free; (K, 3) metres."""
        if decision.intent is None or decision.token_row is None:
            return None
        row = min(max(decision.token_row, 0), len(decision.intent.tokens) - 1)
        steered = pins.of_intent(decision.intent, row, observation.step)
        steps = max(1, pins.until - observation.step)
        coarse = coarse_path(hand, steered, row)[: steps + 1]
        chunk = self.runtime.preview(observation, decision.intent, pins, row)
        return coarse, None if chunk is None else refined_path(hand, chunk.actions)
