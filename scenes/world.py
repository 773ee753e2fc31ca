"""One simulated tabletop: model, state, controller, and the questions that expert and success test ask of it."""

from __future__ import annotations

from dataclasses import replace

import mujoco
import numpy as np
from numpy.typing import NDArray

from scenes import changes
from scenes.changes import Changes
from scenes.compose import apply_layout, compose
from scenes.constants import (
    BUTTON_NAMES,
    BUTTON_TRAVEL,
    CONTAINERS,
    DRAWER,
    DRAWER_TRAVEL,
    NUDGE_HIGH,
    NUDGE_LOW,
    OBJECT_NAMES,
    SLICES_PER_STEP,
    SUBSTEPS,
)
from scenes.control import STATE_SIZE, EndEffectorController
from scenes.goals import Spot
from scenes.layout import Layout, draw_layout

_TRAVEL = {DRAWER: DRAWER_TRAVEL, **dict.fromkeys(BUTTON_NAMES, BUTTON_TRAVEL)}
_SPEC = mujoco.mjtState.mjSTATE_INTEGRATION
_UNSTABLE = [int(getattr(mujoco.mjtWarning, f"mjWARN_{name}")) for name in ("BADQPOS", "BADQVEL", "BADQACC")]
_DROP_HEIGHT = 0.09
"""metres above the table from which the middle of a thing falls"""
_MAX_SPEED = 1000.0
"""m/s or rad/s: faster than anything on a table that is still simulated well"""


