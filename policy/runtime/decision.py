"""What the runtime answers at one control step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from records import Chunk, Intent


@dataclass(frozen=True, slots=True)
class Decision:
    """The action of one control step and where it comes from."""

    action: NDArray[np.float32]
    """(7,) clipped to [-1, 1]"""
    commanded: NDArray[np.float32]
    """(7,) before clipping"""
    proposal: NDArray[np.float32] | None
    """(7,) the policy's own, before it was handed over; None when it has none for this step"""
    control_source: Literal["policy", "hold"]
    intent: Intent | None
    """the intent that the chunk in use carries out; while the arm holds, the newest one"""
    token_row: int | None
    """row of the intent's tokens that belongs to this step"""
    chunk: Chunk | None
    """the chunk in use"""
    chunk_row: int | None
    """row of the chunk's actions that is this step's"""
    staleness: int | None
    """control steps since the observation of `intent`"""
    queue_depth: int
    """actions planned after this step"""
    refusal: str | None = None
    """the planner's sentence when it cannot ground the instruction"""
    pins: tuple[int, ...] | None = None
    """(7,) bins that a human pinned at this step, -1 where free"""
    events: tuple[str, ...] = ()
    durations: dict[str, float] = field(default_factory=dict)
    """milliseconds: `decide`, and `planner` and `refiner` when a result of theirs arrived"""


@dataclass(slots=True)
class Counters:
    """What the runtime did since the episode began."""

    planner_calls: int = 0
    refiner_calls: int = 0
    planner_waits: int = 0
    """steps at which the refiner was due but had to wait for the planner, after the generation's first intent"""
    starved_steps: int = 0
    """steps without a planned action, after the generation's first action"""
    contradictions: int = 0
    """intents that contradicted the one before"""
    failures: int = 0
    """calls of planner or refiner that raised, hung or gave what cannot be used"""
