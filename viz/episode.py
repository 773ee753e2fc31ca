"""One episode as one Rerun recording, told to the live server and to a file of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import rerun as rr
from numpy.typing import NDArray

from records import GeometryRecord, Outcome, StepRecord
from viz import paths
from viz.actions import ActionLog
from viz.blueprint import build_blueprint
from viz.cameras import CameraLog
from viz.columns import BATCH_SECONDS, ColumnLog
from viz.scene import SceneLog
from viz.timing import TimingLog
from viz.tokens import TokenLog
from viz.trajectories import TrajectoryLog

FLUSH_SECONDS = 5.0


class EpisodeLog:
    """Logs one episode; `end` or `close` finishes its file.

    Args:
        episode: its id.
        instruction: its words.
        geometry: of the scene.
        path: of the .rrd file; folders are made, an older file is replaced. None: it is shown, not kept.
        server_url: of a running gRPC server (`rerun+http://.../proxy`), or None for the file alone.
        before: of a branch: where the hand went in each episode of the same tree, (K, 3) metres by episode.
        recording: its id, a new one of the episode's without.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(
        self,
        episode: str,
        instruction: str,
        geometry: Sequence[GeometryRecord],
        path: Path | None,
        server_url: str | None = None,
        before: Mapping[str, NDArray[np.float32]] | None = None,
        recording: str | None = None,
    ) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self.episode = episode
        self._instruction = instruction
        batches = rr.ChunkBatcherConfig(flush_tick=timedelta(seconds=BATCH_SECONDS))
        self._recording = rr.RecordingStream(
            paths.APPLICATION_ID, recording_id=recording or paths.recording_of(episode), batcher_config=batches
        )
        sinks: list[rr.FileSink | rr.GrpcSink] = [] if path is None else [rr.FileSink(path)]
        if server_url is not None:
            sinks.append(rr.GrpcSink(server_url))
        self._recording.set_sinks(*sinks, default_blueprint=build_blueprint())
        # The control step and its two times are the only clocks; the time of logging means nothing here.
        self._recording.set_log_time_enabled(False)
        self._recording.set_log_tick_enabled(False)
        self._recording.send_recording_name(f"{episode}: {instruction}")
        self._log = ColumnLog(self._recording)
        self._scene = SceneLog(self._log, geometry)
        self._cameras = CameraLog(self._log)
        self._tokens = TokenLog(self._log)
        self._trajectories = TrajectoryLog(self._log)
        self._actions = ActionLog(self._log)
        self._timing = TimingLog(self._log)
        if before:
            self._trajectories.log_before(before)
        self._steps = 0
        self._words: str | None = None

    def step(self, record: StepRecord, positions: NDArray[np.floating], quaternions: NDArray[np.floating]) -> None:
        """One control step.

        Args:
            record: its record; without an observation everything but the images is logged.
            positions: (B, 3) of the bodies, metres.
            quaternions: (B, 4) of the bodies, wxyz.
        """
        self._log.flush_if_due()
        self._log.at(record.step, record.sim_time, record.wall_time)
        if self._words is None:
            self._timing.log_start(self._instruction)
        if record.instruction != self._words:
            self._words = record.instruction
            self._describe(record.intent.refusal if record.intent else None)
        self._scene.log_poses(record.step, positions, quaternions)
        self._trajectories.log(record)
        self._cameras.log(record)
        self._tokens.log(record)
        self._actions.log(record)
        self._timing.log(record)
        self._steps += 1

    def scene(self, record: StepRecord, positions: NDArray[np.floating], quaternions: NDArray[np.floating]) -> None:
        """The scene before anything was asked of it; arguments as of `step`."""
        self._log.at(record.step, record.sim_time, record.wall_time)
        self._scene.log_poses(record.step, positions, quaternions)
        self._cameras.log(record)
        self._timing.log_rest()
        self._log.flush()

    def flush(self) -> None:
        """What waits for more of its kind is sent as it is."""
        self._log.flush()

    def things(self, geometry: Sequence[GeometryRecord]) -> None:
        """What somebody brought into the scene."""
        self._scene.add(geometry)

    def end(self, outcome: Outcome, sentence: str) -> None:
        """The outcome; the file is complete when this returns."""
        self._timing.log_end(outcome, sentence)
        self._describe(sentence, outcome)
        self._recording.send_property(
            "outcome", rr.AnyValues(outcome=outcome, sentence=sentence, steps_logged=self._steps)
        )
        self.close()

    def close(self) -> None:
        """Finish the file as it is: an episode that was cut off keeps all it logged."""
        self._log.flush()
        self._recording.flush(timeout_sec=FLUSH_SECONDS)
        self._recording.disconnect()

    def _describe(self, sentence: str | None, outcome: Outcome | None = None) -> None:
        lines = [f"# {self._words or self._instruction}", f"Episode `{self.episode}`: **{outcome or 'running'}**"]
        if sentence:
            lines.append(sentence)
        text = rr.TextDocument("\n\n".join(lines), media_type=rr.MediaType.MARKDOWN)
        self._recording.log(paths.EPISODE, text)
