"""Missed grasp, dropped object, wrong object."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from diagnosis.events.facts import Event, Facts, runs

_GRASPED = ("pick", "bowl", "plate", "stack", "drawer")
_CLOSING, _SHUT = 20, 0.010
"""control steps within which fingers that close meet, metres between them then"""
_NEAR, _LOW = 0.08, 0.09
"""metres around a thing within which closing fingers mean it"""
_FALL, _FALLING = 0.02, 12
"""metres that a dropped thing falls, within so many control steps"""
_CARRIED = 3
_PUSHED, _PRESSED, _SLID = 0.04, 0.5, 0.3


def missed_grasp(facts: Facts) -> Iterator[Event]:
    """Fingers that close within 8 cm of what they should grasp, and meet within a second with nothing between them."""
    goal, target, trace = facts.goal, facts.target, facts.trace
    if goal is None or target is None or goal.family not in _GRASPED or goal.detail == "close":
        return
    for start, stop in runs(trace.gripper > 0):
        if start == 0:
            continue
        away = trace.place[start, target] - trace.hand[start]
        if np.hypot(away[0], away[1]) > _NEAR or abs(away[2]) > _LOW or facts.held[start, target]:
            continue
        closing = slice(start, min(stop, start + _CLOSING))
        shut = np.flatnonzero(trace.width[closing] < _SHUT)
        if len(shut) and not facts.held[closing].any():
            step, gap = start + int(shut[0]), 100 * float(np.linalg.norm(away))
            yield Event(
                "missed grasp", start, step,
                f"The fingers close at step {start}, {gap:.1f} cm from the middle of the {goal.target}, and meet at "
                f"step {step} with nothing between them.",
                {"distance_cm": round(gap, 1), "object": goal.target},
            )  # fmt: skip


def dropped_object(facts: Facts) -> Iterator[Event]:
    """Something that was carried falls 2 cm or more within 0.6 s after the fingers lost it, and not to its place."""
    trace = facts.trace
    for row in facts.graspable:
        for start, stop in runs(facts.held[:, row]):
            carried = np.flatnonzero(facts.lifted[start:stop, row])
            if len(carried) < _CARRIED or stop > facts.steps:
                continue
            if facts.held[stop : stop + 2, row].any():  # a bounce between the pads
                continue
            end = min(stop + _FALLING, facts.steps)
            fall = float(trace.place[stop - 1, row, 2] - trace.place[stop : end + 1, row, 2].min())
            if fall < _FALL or facts.belongs(end, row):
                continue
            name, opened = trace.names[row], bool(trace.gripper[stop] <= 0)
            how = "the fingers open" if opened else "it slips out of closed fingers"
            yield Event(
                "dropped object", stop, end,
                f"The {name} falls {100 * fall:.0f} cm: at step {stop} {how}.",
                {"object": name, "fall_cm": round(100 * fall, 1), "slipped": int(not opened)},
            )  # fmt: skip


def wrong_object(facts: Facts) -> Iterator[Event]:
    """Something that the task is not about is lifted, pressed or slid, or, where one is to be pushed, pushed 4 cm."""
    goal, trace = facts.goal, facts.trace
    if goal is None:
        return
    for row, name in enumerate(trace.names):
        if name == goal.target:
            continue
        if (step := _used(facts, row)) is not None:
            yield Event(
                "wrong object", step[0], step[0],
                f"The task is about the {goal.target}, but at step {step[0]} the arm {step[1]} the {name}.",
                {"object": name, "wanted": goal.target},
            )  # fmt: skip


def _used(facts: Facts, row: int) -> tuple[int, str] | None:
    trace = facts.trace
    lifted = [start for start, stop in runs(facts.lifted[:, row]) if stop - start >= 2]
    if lifted:
        return lifted[0], "lifts"
    moved = trace.moved[:, row] - trace.moved[0, row]
    if trace.names[row].endswith("button") and (moved > _PRESSED).any():
        return int(np.argmax(moved > _PRESSED)), "presses"
    if trace.names[row] == "drawer" and (np.abs(moved) > _SLID).any():
        return int(np.argmax(np.abs(moved) > _SLID)), "moves"
    if facts.goal is not None and facts.goal.family == "push" and row in facts.graspable:
        away = np.linalg.norm(trace.place[:, row, :2] - trace.place[0, row, :2], axis=1)
        pushed = (away > _PUSHED) & (trace.touch[:, row] > 0)
        if pushed.any():
            return int(np.argmax(pushed)), "pushes"
    return None
