"""Object knocked over, fallen off the table, collision."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from diagnosis.events.facts import Event, Facts, merged, runs
from training.witness import PALM, TABLE

_STOOD, _FELL, _STAYED = 0.9, 0.7, 4
"""how much of its axis points up while it stands and when it has fallen, control steps that it then lies"""
_BELOW = -0.05
"""metres: the middle of a thing below the table's surface is beside the table"""
_PALM, _TABLE, _OTHER, _CONTAINER = 4.0, 12.0, 6.0, 30.0
"""newtons: from the palm on anything, from a finger on the table, on what the task is not about, on its container"""


def knocked_over(facts: Facts) -> Iterator[Event]:
    """A thing that stood turns over and stays so, nobody carrying it.

    The target counts until it is first lifted, and not where it is to be pushed: it may fall over and still arrive.
    """
    trace = facts.trace
    for row, name in enumerate(trace.names):
        if name == "drawer" or name.endswith("button"):
            continue
        axis = int(np.argmax(np.abs(trace.up[0, row]))) if name.endswith("cube") else 2
        upright = np.abs(trace.up[:, row, axis].astype(float))
        if upright[0] < _STOOD:
            continue  # it never stood
        if row == facts.target and facts.goal is not None and facts.goal.family == "push":
            continue
        last = len(upright)
        carried = np.flatnonzero(facts.lifted[:, row])
        if len(carried):
            last = int(carried[0])
        for start, stop in runs(upright[:last] < _FELL):
            if stop - start < _STAYED and stop < len(upright):
                continue
            yield Event(
                "knocked over", start, start,
                f"The {name} stands until step {start - 1} and then lies: its axis points up by "
                f"{upright[start]:.2f} of its length.",
                {"object": name, "upright": round(float(upright[start]), 2)},
            )  # fmt: skip
            break


def fell_off(facts: Facts) -> Iterator[Event]:
    """A thing that was on the table is 5 cm below its surface: it fell over the edge, out of the arm's reach."""
    trace = facts.trace
    for row in facts.graspable:
        height = trace.place[:, row, 2].astype(float)
        fallen = np.flatnonzero(height < _BELOW)
        if height[0] < _BELOW or not len(fallen):
            continue  # it was never there: spare things wait below
        step, name = int(fallen[0]), trace.names[row]
        touched = np.flatnonzero(trace.touch[:step, row] > 0)
        last = f"the arm last touched it at step {touched[-1]}" if len(touched) else "the arm never touched it"
        yield Event(
            "fell off the table", step, step,
            f"The {name} falls off the table at step {step}; {last}.",
            {"object": name, "last_touch": int(touched[-1]) if len(touched) else -1},
        )  # fmt: skip


def collision(facts: Facts) -> Iterator[Event]:
    """The palm presses on something with 4 N, or a finger on the table with 12 N or on what is in the way with 6 N.

    On the container that the task is about a finger may press with 30 N, and on what is to be pushed even the palm.
    """
    trace, names = facts.trace, [*facts.trace.names, TABLE]
    force = trace.force.astype(float)
    for row, name in enumerate(names):
        limit = np.full(len(force), _TABLE if name == TABLE else _OTHER)
        if row == facts.target:
            limit[:] = np.inf
        elif row == facts.container:
            limit[:] = _CONTAINER
        if row < len(trace.names):
            palm = (trace.touch[:, row] & PALM) > 0
            if row == facts.target and facts.goal is not None and facts.goal.family == "push":
                palm[:] = False
            limit[palm] = _PALM
            limit[facts.held[:, row]] = np.inf  # that is a grasp, and `wrong object` has it
        for start, stop in merged(list(runs(force[:, row] > limit)), 10):
            peak = start + int(np.argmax(force[start:stop, row]))
            with_palm = row < len(trace.names) and bool(trace.touch[peak, row] & PALM)
            yield Event(
                "collision", start, stop - 1,
                f"{'The palm presses' if with_palm else 'The fingers press'} on the {name} with "
                f"{force[peak, row]:.0f} N at step {peak}.",
                {"object": name, "newtons": round(float(force[peak, row]), 1)},
            )  # fmt: skip
