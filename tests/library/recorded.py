"""Small libraries with real logs in them, made without a simulator."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from library.store import Library
from records import ControlSource, Observation, Outcome, StepRecord
from records.log import EpisodeHeader, EpisodeWriter

RNG = np.random.default_rng(3)


def picture(step: int, size: int = 32) -> NDArray[np.uint8]:
    image = np.full((size, size, 3), 90, np.uint8)
    image[4:12, step % (size - 8) : step % (size - 8) + 8] = (200, 40, 30)
    return image


def make_record(
    episode: str, step: int, source: ControlSource, words: str, action: NDArray[np.float32] | None = None,
    hand: NDArray[np.float32] | None = None, outcome: Outcome | None = None,
) -> StepRecord:  # fmt: skip
    if action is None:
        action = np.array([0.3, 0.1 * np.sin(step / 3), 0, 0, 0, 0, -1], np.float32)
    proprio = np.arange(21, dtype=np.float32) + step
    return StepRecord(
        episode=episode, step=step, generation=1, instruction=words, wall_time=1e9 + step / 20, due_late=0.0,
        sim_time=step / 20, state=np.linspace(0, 1, 20), action=np.clip(action, -1, 1), commanded=action,
        proposal=None if source in ("hold", "expert") else action * 0.5, control_source=source,
        hand=np.array([0.3 + 0.01 * step, 0, 0.2], np.float32) if hand is None else hand, staleness=None, queue_depth=0,
        observation=None if source == "hold" else Observation(
            step, 1, words, picture(step), picture(step + 3), proprio, 0.0
        ),
        events=("Done.",) if outcome else (), outcome=outcome, outcome_by="success test" if outcome else None,
    )  # fmt: skip


def write_episode(
    path: Path, header: EpisodeHeader, sources: Sequence[ControlSource], start: int = 0, words: str | None = None,
    outcome: Outcome | None = "success",
) -> None:  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = EpisodeWriter(path, header)
    for index, source in enumerate(sources):
        last = outcome if index == len(sources) - 1 else None
        writer.append(make_record(header.episode, start + index, source, words or header.instruction, outcome=last))
    writer.close()


def make_library(root: Path) -> Library:
    """Three episodes of twelve steps: two of a policy that pick, one of a human that presses."""
    for number, (words, driver) in enumerate(
        (("pick up the red cube", "policy"), ("put the red cube in the bowl", "policy"), ("press the button", "human")),
        1,
    ):
        name = f"episode-{number:03d}"
        write_episode(root / f"{name}.arrow", EpisodeHeader(name, words, number, float(number)), [driver] * 12)  # type: ignore[list-item]
    return Library(root)
