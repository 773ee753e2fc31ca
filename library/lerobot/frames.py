"""An episode of a library as the frames of a data set."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from library.errors import LibraryError
from library.store import Episode
from records import CONTROL_HZ, PROPRIO_NAMES, Observation, StepRecord
from records.log import LogError, read_episode
from scenes import TabletopEnv

IMPORTED: Final = "imported"
"""the schedule of an episode that comes from a data set"""


@dataclass
class Frames:
    """Everything of one episode that is exported, but for its numbers within the data set."""

    columns: dict[str, Any]
    """by feature, (n,) or (n, d); without episode_index, index and task_index"""
    tasks: list[str]
    """(n,) the words that counted at each frame"""
    pictures: dict[str, list[NDArray[np.uint8]]]
    """by camera"""
    about: dict[str, Any]
    """columns of the episode's row, see `library.lerobot.dataset`"""

    def __len__(self) -> int:
        return len(self.tasks)

    @property
    def size(self) -> int:
        """Pixels a side."""
        return len(self.pictures["front"][0])


class Redraw:
    """Draws what nobody looked at: pictures of steps at which nobody drove, from the recorded state."""

    def __init__(self) -> None:
        self._env: TabletopEnv | None = None

    def observation(self, record: StepRecord, size: int) -> Observation:
        """What the cameras would have seen before this step.

        Raises:
            ValueError: the state is not one of this scene.
        """
        if self._env is None or self._env.image_size != size:
            self.close()
            self._env = TabletopEnv(image_size=size)
        self._env.set_state(record.state)
        seen = self._env.observe()
        return Observation(
            record.step, record.generation, record.instruction, seen["front"], seen["wrist"], seen["proprio"], 0.0
        )

    def close(self) -> None:
        """Free the GL context."""
        if self._env is not None:
            self._env.close()
            self._env = None


def frames_of(episode: Episode, redraw: Redraw) -> Frames:
    """Read an episode: what is not trimmed away, from the first picture to the last.

    Before the first and after the last nobody drove. In between, pictures of steps at which the arm was told to hold
    are drawn from their states: time goes on without a gap.

    Raises:
        LibraryError: it cannot be exported; the message says why.
    """
    try:
        log = read_episode(episode.path)
    except (LogError, OSError) as error:
        raise LibraryError(str(error)) from error
    first, end = episode.span
    records = [record for record in log.records if first <= record.step < end]
    seen = [index for index, record in enumerate(records) if record.observation is not None]
    if not seen:
        raise LibraryError(f"{episode.id} has no pictures in its control steps {first} to {end - 1}.")
    records = records[seen[0] : seen[-1] + 1]
    if log.header.schedule == IMPORTED and not all(len(record.state) for record in records):
        raise LibraryError(
            f"{episode.id} was imported and cannot be replayed here (another rate, other actions or another scene): "
            "use the data set that it comes from."
        )
    size = _size(episode, [record.observation for record in records if record.observation is not None])
    try:
        views = [record.observation or redraw.observation(record, size) for record in records]
    except ValueError as error:
        raise LibraryError(f"{episode.id} has steps without pictures that cannot be drawn again: {error}") from error
    last = next(record for record in reversed(log.records) if record.observation is not None)
    is_success = episode.outcome == "success" and records[-1] is last
    columns = _columns(records, views, is_success)
    pictures = {"front": [view.front for view in views], "wrist": [view.wrist for view in views]}
    return Frames(
        columns, [record.instruction for record in records], pictures, _about(episode, records, log.header.seed)
    )


def _size(episode: Episode, views: list[Observation]) -> int:
    """Pixels a side of all pictures.

    Raises:
        LibraryError: they, or what was felt, do not have the shapes of this arm's.
    """
    if felt := {view.proprio.shape for view in views} - {(len(PROPRIO_NAMES),)}:
        raise LibraryError(
            f"{episode.id} has proprioception of shape {felt.pop()}, this arm's is ({len(PROPRIO_NAMES)},): "
            "it is another robot's, leave it out."
        )
    sizes = {picture.shape[:2] for view in views for picture in (view.front, view.wrist)}
    (height, width) = min(sizes)
    if len(sizes) > 1 or height != width:
        shapes = " and ".join(f"{width} x {height}" for height, width in sorted(sizes))
        raise LibraryError(
            f"{episode.id} has pictures of {shapes} pixels: leave it out, a data set has square ones of one size."
        )
    return height


def _columns(records: list[StepRecord], views: list[Observation], success: bool) -> dict[str, Any]:
    count = len(records)
    last = np.arange(count) == count - 1
    none = np.zeros(7, np.float32)
    proposals = [record.proposal for record in records]
    return {
        "observation.state": np.stack([view.proprio for view in views]),
        "action": np.stack([record.action for record in records]),
        "commanded_action": np.stack([record.commanded for record in records]),
        "policy_action": np.stack([none if each is None else each for each in proposals]),
        "policy_action_valid": np.array([each is not None for each in proposals]),
        "intervention": np.array([record.control_source == "human" or record.pins is not None for record in records]),
        "control_source": [record.control_source for record in records],
        "planner.tokens": np.stack([_tokens(record) for record in records]),
        "control_step": np.array([record.step for record in records], np.int64),
        "next.success": last & success,
        "next.done": last,
        "timestamp": (np.arange(count) / CONTROL_HZ).astype(np.float32),
        "frame_index": np.arange(count, dtype=np.int64),
    }


def _tokens(record: StepRecord) -> NDArray[np.int64]:
    row, intent = record.token_row, record.intent
    if intent is None or row is None or not 0 <= row < len(intent.tokens):
        return np.full(7, -1, np.int64)
    return intent.tokens[row].astype(np.int64)


def _about(episode: Episode, records: list[StepRecord], seed: int) -> dict[str, Any]:
    facts = episode.facts
    assert facts is not None
    nudges = {record.step: [[name, list(offset)] for name, offset in record.nudges] for record in records[1:]}
    return {
        "libra/episode": episode.id,
        "libra/started": facts.started,
        "libra/outcome": episode.outcome,
        "libra/outcome_by": episode.outcome_by or "",
        "libra/scene_seed": seed,
        "libra/initial_state": records[0].state.tolist(),
        "libra/nudges": json.dumps({step: each for step, each in nudges.items() if each}),
        "libra/checkpoint": facts.checkpoint,
        "libra/fingerprint": facts.fingerprint,
        "libra/parent": facts.parent or "",
    }
