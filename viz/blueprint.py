"""How a recording opens: inside the page's panel (about 700 x 800 px) and stand-alone alike."""

from __future__ import annotations

import rerun as rr
import rerun.blueprint as rrb

from viz import paths

EYE_POSITION = (1.42, -0.86, 0.86)
EYE_TARGET = (0.36, 0.02, 0.14)
"""metres; the angle of the wide camera, so that the twin and the live view can be compared"""
WINDOW_STEPS = 200
"""control steps of the timing views that are in sight while following"""


def build_blueprint() -> rrb.Blueprint:
    """3-D twin and cameras above, the planner's tokens in the middle, the loops' timing below; panels collapsed."""
    return rrb.Blueprint(
        rrb.Vertical(
            rrb.Horizontal(
                _scene(),
                rrb.Vertical(*(_camera(camera) for camera in paths.CAMERAS)),
                column_shares=[2.4, 1],
            ),
            _tokens(),
            _timing(),
            row_shares=[3.4, 2.15, 2.2],
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
    return rrb.Tabs(
        rrb.Spatial2DView(origin="/tokens/grid", name="Planner tokens"),
        rrb.Spatial2DView(origin="/tokens/probabilities", name="Probabilities"),
        rrb.TimeSeriesView(origin="/actions", name="Actions", axis_x=_window()),
        rrb.TextLogView(origin=f"/{paths.EVENTS}", name="Events"),
        rrb.TextDocumentView(origin=f"/{paths.EPISODE}", name="Episode"),
        active_tab=0,
    )


def _timing() -> rrb.Tabs:
    legend = rrb.PlotLegend("lefttop")
    return rrb.Tabs(
        rrb.Horizontal(
            rrb.StateTimelineView(origin=f"/{paths.LANES}", name="Who is busy", time_view=_window()),
            rrb.TimeSeriesView(origin="/timing/load", name="Staleness and queue", plot_legend=legend, axis_x=_window()),
            name="Loops",
        ),
        rrb.TimeSeriesView(origin="/timing/loops", name="Period and duration", plot_legend=legend, axis_x=_window()),
        rrb.TimeSeriesView(origin="/timing/late", name="Late", plot_legend=legend, axis_x=_window()),
        rrb.TimeSeriesView(origin=f"/{paths.STAGES}", name="Stages", plot_legend=legend, axis_x=_window()),
        active_tab=0,
    )


def _window() -> rrb.TimeAxis:
    return rrb.TimeAxis(
        view_range=rr.TimeRange(
            start=rr.TimeRangeBoundary.cursor_relative(seq=-WINDOW_STEPS),
            end=rr.TimeRangeBoundary.cursor_relative(seq=WINDOW_STEPS // 20),
        )
    )
