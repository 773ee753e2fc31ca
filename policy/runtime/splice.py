"""The action timeline: chunks joined by the control steps that were really executed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from policy.runtime.held import HeldSteps
from records import Chunk


class ActionTimeline:
    """Which planned action belongs to a control step: of the chunks that cover it, the one of the newest observation.

    The row of a chunk is counted in executed steps since its `start_step`, not in arrivals: a late chunk begins in
    the middle if an older one drove meanwhile, and at its first action if the arm held.
    """

    def __init__(self, held: HeldSteps | None = None) -> None:
        self._held = held or HeldSteps()
        self._generation = 0
        self._chunks: list[Chunk] = []
        self._cut = (-1, -1)
        self.driven = False
        """whether an action was taken in this generation"""

    def reset(self, generation: int) -> None:
        """Forget everything; from now on only chunks of this generation count."""
        self._generation = generation
        self._chunks.clear()
        self._cut = (-1, -1)
        self.driven = False

    def copy(self, held: HeldSteps, generation: int) -> ActionTimeline:
        """The same as of a generation, with held steps of its own."""
        other = ActionTimeline(held)
        other._generation, other._cut, other.driven = generation, self._cut, self.driven
        other._chunks = [replace(chunk, generation=generation) for chunk in self._chunks]
        return other

    def add(self, chunk: Chunk) -> list[str]:
        """Take an arrived chunk. Returns events (sentences)."""
        if chunk.generation != self._generation:
            return [f"A chunk from step {chunk.step} is of generation {chunk.generation} and was dropped."]
        if not np.isfinite(chunk.actions).all():
            return [f"A chunk from step {chunk.step} has actions that are no numbers and was dropped."]
        self._chunks.append(chunk)
        self._chunks.sort(key=lambda kept: (kept.step, kept.start_step), reverse=True)
        return []

    def cut(self, asked: int, until: int) -> None:
        """Chunks of observations before step `asked` act only before step `until`, also those that still arrive."""
        before, over = self._cut
        if asked >= over:
            self._chunks = [chunk for chunk in self._chunks if chunk.step >= before]
        self._cut = (asked, until)

    def clear(self) -> None:
        """Withdraw every chunk; newer ones of this generation count as before."""
        self._chunks.clear()

    def find(self, step: int) -> tuple[Chunk, NDArray[np.float32]] | None:
        """The chunk in use at `step` and its action (7,), or None when nothing is planned for it."""
        asked, until = self._cut
        for chunk in self._chunks:
            if chunk.step < asked and step >= until:
                continue
            row = self._held.row(chunk.start_step, step)
            if 0 <= row < len(chunk.actions):
                return chunk, chunk.actions[row]
        return None

    def take(self, step: int) -> tuple[Chunk, NDArray[np.float32]] | None:
        """`find`, for the step that is executed now: drops chunks that are used up."""
        self._chunks = [c for c in self._chunks if self._held.row(c.start_step, step) < len(c.actions)]
        found = self.find(step)
        self.driven = self.driven or found is not None
        return found

    def starves(self, step: int) -> bool:
        """Whether the arm has been driven in this generation and nothing is planned for `step`."""
        return self.driven and self.find(step) is None

    def depth(self, step: int) -> int:
        """Actions planned without a gap from `step` on."""
        depth = 0
        while self.find(step + depth) is not None:
            depth += 1
        return depth

    def row(self, chunk: Chunk, step: int) -> int:
        """Which row of the chunk belongs to `step`."""
        return self._held.row(chunk.start_step, step)
