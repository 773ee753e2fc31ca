"""From 7-D delta end-effector actions to joint targets: a commanded pose that is integrated, and mink's IK."""

from __future__ import annotations

import mink
import mujoco
import numpy as np
from numpy.typing import NDArray

from scenes.arm import add_arm
from scenes.constants import (
    FINGER_OPEN,
    HOME,
    MAX_LEAD,
    MAX_ROTATION,
    MAX_TRANSLATION,
    WORKSPACE_HIGH,
    WORKSPACE_LOW,
)

STATE_SIZE = 3 + 4 + 7 + 1
_IK_ITERATIONS = 2
_IK_DT = 1.0
_OUT_OF_REACH = 0.02
"""metres that the solved pose misses the commanded one by, from which on it cannot be reached"""
_AT_LIMIT = 0.03
"""radians"""
_MAX_TURN_LEAD = 0.6
"""radians that the commanded orientation may be ahead of the solved one: what no joint follows is not wound up"""


class EndEffectorController:
    """Integrates delta actions into a commanded grasp-point pose and solves for the joints that reach it.

    Action (7,), each in [-1, 1]: translation in units of `MAX_TRANSLATION` metres and rotation vector in units of
    `MAX_ROTATION` radians per control step, both in the robot base frame; last the gripper, -1 open to +1 closed.
    The commanded position never leaves the workspace box and is never more than `MAX_LEAD` ahead of the hand; the
    commanded orientation is never far ahead of what the joints can reach.
    """

    def __init__(self) -> None:
        spec = mujoco.MjSpec()
        spec.compiler.degree = False
        spec.add_material(name="shell")
        spec.add_material(name="plastic")
        add_arm(spec)
        self._model = spec.compile()
        self._configuration = mink.Configuration(self._model)
        self._reach = mink.FrameTask("grasp_point", "site", position_cost=1.0, orientation_cost=0.4, lm_damping=1e-4)
        self._posture = mink.PostureTask(self._model, cost=np.array([2e-3] * 7 + [0.0, 0.0]))
        self._posture.set_target(np.array((*HOME, FINGER_OPEN, FINGER_OPEN)))
        self._limits = [mink.ConfigurationLimit(self._model, min_distance_from_limits=0.02)]
        self.position = np.zeros(3)
        """commanded grasp point, metres"""
        self.quaternion = np.array((0.0, 1.0, 0.0, 0.0))
        """commanded orientation, wxyz"""
        self.joints = np.array(HOME)
        """(7,) joint targets of the present control step, rad"""
        self.gripper = -1.0
        """last gripper command"""
        self.clamped: tuple[str, ...] = ()
        """what kept the last action from being carried out: x, y, z (the workspace's edge), turn, reach, joint limit"""

    def reset(self, joints: NDArray[np.float64]) -> None:
        """Command the pose that the joints (7,) have now, gripper open."""
        self.joints = np.array(joints, dtype=np.float64)
        self._configuration.update(np.array((*joints, FINGER_OPEN, FINGER_OPEN)))
        pose = self._configuration.get_transform_frame_to_world("grasp_point", "site")
        self.position, self.quaternion = pose.translation().copy(), pose.rotation().wxyz.copy()
        self.gripper = -1.0

    def command(self, action: NDArray[np.floating], hand: NDArray[np.float64]) -> NDArray[np.float64]:
        """Apply one action and return the joint targets (7,); `hand` is the measured grasp point, metres."""
        action = np.clip(np.asarray(action, dtype=np.float64), -1, 1)
        wanted = self.position + action[:3] * MAX_TRANSLATION
        position = np.clip(wanted, WORKSPACE_LOW, WORKSPACE_HIGH)
        clamped = [axis for axis, off in zip("xyz", np.abs(wanted - position), strict=True) if off > 1e-6]
        lead = position - hand
        distance = float(np.linalg.norm(lead))
        self.position = hand + lead * (MAX_LEAD / distance) if distance > MAX_LEAD else position
        turned = np.empty(4)
        rotation = action[3:6] * MAX_ROTATION
        angle = float(np.linalg.norm(rotation))
        if angle > 1e-9:
            step = np.concatenate(([np.cos(angle / 2)], np.sin(angle / 2) * rotation / angle))
            mujoco.mju_mulQuat(turned, step, self.quaternion)
            self.quaternion = turned / np.linalg.norm(turned)
        self.gripper = float(action[6])
        self._reach.set_target(mink.SE3(np.concatenate((self.quaternion, self.position))))
        self._configuration.update(np.array((*self.joints, FINGER_OPEN, FINGER_OPEN)))
        for _ in range(_IK_ITERATIONS):
            velocity = mink.solve_ik(
                self._configuration, [self._reach, self._posture], _IK_DT, "daqp", damping=1e-6, limits=self._limits
            )
            self._configuration.integrate_inplace(velocity, _IK_DT)
        self.joints = self._configuration.q[:7].copy()
        moves = np.abs(action[:6]).max() > 0.05
        error = self._reach.compute_error(self._configuration)
        missing = float(np.linalg.norm(error[:3]))
        if float(np.linalg.norm(error[3:])) > _MAX_TURN_LEAD:
            self._unwind()
            clamped.append("turn")
        if moves and missing > _OUT_OF_REACH:
            low, high = self._model.jnt_range[:7].T
            near = np.minimum(self.joints - low, high - self.joints).min() < _AT_LIMIT
            clamped.append("joint limit" if near else "reach")
        self.clamped = tuple(clamped)
        return self.joints

    def _unwind(self) -> None:
        """Take the commanded orientation back to `_MAX_TURN_LEAD` ahead of the solved one."""
        solved = self._configuration.get_transform_frame_to_world("grasp_point", "site").rotation()
        ahead = (solved.inverse() @ mink.SO3(self.quaternion)).log()
        self.quaternion = (solved @ mink.SO3.exp(ahead * _MAX_TURN_LEAD / np.linalg.norm(ahead))).wxyz.copy()

    @property
    def finger_target(self) -> float:
        """Target of one finger's slide, metres: slightly inside closed so that it grips with full force."""
        return FINGER_OPEN * (1 - self.gripper) / 2 - 0.01 * max(self.gripper, 0.0)

    def get_state(self) -> NDArray[np.float64]:
        """(STATE_SIZE,) commanded pose, joint targets, gripper command."""
        return np.concatenate((self.position, self.quaternion, self.joints, [self.gripper]))

    def set_state(self, state: NDArray[np.float64]) -> None:
        """Restore what `get_state` returned."""
        self.position, self.quaternion, self.joints = state[:3].copy(), state[3:7].copy(), state[7:14].copy()
        self.gripper = float(state[14])
