"""Plain records that the loops emit and every listener reads: numpy and the standard library, nothing else."""

from records.types import (
    ACTION_NAMES,
    BINS,
    CHUNK_STEPS,
    CONTROL_HZ,
    CONTROL_PERIOD,
    PROPRIO_NAMES,
    Chunk,
    ControlSource,
    GeometryRecord,
    Grounding,
    Intent,
    Observation,
    Outcome,
    OutcomeBy,
    StepRecord,
)

__all__ = [
    "ACTION_NAMES",
    "BINS",
    "CHUNK_STEPS",
    "CONTROL_HZ",
    "CONTROL_PERIOD",
    "PROPRIO_NAMES",
    "Chunk",
    "ControlSource",
    "GeometryRecord",
    "Grounding",
    "Intent",
    "Observation",
    "Outcome",
    "OutcomeBy",
    "StepRecord",
]
