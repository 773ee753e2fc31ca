"""Everybody who watches the session, behind senders that cannot delay it."""

from __future__ import annotations

from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.session.newest import NewestSender
from records import GeometryRecord, Outcome, StepRecord
from scenes.changes import NONE, Changes
from viz.paths import recording_of
from viz.sender import BoundedSender


class Watchers:
    """The live renderer and Rerun; either may be missing.

    Args:
        live: duplex pipe to the live renderer.
        rerun: writable end of the pipe to the Rerun process.
    """

    def __init__(self, live: Connection | None = None, rerun: Connection | None = None) -> None:
        self._live = None if live is None else NewestSender(live)
        self._rerun = None if rerun is None else BoundedSender(rerun)
        self.recordings: dict[str, str] = {}
        """episode -> id of its newest recording in Rerun"""
        self.present: str | None = None
        """id of the recording of the episode that goes on, which may be looked at in another one meanwhile"""

    def renew(self, live: Connection | None = None, rerun: Connection | None = None) -> None:
        """A watcher was started anew: send to it from now on. Rerun is told of nothing before the next episode."""
        if live is not None:
            before, self._live = self._live, NewestSender(live)
            if before is not None:
                before.close()
        if rerun is not None:
            gone, self._rerun = self._rerun, BoundedSender(rerun)
            self.recordings.clear()
            self.present = None
            if gone is not None:
                gone.close(0)

    def pose(
        self,
        qpos: NDArray[np.float64],
        coarse_path: NDArray[np.float32] | None,
        refined_path: NDArray[np.float32] | None,
        step: int,
        stamp: float,
        seed: int,
        by_hand: bool = False,
        changes: Changes = NONE,
    ) -> None:
        """What the live view shows; paths (K, 3) in metres, stamp in seconds of `time.monotonic()`.

        Who drives `by_hand` needs pictures soon rather than beautiful.
        """
        if self._live is not None:
            self._live.send((qpos, coarse_path, refined_path, step, stamp, seed, by_hand, changes))

    def episode(
        self, identifier: str, instruction: str, geometry: list[GeometryRecord], path: str | None,
        before: Mapping[str, NDArray[np.float32]] | None = None,
    ) -> None:  # fmt: skip
        """An episode begins, kept at `path` if not None; a branch with the hand's places (K, 3) in its tree."""
        self.present = self._recording(identifier)
        self._tell("episode", identifier, self.present, instruction, geometry, path, before)

    def step(self, record: StepRecord, poses: tuple[NDArray[np.float32], NDArray[np.float32]]) -> None:
        """A control step, with positions (B, 3) and quaternions (B, 4) of the bodies before its action."""
        self._tell("step", record, *poses)

    def things(self, geometry: list[GeometryRecord]) -> None:
        """More things are there; those that Rerun knows already are left as they are."""
        self._tell("things", geometry)

    def end(self, outcome: Outcome, sentence: str) -> None:
        """The episode is over."""
        self._tell("end", outcome, sentence)

    def show_episode(self, identifier: str, instruction: str, geometry: list[GeometryRecord]) -> None:
        """An episode is looked at again, in a recording beside that of the present one."""
        self._tell("shown episode", identifier, self._recording(identifier), instruction, geometry, None, None)

    def show_step(self, record: StepRecord, poses: tuple[NDArray[np.float32], NDArray[np.float32]]) -> None:
        """A control step of it, as `step`; at its last the recording is over."""
        self._tell("shown step", record, *poses)
        if record.outcome is not None:
            self._tell("shown end", record.outcome, record.events[-1] if record.events else "")

    def show_scene(
        self, name: str, geometry: list[GeometryRecord], record: StepRecord,
        poses: tuple[NDArray[np.float32], NDArray[np.float32]],
    ) -> None:  # fmt: skip
        """A scene of which nothing was asked yet, in a recording of its own; with pictures, poses as `step`."""
        self._tell("shown episode", name, self._recording(name), "nothing asked yet", geometry, None, None)
        self._tell("shown scene", record, *poses)

    @property
    def recorded(self) -> bool:
        """Whether there is a Rerun to tell."""
        return self._rerun is not None

    def knows(self, episode: str) -> bool:
        """Whether Rerun was told of an episode while it went on, as the present one."""
        return self.present is not None and self.recordings.get(episode) == self.present

    @property
    def waiting(self) -> int:
        """Messages that Rerun has not been sent yet."""
        return 0 if self._rerun is None else self._rerun.waiting

    @property
    def dropped(self) -> dict[str, int]:
        """What the watchers were too slow for."""
        if self._rerun is None:
            return {"rerun_images": 0, "rerun_steps": 0}
        return {"rerun_images": self._rerun.dropped_images, "rerun_steps": self._rerun.dropped_steps}

    def close(self) -> None:
        """Send Rerun what waits, for a moment; then let go."""
        if self._live is not None:
            self._live.close()
        if self._rerun is not None:
            self._rerun.close()

    def _recording(self, episode: str) -> str:
        self.recordings[episode] = recording_of(episode)
        return self.recordings[episode]

    def _tell(self, *message: Any) -> None:
        if self._rerun is not None:
            self._rerun.send(message)
