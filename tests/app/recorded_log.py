"""A log whose states are of no scene of ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from records import StepRecord
from records.log import EpisodeHeader, EpisodeWriter

NOT_A_SCENE = "another version of the scene"


def write_foreign(path: Path, steps: int = 3) -> Path:
    still = np.zeros(7, np.float32)
    writer = EpisodeWriter(path, EpisodeHeader(path.stem, "pick up the red cube", 3, 1e9))
    for step in range(steps):
        last = "success" if step == steps - 1 else None
        writer.append(
            StepRecord(
                path.stem, step, 0, "pick up the red cube", 1e9, 0.0, step / 20, np.zeros(20), still, still, None,
                "policy", still[:3], None, 0, outcome=last, outcome_by="success test" if last else None,
            )
        )  # fmt: skip
    writer.close()
    return path
