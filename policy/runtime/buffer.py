"""The intent buffer: the newest intent, and the slice of it that belongs to a control step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from policy.runtime.held import HeldSteps
from records import Intent


class IntentBuffer:
    """Keeps the intent of the newest observation, in whatever order intents arrive.

    A newer intent begins at a newer step with the same horizon, so it covers every step that an older one still
    covers: the newest is all that needs keeping. Whether to refuse is decided by a generation's first intent, before
    anything moved: later the hand may hide what was asked for, and the tokens of such an intent still count.
    """

    def __init__(self, held: HeldSteps | None = None) -> None:
        self._held = held or HeldSteps()
        self._generation = 0
        self._newest = -1
        self._accepted = False
        self.intent: Intent | None = None
        """the intent in use"""
        self.refusal: str | None = None
        """the sentence of a generation's first intent, when it refuses"""

    def reset(self, generation: int) -> None:
        """Forget everything; from now on only intents of this generation count."""
        self._generation = generation
        self._newest = -1
        self.intent = self.refusal = None
        self._accepted = False

    def copy(self, held: HeldSteps, generation: int) -> IntentBuffer:
        """The same as of a generation, with held steps of its own."""
        other = IntentBuffer(held)
        other._generation, other._newest, other._accepted = generation, self._newest, self._accepted
        other.refusal = self.refusal
        if self.intent is not None:
            other.intent = replace(self.intent, generation=generation)
        return other

    def add(self, intent: Intent) -> list[str]:
        """Take an arrived intent; old generations and older observations are dropped. Returns events (sentences)."""
        if intent.generation != self._generation:
            return [f"An intent from step {intent.step} is of generation {intent.generation} and was dropped."]
        if intent.step <= self._newest:
            return [f"An intent from step {intent.step} came after a newer one and was dropped."]
        self._newest = intent.step
        if intent.refusal is not None and not self._accepted:
            self.refusal = intent.refusal
            return []
        self.intent, self.refusal, self._accepted = intent, None, True
        if intent.refusal is not None:
            return [f"At step {intent.step} the planner does not see what was asked for; it goes on."]
        return []

    def withdraw(self, step: int) -> list[str]:
        """Withdraw the intent if it has no slice left for `step`. Returns events (sentences)."""
        intent = self.intent
        if intent is None or self.row(step) < len(intent.tokens):
            return []
        self.intent = None
        return [f"The intent from step {intent.step} ran out at step {step} and was withdrawn."]

    def clear(self) -> None:
        """Withdraw the intent, whatever it is; newer ones of this generation count as before."""
        self.intent = None

    def row(self, step: int) -> int:
        """Which row of the intent's tokens belongs to `step`.

        Raises:
            LookupError: there is no intent.
        """
        if self.intent is None:
            raise LookupError("the intent buffer is empty")
        return self._held.row(self.intent.step, step)

    def slice(self, step: int, length: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]] | None:
        """Tokens (length, 7) for [step, step + length) and which of them are there (length,); None without an intent.

        Rows beyond the intent's horizon are zero and masked.
        """
        if self.intent is None:
            return None
        rows = self.row(step) + np.arange(length)
        mask = (rows >= 0) & (rows < len(self.intent.tokens))
        tokens = np.zeros((length, self.intent.tokens.shape[1]), dtype=np.uint8)
        tokens[mask] = self.intent.tokens[rows[mask]]
        return tokens, mask
