"""The scripted expert: an action as a function of the simulator state alone, so that any state can be labelled."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from scenes.constants import (
    BOWL_HEIGHT,
    CUBE_HALF,
    CYLINDER_HALF,
    CYLINDER_RADIUS,
    DRAWER,
    HANDLE_HEIGHT,
    MAX_ROTATION,
    MAX_TRANSLATION,
    OBJECT_NAMES,
    PLATE_TOP,
)
from scenes.goals import DIRECTIONS, Goal
from scenes.tasks import is_inside
from scenes.world import World

_HOVER = 0.09
"""metres above the grasp at which the hand travels"""
_CARRY = 0.165
"""height of the grasp point while carrying"""
_GAIN = 0.55
_STANDOFF, _PUSH_HEIGHT, _PUSH_SPEED = 0.062, 0.024, 0.013
"""metres behind an object and above the table, metres per step"""
_SLIDE_SPEED, _FROM_PANEL = 0.012, 0.006
"""metres per step, metres from the middle of the handle"""
_CLOSED, _OPEN = 1.0, -1.0
_FLOORS = {"bowl": BOWL_HEIGHT - 0.012, "plate": PLATE_TOP + 0.006}
"""metres above a container's foot at which its load is let go; a cube's is above its middle"""


def expert_action(world: World, goal: Goal) -> NDArray[np.float32]:
    """The expert's action (7,) in [-1, 1] for the present state of the world."""
    for other in OBJECT_NAMES:
        if other != goal.target and other in world.names and _has(world, other):
            return _put_down(world, other)
    if goal.family in _SKILLS:
        return _SKILLS[goal.family](world, goal)
    if goal.container is not None and is_inside(world, goal.target, goal.container) and _let_go(world):
        return _retreat(world)
    if _has(world, goal.target):
        return _lift(world) if goal.container is None else _deliver(world, goal.target, goal.container)
    return _grasp(world, goal.target)


def _push(world: World, goal: Goal) -> NDArray[np.float32]:
    """Straight on from behind the object, for as long as the attempt lasts: nobody sees where the object once stood."""
    place, along = world.position(goal.target), np.array(DIRECTIONS[goal.detail])
    if _has(world, goal.target):
        return _action(np.zeros(3), np.zeros(3), _OPEN)
    return _shove(world, place[:2], along, max(place[2] + 0.004, _PUSH_HEIGHT))


def _shove(world: World, place: NDArray[np.float64], along: NDArray[np.float64], height: float) -> NDArray[np.float32]:
    """Fingers closed, down behind a place (2,), straight on along an axis; over it and round again where that fails."""
    hand = world.hand_position
    away = hand[:2] - place
    forward, aside = float(away @ along), float(away @ along[::-1])
    across = along[::-1] * aside
    low = hand[2] < height + 0.014
    if low and world.gripper_width < 0.02 and forward < -0.022 and abs(aside) < (0.013 if forward > -0.05 else 0.03):
        speed = _PUSH_SPEED * (1.0 if abs(aside) < 0.008 else 0.4)
        return _action(np.array((*(along * speed - 0.5 * across), _GAIN * (height - hand[2]))), *_calm(world))
    behind = np.array((*(place - along * _STANDOFF), height))
    off = float(np.hypot(*(hand - behind)[:2]))
    behind[2] += float(np.clip(5.0 * (off - 0.010), 0.0, _HOVER))
    wide = world.gripper_width > 0.02
    if wide and hand[2] < 0.10:
        return _action(_move(world, np.array((*hand[:2], 0.13))), np.zeros(3), _OPEN)
    if wide:
        behind[2] = max(behind[2], 0.11)
    return _action(_move(world, behind), *_calm(world))


def _calm(world: World) -> tuple[NDArray[np.float64], float]:
    """Fingers down and closed."""
    return _turn_to(world, None), _CLOSED


