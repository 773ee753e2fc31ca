"""Hands on the world: move a thing, drop another one, change the light or the camera, push the arm.

A nudge is a name and numbers, so that a record holds it and the same nudge on the same state is the same, bit for bit:

- the name of a thing: [dx, dy, dz] metres by which it is moved;
- `drop` and the name of one that is not there: [x, y] metres where it falls from a hand's height;
- `light`: [strength, x, y], how many times as strong as the scene's own, and from how far elsewhere;
- `camera`: [x, y, z, across, up, roll], metres that the policy's front camera stands and looks elsewhere, and radians;
- `push`: [x, y, z, steps], newtons on the hand for so many control steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from scenes.constants import NUDGE_HIGH, NUDGE_LOW, OBJECT_NAMES
from scenes.world import World

DROP: Final = "drop "
LIGHT: Final = "light"
CAMERA: Final = "camera"
PUSH: Final = "push"
STRENGTH: Final = (0.1, 2.0)
LIGHT_SHIFT: Final = 1.0
CAMERA_SHIFT: Final = 0.10
"""metres, along every axis, and of the point that it looks at"""
CAMERA_ROLL: Final = 0.2
"""radians"""
MOST_FORCE: Final = 60.0
"""newtons: the arm gives way and comes back; 100 N throw it"""
MOST_STEPS: Final = 40
"""control steps of a push: two seconds"""
_NUMBERS: Final = {LIGHT: 3, CAMERA: 6, PUSH: 4}
_HOW: Final = {
    LIGHT: "the light as [strength, x, y], such as [0.5, 0, 0]",
    CAMERA: "the camera as [x, y, z, across, up, roll], such as [0.03, 0, 0, 0, 0, 0]",
    PUSH: "a push as [x, y, z, steps], such as [20, 0, 0, 10]",
    DROP: "where it falls: [x, y] in metres, such as [0.5, 0.1]",
}


def missing_things(world: World) -> list[str]:
    """Names of what could be dropped."""
    return [name for name in OBJECT_NAMES if name not in world.names]


def nudge(world: World, name: str, numbers: Sequence[float]) -> None:
    """Do it now, between two control steps.

    Raises:
        ValueError: one sentence why not; nothing of it was done.
    """
    free = [each for each in world.names if world.is_free(each)]
    kind = DROP if name.startswith(DROP) else name
    if kind not in _HOW and name not in free:
        raise ValueError(
            f"There is no {name!r} to move: choose of {', '.join(free)}, "
            f"or of {LIGHT}, {CAMERA}, {PUSH}, drop and a name."
        )
    how = _HOW.get(kind, "how far to move it: three numbers in metres, such as [0.05, 0, 0]")
    if len(numbers) != _NUMBERS.get(kind, 2 if kind == DROP else 3) or not np.isfinite(numbers).all():
        raise ValueError(f"Say {how}.")
    given = np.array(numbers, float)
    if kind == DROP:
        _drop(world, name.removeprefix(DROP), given)
    elif kind == LIGHT:
        if not STRENGTH[0] <= given[0] <= STRENGTH[1] or np.abs(given[1:]).max() > LIGHT_SHIFT:
            raise ValueError(
                f"The light can be {STRENGTH[0]} to {STRENGTH[1]} times as strong, "
                f"from {-LIGHT_SHIFT} to {LIGHT_SHIFT} elsewhere."
            )
        world.change(replace(world.changes, light=tuple(given.tolist())))
    elif kind == CAMERA:
        if np.abs(given[:5]).max() > CAMERA_SHIFT or abs(given[5]) > CAMERA_ROLL:
            raise ValueError(f"The camera can be moved by {CAMERA_SHIFT} m and rolled by {CAMERA_ROLL} rad at most.")
        world.change(replace(world.changes, camera=tuple(given.tolist())))
    elif kind == PUSH:
        if np.linalg.norm(given[:3]) > MOST_FORCE or given[3] != int(given[3]) or not 1 <= given[3] <= MOST_STEPS:
            raise ValueError(
                f"Push with at most {MOST_FORCE:.0f} N, for 1 to {MOST_STEPS} control steps (20 are a second)."
            )
        world.push(given[:3], int(given[3]))
    else:
        world.nudge(name, given)


def _drop(world: World, name: str, place: np.ndarray) -> None:
    missing = missing_things(world)
    if name not in missing:
        raise ValueError(f"There is no {name!r} to drop: choose of {', '.join(missing) or 'nothing, all are there'}.")
    if not ((np.array(NUDGE_LOW) <= place) & (place <= np.array(NUDGE_HIGH))).all():
        (x_low, y_low), (x_high, y_high) = NUDGE_LOW, NUDGE_HIGH
        raise ValueError(
            f"{place[0]:.2f}, {place[1]:.2f} m is not on the table: "
            f"x from {x_low} to {x_high}, y from {y_low} to {y_high} m."
        )
    world.drop(name, place)


def describe(name: str, numbers: Sequence[float]) -> str:
    """One sentence for the record."""
    if name == LIGHT:
        return f"The light was changed by hand: {100 * numbers[0]:.0f} % of its strength."
    if name == CAMERA:
        return f"The policy's front camera was moved by hand, by {100 * float(np.linalg.norm(numbers[:3])):.0f} cm."
    if name == PUSH:
        return f"The arm was pushed by hand: {np.linalg.norm(numbers[:3]):.0f} N for {numbers[3]:.0f} control steps."
    if name.startswith(DROP):
        return f"A {name.removeprefix(DROP)} was dropped by hand."
    return f"The {name} was moved by {100 * float(np.linalg.norm(numbers)):.0f} cm by hand."