class World:
    """The simulator side of a scene. Nothing of the policy ever holds one."""

    def __init__(self) -> None:
        self.model = compose().compile()
        self.data = mujoco.MjData(self.model)
        self.controller = EndEffectorController()
        self.layout: Layout = draw_layout(0)
        """what is there now"""
        self.changes = changes.NONE
        """what somebody made of the scene as it was arranged"""
        self._arranged = self.layout
        self._push_steps = 0
        """control steps for which the arm is still pushed"""
        self._arm_qpos = np.array([self.model.joint(f"joint_{i}").qposadr[0] for i in range(1, 8)])
        self._finger_qpos = np.array([self.model.joint(f"{s}_finger").qposadr[0] for s in ("left", "right")])
        self._finger_dofs = np.array([self.model.joint(f"{s}_finger").dofadr[0] for s in ("left", "right")])
        self._bodies = {name: self.model.body(name).id for name in (*OBJECT_NAMES, *CONTAINERS, *_TRAVEL)}
        self._marks = np.zeros((len(OBJECT_NAMES), 2))
        self._pads = {self.model.geom("left_pad").id: 0, self.model.geom("right_pad").id: 1}
        self._site = self.model.site("grasp_point").id
        self._hand = self.model.body("hand").id
        self._gripper = self.model.actuator("gripper").id
        self._joints_from = np.zeros(7)
        self._finger_from = 0.0
        self._slice = 0
        self._state_size = mujoco.mj_stateSize(self.model, _SPEC)
        self.reset(0)

    def reset(self, seed: int) -> None:
        """The scene of a seed, settled for a moment."""
        self.arrange(draw_layout(seed))

    def arrange(self, layout: Layout) -> None:
        """Any layout, settled for a moment; `get_state` restores only those that a seed draws."""
        self.layout = self._arranged = layout
        self.changes, self._push_steps = changes.NONE, 0
        apply_layout(self.model, self.data, self.layout)
        self._forget_warnings()
        mujoco.mj_forward(self.model, self.data)
        self.controller.reset(self.data.qpos[self._arm_qpos])
        self.data.ctrl[:7] = self.controller.joints
        self.data.ctrl[self._gripper] = self.controller.finger_target
        for _ in range(2 * SUBSTEPS):
            mujoco.mj_step(self.model, self.data)
        mujoco.mj_forward(self.model, self.data)
        self._slice = 0
        self.mark()

    def mark(self) -> None:
        """Remember where the objects stand: how far one is pushed counts from here."""
        self._marks = np.array([self.data.xpos[self._bodies[name]][:2] for name in OBJECT_NAMES])

    def pushed(self, name: str) -> NDArray[np.float64]:
        """(2,) metres by which an object has moved since the mark, x and y."""
        return self.position(name)[:2] - self._marks[OBJECT_NAMES.index(name)]

    def shift(self, name: str, offset: NDArray[np.floating]) -> None:
        """Put an object elsewhere, at rest: (3,) metres, between two control steps."""
        joint = self.model.joint(name)
        position, motion = joint.qposadr[0], joint.dofadr[0]
        self.data.qpos[position : position + 3] += offset
        self.data.qvel[motion : motion + 6] = 0
        mujoco.mj_forward(self.model, self.data)

    def is_free(self, name: str) -> bool:
        """Whether it stands loose on the table."""
        return self.model.joint(name).type[0] == mujoco.mjtJoint.mjJNT_FREE

    def nudge(self, name: str, offset: NDArray[np.float64]) -> None:
        """`shift`, within the table and not below it.

        Raises:
            ValueError: it would end elsewhere.
        """
        place = self.position(name) + offset
        lowest = min(float(self.position(name)[2]), 0.02)
        low, high = np.array((*NUDGE_LOW, lowest)), np.array((*NUDGE_HIGH, 0.5))
        if not ((low <= place) & (place <= high)).all():
            x, y, z = place
            raise ValueError(
                f"There the {name} would be at {x:.2f}, {y:.2f}, {z:.2f} m: keep it on the table, "
                f"x from {low[0]} to {high[0]}, y from {low[1]} to {high[1]}, z from {lowest:.2f} to {high[2]} m."
            )
        self.shift(name, offset)

    def change(self, wanted: Changes) -> None:
        """Other light, another camera, more things on the table: from now on, all else as it is."""
        state = self.get_state()
        tail = changes.SIZE + 1
        self.set_state(np.concatenate((state[:-tail], wanted.pack(), state[-1:])))

    def drop(self, name: str, place: NDArray[np.float64]) -> None:
        """A thing that is not there falls on the table at x and y (2,), metres."""
        there = {*self.changes.dropped, name}
        self.change(replace(self.changes, dropped=tuple(each for each in OBJECT_NAMES if each in there)))
        joint = self.model.joint(name)
        position, motion = joint.qposadr[0], joint.dofadr[0]
        self.data.qpos[position : position + 7] = (*place, _DROP_HEIGHT, 1, 0, 0, 0)
        self.data.qvel[motion : motion + 6] = 0
        mujoco.mj_forward(self.model, self.data)

    def push(self, force: NDArray[np.float64], steps: int) -> None:
        """Push the hand with a force (3,) in newtons, base frame, for so many control steps."""
        self.data.xfrc_applied[self._hand, :3] = force
        self._push_steps = steps

    def begin_step(self, action: NDArray[np.floating]) -> None:
        """Take one action; `advance_slice` then carries it out in `SLICES_PER_STEP` slices."""
        if self._push_steps:
            self._push_steps -= 1
        else:
            self.data.xfrc_applied[self._hand] = 0
        self._joints_from = self.data.ctrl[:7].copy()
        self._finger_from = float(self.data.ctrl[self._gripper])
        self.controller.command(action, self.hand_position)
        self._slice = 0

    def advance_slice(self) -> None:
        """Simulate one slice (10 ms), joint targets moving evenly from the last command to the new one."""
        self._slice += 1
        share = self._slice / SLICES_PER_STEP
        self.data.ctrl[:7] = self._joints_from + share * (self.controller.joints - self._joints_from)
        self.data.ctrl[self._gripper] = self.controller.finger_target
        mujoco.mj_step(self.model, self.data, SUBSTEPS // SLICES_PER_STEP)
        if self._slice == SLICES_PER_STEP:
            mujoco.mj_forward(self.model, self.data)

    def step(self, action: NDArray[np.floating]) -> None:
        """One whole control step (50 ms)."""
        self.begin_step(action)
        for _ in range(SLICES_PER_STEP):
            self.advance_slice()

    def get_state(self) -> NDArray[np.float64]:
        """(1 + STATE_SIZE + M + S + C + 1,): seed, controller, marks, MuJoCo's state, changes, steps of a push left.

        Between control steps.
        """
        state = np.empty(self._state_size)
        mujoco.mj_getState(self.model, self.data, state, _SPEC)
        before = (np.array((float(self.layout.seed),)), self.controller.get_state(), self._marks.ravel())
        return np.concatenate((*before, state, self.changes.pack(), (float(self._push_steps),)))

    def set_state(self, state: NDArray[np.float64]) -> None:
        """Restore exactly what `get_state` returned, also in another process.

        Raises:
            ValueError: the vector is not one of this world's states.
        """
        integration = 1 + STATE_SIZE + self._marks.size
        end = integration + self._state_size
        if state.shape not in ((end,), (end + changes.SIZE + 1,)):  # the shorter: recorded before there were changes
            raise ValueError(
                f"This state has {state.size} numbers, this scene needs {end + changes.SIZE + 1}: "
                "it was recorded with another version of the scene."
            )
        wanted = Changes.unpack(state[end:-1])
        if int(state[0]) != self.layout.seed:
            self._arranged = draw_layout(int(state[0]))
            self._show(wanted)
        elif wanted != self.changes:
            self._show(wanted)
        self.controller.set_state(state[1 : 1 + STATE_SIZE])
        self._marks = state[1 + STATE_SIZE : integration].reshape(self._marks.shape).copy()
        self._push_steps = int(state[-1]) if state.size > end else 0
        mujoco.mj_setState(self.model, self.data, state[integration:end], _SPEC)
        mujoco.mj_forward(self.model, self.data)
        mujoco.mj_setState(self.model, self.data, state[integration:end], _SPEC)
        self._slice = 0
        self._forget_warnings()

    def _show(self, wanted: Changes) -> None:
        self.changes, self.layout = wanted, wanted.of(self._arranged)
        apply_layout(self.model, self.data, self.layout)

    def positions_in(self, state: NDArray[np.float64]) -> NDArray[np.float64]:
        """Generalised positions of a state that `get_state` returned, without going there."""
        qpos = np.empty(self.model.nq)
        integration = 1 + STATE_SIZE + self._marks.size
        whole = state[integration : integration + self._state_size].copy()
        mujoco.mj_extractState(self.model, whole, _SPEC, qpos, mujoco.mjtState.mjSTATE_QPOS)
        return qpos

    def changes_in(self, state: NDArray[np.float64]) -> Changes:
        """Of such a state."""
        return Changes.unpack(state[1 + STATE_SIZE + self._marks.size + self._state_size : -1])

    @property
    def diverged(self) -> bool:
        """Whether the simulation blew up since it was arranged or restored.

        MuJoCo then silently begins anew from its model's first pose: what it shows is no longer what happened.
        """
        fastest = np.abs(self.data.qvel).max()
        return bool(self.data.warning.number[_UNSTABLE].any() or not fastest < _MAX_SPEED)

    def _forget_warnings(self) -> None:
        for kind in _UNSTABLE:
            self.data.warning[kind].number = 0

    @property
    def names(self) -> list[str]:
        """Things in the scene."""
        return self.layout.names

    @property
    def spots(self) -> dict[str, Spot]:
        """Where they are now, as far as it matters for what can be asked."""
        spots = {}
        for name in self.names:
            moved = self.moved(name) if name in _TRAVEL else 0.0
            x, y, z = self.position(name).tolist()
            spots[name] = Spot(x, y, z, self.is_lying(name), moved)
        return spots

    def moved(self, name: str) -> float:
        """How far the drawer is open or a button is pressed, 0 to 1."""
        return float(self.data.qpos[self.model.joint(name).qposadr[0]]) / _TRAVEL[name]

    def outwards(self) -> NDArray[np.float64]:
        """(3,) unit vector in which the drawer opens."""
        return self.data.xmat[self._bodies[DRAWER]].reshape(3, 3)[:, 1].copy()

    def is_lying(self, name: str) -> bool:
        """Whether it is a cylinder that does not stand."""
        return name.endswith("cylinder") and abs(self.rotation(name)[2, 2]) < 0.7

    @property
    def hand_position(self) -> NDArray[np.float64]:
        """(3,) measured grasp point, metres, base frame."""
        return self.data.site_xpos[self._site].copy()

    @property
    def hand_rotation(self) -> NDArray[np.float64]:
        """(3, 3) measured orientation of the hand; its y axis is the direction in which the fingers close."""
        return self.data.site_xmat[self._site].reshape(3, 3).copy()

    @property
    def gripper_width(self) -> float:
        """Opening between the pads, metres, 0 to 0.08."""
        return float(self.data.qpos[self._finger_qpos].sum())

    @property
    def gripper_speed(self) -> float:
        """How fast that changes, metres per second, 0 or more."""
        return abs(float(self.data.qvel[self._finger_dofs].sum()))

    @property
    def joint_angles(self) -> NDArray[np.float64]:
        """(7,) measured, rad."""
        return self.data.qpos[self._arm_qpos].copy()

    def position(self, name: str) -> NDArray[np.float64]:
        """(3,) body position of an object; a container's is the middle of its foot."""
        return self.data.xpos[self._bodies[name]].copy()

    def rotation(self, name: str) -> NDArray[np.float64]:
        """(3, 3) orientation of an object."""
        return self.data.xmat[self._bodies[name]].reshape(3, 3).copy()

    def speed(self, name: str) -> float:
        """Metres per second."""
        address = self.model.joint(name).dofadr[0]
        return float(np.linalg.norm(self.data.qvel[address : address + 3]))

    def touches(self, name: str) -> tuple[bool, bool]:
        """Whether the left and the right finger pad touch the object."""
        return self._contacts(self._bodies[name])

    def is_held(self, name: str) -> bool:
        """Both pads touch it, and it is between them: a push with closed fingers touches with both, too."""
        return self.gripper_width > 0.008 and all(self.touches(name))

    def _contacts(self, body: int) -> tuple[bool, bool]:
        touched = [False, False]
        geom_body = self.model.geom_bodyid
        for one, other in self.data.contact.geom[: self.data.ncon]:
            for pad, thing in ((one, other), (other, one)):
                if pad in self._pads and geom_body[thing] == body:
                    touched[self._pads[pad]] = True
        return touched[0], touched[1]