def _slide(world: World, goal: Goal) -> NDArray[np.float32]:
    """Opens a drawer by its handle and closes it with a push, and never lets go: it might not be quite open yet."""
    handle, outwards = world.position(DRAWER), world.outwards()
    if goal.detail == "close":
        if _has(world, DRAWER):
            return _action(np.zeros(3), np.zeros(3), _OPEN)
        return _shove(world, handle[:2], -outwards[:2], HANDLE_HEIGHT)
    if not _on_handle(world):
        return _grasp(world, DRAWER)
    hold = np.array((handle[0], world.controller.position[1], HANDLE_HEIGHT)) - world.controller.position
    closing = _turn_to(world, grasp_direction(world, DRAWER))
    return _action(0.3 * hold + outwards * _SLIDE_SPEED, closing, _CLOSED)


def _on_handle(world: World) -> bool:
    """Closed fingers have the handle between them; one pad on it is enough: it gives way to no side."""
    across, along, up = np.abs(world.rotation(DRAWER).T @ (world.hand_position - world.position(DRAWER)))
    between = across < 0.5 * world.gripper_width and along < 0.022 and up < 0.025
    at_rest = world.gripper_width < 0.07 and world.gripper_speed < 0.006
    closed = world.controller.gripper > 0 and world.gripper_width > 0.012
    return closed and between and (at_rest or any(world.touches(DRAWER)))


def _press(world: World, goal: Goal) -> NDArray[np.float32]:
    """Fingers closed, down on the button, and there they stay: who sees no millimetres would come up too early."""
    hand, place = world.hand_position, world.position(goal.target)
    aside = float(np.hypot(*(hand - place)[:2]))
    above = np.array((*place[:2], 0.020 if aside < 0.014 and world.gripper_width < 0.02 else 0.055))
    above[2] += float(np.clip(4.0 * (aside - 0.010), 0.0, 0.06))
    return _action(_move(world, above), *_calm(world))


_SKILLS = {"push": _push, "drawer": _slide, "button": _press}


def _has(world: World, name: str) -> bool:
    return world.controller.gripper > 0 and world.is_held(name)


def _let_go(world: World) -> bool:
    return world.controller.gripper < 0


def _grasp(world: World, target: str) -> NDArray[np.float32]:
    hand, place = world.hand_position, world.position(target)
    goal = place.copy()
    if target == DRAWER:  # its end: there is little room between handle and panel
        goal += world.outwards() * _FROM_PANEL
    goal[2] = max(place[2], 0.022) if not target.endswith("cylinder") or world.is_lying(target) else place[2] + 0.006
    turn = _turn_to(world, grasp_direction(world, target))
    aside = float(np.hypot(*(hand - goal)[:2]))
    off = max(aside, 0.08 * abs(float(np.linalg.norm(turn))))
    low = abs(hand[2] - goal[2])
    closing = world.controller.gripper > 0
    # Fingers that have come to rest on something else will never hold it.
    stuck = world.gripper_width < 0.07 and world.gripper_speed < 0.006
    missed = closing and (world.gripper_width < 0.012 or stuck)
    near = (aside < 0.022 and low < 0.022) if closing else (aside < 0.007 and low < 0.008 and off < 0.012)
    if near and not missed:
        return _action(np.zeros(3), np.zeros(3), _CLOSED)
    goal[2] += float(np.clip(4.0 * (off - 0.008), 0.0, _HOVER))
    if world.gripper_width < 0.06:
        goal[2] = max(goal[2], min(hand[2], place[2] + _HOVER))
    return _action(_move(world, goal), turn, _OPEN)


def _lift(world: World) -> NDArray[np.float32]:
    hand = world.hand_position
    return _action(_move(world, np.array((hand[0], hand[1], _CARRY))), _turn_to(world, None), _CLOSED)


