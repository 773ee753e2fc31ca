"""The scripted expert: an action as a function of the simulator state alone, so that any state can be labelled."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from scenes.constants import (
    BOWL_HEIGHT,
    CYLINDER_HALF,
    CYLINDER_RADIUS,
    MAX_ROTATION,
    MAX_TRANSLATION,
    OBJECT_NAMES,
    PLATE_TOP,
)
from scenes.language import Goal
from scenes.tasks import is_inside
from scenes.world import World

_HOVER = 0.09
"""metres above the grasp at which the hand travels"""
_CARRY = 0.165
"""height of the grasp point while carrying"""
_GAIN = 0.55
_CLOSED, _OPEN = 1.0, -1.0


def expert_action(world: World, goal: Goal) -> NDArray[np.float32]:
    """The expert's action (7,) in [-1, 1] for the present state of the world."""
    for other in OBJECT_NAMES:
        if other != goal.target and other in world.names and _has(world, other):
            return _put_down(world, other)
    if goal.container is not None and is_inside(world, goal.target, goal.container) and _let_go(world):
        return _retreat(world)
    if _has(world, goal.target):
        return _lift(world) if goal.container is None else _deliver(world, goal.target, goal.container)
    return _grasp(world, goal.target)


def _has(world: World, name: str) -> bool:
    return world.controller.gripper > 0 and world.is_held(name)


def _let_go(world: World) -> bool:
    return world.controller.gripper < 0


def _grasp(world: World, target: str) -> NDArray[np.float32]:
    hand, place = world.hand_position, world.position(target)
    lying = _is_lying(world, target)
    goal = place.copy()
    goal[2] = max(place[2], 0.022) if lying or target.endswith("cube") else place[2] + 0.006
    turn = _turn_to(world, grasp_direction(world, target))
    aside = float(np.hypot(*(hand - goal)[:2]))
    off = max(aside, 0.08 * abs(float(np.linalg.norm(turn))))
    low = abs(hand[2] - goal[2])
    closing = world.controller.gripper > 0
    missed = closing and world.gripper_width < 0.012
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
    floor = BOWL_HEIGHT - 0.012 if container == "bowl" else PLATE_TOP + 0.006
    goal[:2] += (hand - thing)[:2]
    goal[2] += floor + hangs
    aside = float(np.hypot(*(hand - goal)[:2]))
    if aside < 0.016 and hand[2] - goal[2] < 0.012:
        return _action(np.zeros(3), np.zeros(3), _OPEN)
    goal[2] += float(np.clip(5.0 * (aside - 0.012), 0.0, max(_CARRY - goal[2], 0.03)))
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


def _is_lying(world: World, name: str) -> bool:
    return name.endswith("cylinder") and abs(world.rotation(name)[2, 2]) < 0.7


def _half_height(world: World, name: str) -> float:
    if name.endswith("cube"):
        return 0.021
    return CYLINDER_RADIUS if _is_lying(world, name) else CYLINDER_HALF


def grasp_direction(world: World, name: str) -> NDArray[np.float64] | None:
    """Horizontal unit vector along which the fingers should close, or None when any will do."""
    axes = world.rotation(name).T
    if name.endswith("cube"):
        flat = sorted(axes, key=lambda axis: abs(axis[2]))[:2]
        along = world.hand_rotation[:, 1]
        best = max(flat, key=lambda axis: abs(float(axis[:2] @ along[:2])))
    elif _is_lying(world, name):
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
