"""Two episodes of the same scene side by side in one recording, on the same control steps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import rerun as rr
import rerun.blueprint as rrb
from numpy.typing import NDArray

from records import GeometryRecord, StepRecord
from viz import paths
from viz.actions import ActionLog
from viz.blueprint import EYE_POSITION, EYE_TARGET
from viz.cameras import CameraLog
from viz.columns import ColumnLog
from viz.scene import SceneLog
from viz.tokens import PICTURE_HEIGHT, PICTURE_WIDTH, TokenLog
from viz.trajectories import TrajectoryLog

SIDES = ("before", "after")
_PARTS = (TrajectoryLog, CameraLog, TokenLog, ActionLog)


class PairLog:
    """Logs two episodes into one file.

    Args:
        name: of the recording.
        titles: of both sides.
        geometry: of both scenes.
        path: of the .rrd file; an older one is replaced.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(
        self, name: str, titles: Sequence[str], geometry: Sequence[Sequence[GeometryRecord]], path: Path
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._recording = rr.RecordingStream(paths.APPLICATION_ID, recording_id=paths.recording_of(name))
        self._recording.set_sinks(rr.FileSink(path), default_blueprint=_blueprint(titles))
        self._recording.set_log_time_enabled(False)
        self._recording.set_log_tick_enabled(False)
        self._recording.send_recording_name(name)
        self._sides = {
            side: (log, SceneLog(log, geoms), [part(log) for part in _PARTS])
            for side, geoms in zip(SIDES, geometry, strict=True)
            for log in (ColumnLog(self._recording, f"{side}/"),)
        }

    def step(
        self, side: str, record: StepRecord, positions: NDArray[np.floating], quaternions: NDArray[np.floating]
    ) -> None:
        """One control step of one side; positions (B, 3) in metres, quaternions (B, 4) wxyz of the bodies."""
        log, scene, parts = self._sides[side]
        log.at(record.step, record.sim_time, record.wall_time)
        scene.log_poses(record.step, positions, quaternions)
        for part in parts:
            part.log(record)
        if record.staleness is not None:
            log.row(paths.STALENESS, rr.Scalars, scalars=[record.staleness])
        for event in record.events:
            log.log(paths.EVENTS, rr.TextLog(f"{side}: {event}", level=rr.TextLogLevel.WARN))

    def close(self) -> None:
        """The file is complete when this returns."""
        for log, *_ in self._sides.values():
            log.flush()
        self._recording.flush(timeout_sec=5.0)
        self._recording.disconnect()


def _blueprint(titles: Sequence[str]) -> rrb.Blueprint:
    bounds = rrb.VisualBounds2D(x_range=(0, PICTURE_WIDTH), y_range=(0, PICTURE_HEIGHT))

    def column(side: str, title: str) -> rrb.Vertical:
        return rrb.Vertical(
            rrb.Spatial3DView(
                origin=f"/{side}/world",
                name=title,
                eye_controls=rrb.EyeControls3D(position=EYE_POSITION, look_target=EYE_TARGET, eye_up=(0, 0, 1)),
                line_grid=False,
                background=rrb.Background(kind="solidcolor", color=(29, 33, 40)),
                overrides={
                    f"/{side}/{paths.TAKEN}": rrb.VisibleTimeRanges(
                        [
                            rr.VisibleTimeRange(
                                timeline,
                                start=rr.TimeRangeBoundary.infinite(),
                                end=rr.TimeRangeBoundary.cursor_relative(),
                            )
                            for timeline in (paths.STEP, paths.SIM_TIME)
                        ]
                    )
                },
            ),
            rrb.Horizontal(
                *(
                    rrb.Spatial2DView(origin=f"/{side}/cameras/{camera}", name=f"{camera}, {side}")
                    for camera in paths.CAMERAS
                )
            ),
            rrb.Tabs(
                rrb.Spatial2DView(
                    origin=f"/{side}/{paths.TOKEN_GRID}", name=f"Planner tokens, {side}", visual_bounds=bounds
                ),
                rrb.TimeSeriesView(origin=f"/{side}/actions", name="Actions"),
                rrb.TimeSeriesView(origin=f"/{side}/{paths.STALENESS}", name="Staleness (steps)"),
                rrb.TextLogView(origin=f"/{side}/{paths.EVENTS}", name=f"Events, {side}"),
                active_tab=0,
            ),
            row_shares=[3, 2, 2],
        )

    return rrb.Blueprint(
        rrb.Horizontal(*(column(side, title) for side, title in zip(SIDES, titles, strict=True))),
        rrb.BlueprintPanel(state="collapsed"),
        rrb.SelectionPanel(state="collapsed"),
        rrb.TimePanel(state="expanded", timeline=paths.STEP),
        auto_views=False,
        auto_layout=False,
    )