def _deliver(world: World, target: str, container: str) -> NDArray[np.float32]:
    hand, thing, goal = world.hand_position, world.position(target), world.position(container).copy()
    hangs = hand[2] - thing[2] + _half_height(world, target)
    floor = _FLOORS.get(container, CUBE_HALF + 0.004)
    exact = 0.016 if container in _FLOORS else 0.007
    goal[:2] += (hand - thing)[:2]
    goal[2] += floor + hangs
    aside = float(np.hypot(*(hand - goal)[:2]))
    if aside < exact and hand[2] - goal[2] < 0.75 * exact:
        return _action(np.zeros(3), np.zeros(3), _OPEN)
    goal[2] += float(np.clip(5.0 * (aside - 0.75 * exact), 0.0, max(_CARRY - goal[2], 0.03)))
    return _action(_move(world, goal), _turn_to(world, None), _CLOSED)


def _retreat(world: World) -> NDArray[np.float32]:
    hand = world.hand_position
    return _action(_move(world, np.array((hand[0], hand[1], 0.20))), np.zeros(3), _OPEN)


def _put_down(world: World, name: str) -> NDArray[np.float32]:
    hand = world.hand_position
    bottom = world.position(name)[2] - _half_height(world, name)
    if bottom < 0.012 or any(is_inside(world, name, c) for c in ("bowl", "plate") if c in world.names):
        return _action(np.zeros(3), np.zeros(3), _OPEN)
    return _action(_move(world, np.array((hand[0], hand[1], hand[2] - bottom))), _turn_to(world, None), _CLOSED)


def _half_height(world: World, name: str) -> float:
    if name.endswith("cube"):
        return 0.021
    return CYLINDER_RADIUS if world.is_lying(name) else CYLINDER_HALF


def grasp_direction(world: World, name: str) -> NDArray[np.float64] | None:
    """Horizontal unit vector along which the fingers should close, or None when any will do."""
    axes = world.rotation(name).T
    if name == DRAWER:
        return axes[0]
    if name.endswith("cube"):
        flat = sorted(axes, key=lambda axis: abs(axis[2]))[:2]
        along = world.hand_rotation[:, 1]
        best = max(flat, key=lambda axis: abs(float(axis[:2] @ along[:2])))
    elif world.is_lying(name):
        best = np.cross((0.0, 0.0, 1.0), axes[2])
    else:
        return None
    best = np.array((best[0], best[1], 0.0))
    return best / np.linalg.norm(best)


def _turn_to(world: World, closing: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """Rotation vector (rad, base frame) from the commanded orientation to fingers down, closing along a direction."""
    commanded = np.empty(9)
    mujoco.mju_quat2Mat(commanded, world.controller.quaternion)
    present = commanded.reshape(3, 3)
    side = present[:, 1] if closing is None else closing * np.sign(closing @ present[:, 1] or 1.0)
    side = np.array((side[0], side[1], 0.0))
    side /= np.linalg.norm(side)
    down = np.array((0.0, 0.0, -1.0))
    desired = np.column_stack((np.cross(side, down), side, down))
    difference, rotation = np.empty(4), np.empty(3)
    mujoco.mju_mat2Quat(difference, (desired @ present.T).ravel())
    mujoco.mju_quat2Vel(rotation, difference, 1.0)
    return rotation


def _move(world: World, goal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Metres to move the commanded position by: up before sideways when the hand is below where it should travel."""
    step = _GAIN * (goal - world.controller.position)
    below = goal[2] - world.hand_position[2]
    step[:2] *= float(np.clip(1.0 - (below - 0.02) / 0.03, 0.0, 1.0))
    length = float(np.linalg.norm(step))
    return step if length <= MAX_TRANSLATION else step * (MAX_TRANSLATION / length)


def _action(translation: NDArray[np.float64], rotation: NDArray[np.float64], gripper: float) -> NDArray[np.float32]:
    turn = _GAIN * rotation / MAX_ROTATION
    return np.concatenate((np.clip(translation / MAX_TRANSLATION, -1, 1), np.clip(turn, -1, 1), [gripper])).astype(
        np.float32
    )
