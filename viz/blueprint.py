"""How a recording opens: inside the page's panel (about 700 x 800 px) and stand-alone alike."""

from __future__ import annotations

import rerun as rr
import rerun.blueprint as rrb

from viz import paths
from viz.tokens import PICTURE_HEIGHT, PICTURE_WIDTH

EYE_POSITION = (1.26, -0.78, 0.74)
EYE_TARGET = (0.38, 0.03, 0.15)
"""metres; the angle of the wide camera, so that the twin and the live view can be compared"""


def build_blueprint() -> rrb.Blueprint:
    """3-D twin and cameras above, the planner's tokens in the middle, the loops' timing below; panels collapsed."""
    return rrb.Blueprint(
        rrb.Vertical(
            rrb.Horizontal(
                _scene(),
                rrb.Vertical(*(_camera(camera) for camera in paths.CAMERAS)),
                column_shares=[1.95, 1],
            ),
            _tokens(),
            _timing(),
            row_shares=[3.1, 2.2, 2.3],
        ),
        rrb.BlueprintPanel(state="collapsed"),
        rrb.SelectionPanel(state="collapsed"),
        rrb.TimePanel(state="collapsed", timeline=paths.STEP, play_state="following"),
        auto_views=False,
        auto_layout=False,
    )


def _scene() -> rrb.Spatial3DView:
    return rrb.Spatial3DView(
        origin="/world",
        name="Scene: coarse intent (orange), refined chunk (blue), path taken",
        eye_controls=rrb.EyeControls3D(position=EYE_POSITION, look_target=EYE_TARGET, eye_up=(0, 0, 1)),
        line_grid=False,
        background=rrb.Background(kind="solidcolor", color=(29, 33, 40)),
        overrides={
            f"/{paths.TAKEN}": rrb.VisibleTimeRanges(
                [
                    rr.VisibleTimeRange(
                        timeline,
                        start=rr.TimeRangeBoundary.infinite(),
                        end=rr.TimeRangeBoundary.cursor_relative(),
                    )
                    for timeline in (paths.STEP, paths.SIM_TIME, paths.WALL_TIME)
                ]
            )
        },
    )


def _camera(camera: str) -> rrb.Tabs:
    return rrb.Tabs(
        rrb.Spatial2DView(origin=f"/cameras/{camera}", name=camera.capitalize()),
        rrb.Spatial2DView(origin=f"/planner_saw/{camera}", name="Planner saw"),
        active_tab=0,
    )


def _tokens() -> rrb.Tabs:
    bounds = rrb.VisualBounds2D(x_range=(0, PICTURE_WIDTH), y_range=(0, PICTURE_HEIGHT))
    return rrb.Tabs(
        rrb.Spatial2DView(origin=f"/{paths.TOKEN_GRID}", name="Planner tokens", visual_bounds=bounds),
        rrb.Spatial2DView(origin=f"/{paths.TOKEN_PROBABILITIES}", name="Probabilities", visual_bounds=bounds),
        rrb.TimeSeriesView(origin="/actions", name="Actions"),
        rrb.TextLogView(origin=f"/{paths.EVENTS}", name="Events"),
        rrb.TextDocumentView(origin=f"/{paths.EPISODE}", name="Episode"),
        active_tab=0,
    )


def _timing() -> rrb.Tabs:
    legend = rrb.PlotLegend("lefttop")
    return rrb.Tabs(
        rrb.Horizontal(
            rrb.StateTimelineView(origin=f"/{paths.LANES}", name="Who is busy", titlebar=False),
            rrb.TimeSeriesView(origin="/timing/load", name="Staleness and queue", plot_legend=legend, titlebar=False),
            name="Loops",
        ),
        rrb.TimeSeriesView(origin="/timing/loops", name="Period and duration", plot_legend=legend),
        rrb.TimeSeriesView(origin="/timing/late", name="Late", plot_legend=legend),
        rrb.TimeSeriesView(origin=f"/{paths.STAGES}", name="Stages", plot_legend=legend),
        active_tab=0,
    )
