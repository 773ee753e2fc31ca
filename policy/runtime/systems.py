"""What the runtime asks of the two systems."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from records import Chunk, Intent, Observation


class PlannerLike(Protocol):
    """The slow system."""

    @property
    def horizon(self) -> int:
        """L, control steps that an intent covers."""

    def plan(self, observation: Observation) -> Intent:
        """Tokens for steps [observation.step, observation.step + L)."""


class RefinerLike(Protocol):
    """The fast system."""

    @property
    def chunk_steps(self) -> int:
        """H, actions per chunk."""

    def refine(
        self,
        observation: Observation,
        intent: Intent,
        start_step: int,
        committed: NDArray[np.float32],
        noise_seed: int,
    ) -> Chunk:
        """Actions for steps [start_step, start_step + H); `committed` (d, 7) are fixed for those before."""
