"""The timing strip's spans, gathered from records."""

from __future__ import annotations

from dataclasses import replace

from app.session.timeline import WINDOW, Timeline
from records import StepRecord
from tests.viz.viz_episodes import make_intent, make_record


def records(count: int) -> list[StepRecord]:
    intents = {step: make_intent(step) for step in range(0, count, 5)}
    return [make_record(step, intents[step // 5 * 5]) for step in range(count)]


def test_every_call_is_one_span_however_many_steps_use_its_result() -> None:
    timeline = Timeline()
    for record in records(20):
        timeline.add(record)
    assert timeline.shown() == {
        "planner": [(0, 3), (5, 8), (10, 13), (15, 18)],
        "refiner": [(0, 0), (4, 5), (9, 10), (14, 15)],
        "held": [],
    }


def test_what_left_the_window_is_forgotten() -> None:
    timeline = Timeline()
    steps = [replace(record, control_source="hold") for record in records(5)]
    for record in steps:
        timeline.add(record)
    assert timeline.shown()["held"] == [0, 1, 2, 3, 4]
    timeline.add(replace(steps[0], step=2 * WINDOW, intent=None, chunk=None, control_source="policy"))
    assert timeline.shown() == {"planner": [], "refiner": [], "held": []}
