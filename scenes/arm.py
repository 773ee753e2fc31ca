"""A 7-DoF arm with the kinematics and limits of a Franka Panda, drawn with primitives, and its parallel gripper.

Link frames, joint limits, masses and gains follow the public Panda parameters (MuJoCo Menagerie); inertia is that of
simple shapes. Only hand and fingers collide: the links never reach the table in the workspace of the tasks.
"""

from __future__ import annotations

import mujoco
import numpy as np

from scenes.constants import FINGER_OPEN, GRASP_POINT_OFFSET

SHELL = (0.90, 0.91, 0.93, 1.0)
DARK = (0.13, 0.14, 0.17, 1.0)
ACCENT = (0.96, 0.45, 0.13, 1.0)
VISUAL_GROUP = 2
COLLISION_GROUP = 3

_TURN = (0.70710678, 0.70710678, 0.0, 0.0)
_BACK = (0.70710678, -0.70710678, 0.0, 0.0)
# (position, quaternion, joint range, mass, actuator gain, damping, force limit)
_LINKS = (
    ((0, 0, 0.333), (1, 0, 0, 0), (-2.8973, 2.8973), 4.97, 4500, 450, 87),
    ((0, 0, 0), _BACK, (-1.7628, 1.7628), 0.65, 4500, 450, 87),
    ((0, -0.316, 0), _TURN, (-2.8973, 2.8973), 3.23, 3500, 350, 87),
    ((0.0825, 0, 0), _TURN, (-3.0718, -0.0698), 3.59, 3500, 350, 87),
    ((-0.0825, 0.384, 0), _BACK, (-2.8973, 2.8973), 1.23, 2000, 200, 12),
    ((0, 0, 0), _TURN, (-0.0175, 3.7525), 1.67, 2000, 200, 12),
    ((0.088, 0, 0), _TURN, (-2.8973, 2.8973), 0.74, 2000, 200, 12),
)
# per link: (kind, from, to, radius, colour)
_SHAPES: tuple[tuple[tuple[str, tuple, tuple, float, tuple], ...], ...] = (
    (("capsule", (0, 0, -0.17), (0, 0, -0.03), 0.062, SHELL), ("cylinder", (0, -0.075, 0), (0, 0.075, 0), 0.063, DARK)),
    (("capsule", (0, 0, -0.055), (0, 0, 0.055), 0.064, SHELL), ("capsule", (0, -0.02, 0), (0, -0.20, 0), 0.056, SHELL)),
    (
        ("cylinder", (0, 0, -0.118), (0, 0, -0.108), 0.0585, ACCENT),
        ("capsule", (0, 0, -0.09), (0, 0, -0.05), 0.056, SHELL),
        ("capsule", (0.01, 0, -0.045), (0.0825, 0, 0), 0.050, SHELL),
    ),
    (
        ("cylinder", (0, 0, -0.066), (0, 0, 0.066), 0.057, DARK),
        ("capsule", (0, 0, 0), (-0.0825, 0.095, 0), 0.051, SHELL),
    ),
    (
        ("cylinder", (0, 0, -0.272), (0, 0, -0.262), 0.0545, ACCENT),
        ("capsule", (0, 0, -0.24), (0, 0, -0.02), 0.050, SHELL),
        ("capsule", (0, 0.02, -0.20), (0, 0.055, -0.05), 0.036, SHELL),
    ),
    (
        ("cylinder", (0, 0, -0.060), (0, 0, 0.060), 0.052, DARK),
        ("capsule", (0, 0, 0), (0.088, 0, 0), 0.045, SHELL),
    ),
    (
        ("capsule", (0, 0, 0.005), (0, 0, 0.05), 0.046, SHELL),
        ("cylinder", (0, 0, 0.085), (0, 0, 0.094), 0.0475, ACCENT),
        ("cylinder", (0, 0, 0.094), (0, 0, 0.108), 0.044, DARK),
    ),
)


def add_visual(body: mujoco.MjsBody, kind: str, start: tuple, end: tuple, radius: float, rgba: tuple) -> None:
    """A massless shape between two points of the body's frame that is drawn and collides with nothing."""
    body.add_geom(
        type=getattr(mujoco.mjtGeom, f"mjGEOM_{kind.upper()}"),
        fromto=(*start, *end),
        size=(radius, 0, 0),
        rgba=rgba,
        material="shell" if rgba is SHELL else "plastic",
        contype=0,
        conaffinity=0,
        group=VISUAL_GROUP,
        mass=0,
    )


def add_arm(spec: mujoco.MjSpec) -> None:
    """Add base, seven links, hand, fingers, wrist camera and actuators (`joint_1..7`, `gripper`) to the world."""
    base = spec.worldbody.add_body(name="base")
    add_visual(base, "cylinder", (0, 0, 0), (0, 0, 0.025), 0.105, DARK)
    add_visual(base, "cylinder", (0, 0, 0.025), (0, 0, 0.032), 0.098, ACCENT)
    add_visual(base, "capsule", (0, 0, 0.03), (0, 0, 0.12), 0.075, SHELL)
    body = base
    for i, (position, quaternion, limits, mass, gain, damping, force) in enumerate(_LINKS, start=1):
        body = body.add_body(name=f"link_{i}", pos=position, quat=quaternion, gravcomp=1)
        body.explicitinertial = True
        body.mass = mass
        body.inertia = np.full(3, 0.4 * mass * 0.075**2)
        body.add_joint(
            name=f"joint_{i}", axis=(0, 0, 1), range=limits, limited=mujoco.mjtLimited.mjLIMITED_TRUE,
            armature=0.1, damping=1.0,
        )  # fmt: skip
        for shape in _SHAPES[i - 1]:
            add_visual(body, *shape)
        spec.add_actuator(
            name=f"joint_{i}", target=f"joint_{i}", trntype=mujoco.mjtTrn.mjTRN_JOINT,
            gaintype=mujoco.mjtGain.mjGAIN_FIXED, biastype=mujoco.mjtBias.mjBIAS_AFFINE,
            gainprm=[gain] + [0] * 9, biasprm=[0, -gain, -damping] + [0] * 7,
            ctrllimited=True, ctrlrange=limits, forcelimited=True, forcerange=(-force, force),
        )  # fmt: skip
    _add_hand(spec, body)


def _add_hand(spec: mujoco.MjSpec, flange: mujoco.MjsBody) -> None:
    hand = flange.add_body(name="hand", pos=(0, 0, 0.107), quat=(0.92387953, 0, 0, -0.38268343), gravcomp=1)
    hand.explicitinertial = True
    hand.mass = 0.73
    hand.inertia = (0.001, 0.0025, 0.0017)
    hand.add_geom(
        name="palm", type=mujoco.mjtGeom.mjGEOM_BOX, pos=(0, 0, 0.033), size=(0.030, 0.098, 0.028), rgba=SHELL,
        material="shell", group=VISUAL_GROUP, mass=0, contype=1, conaffinity=1,
    )  # fmt: skip
    add_visual(hand, "capsule", (0, -0.07, 0.012), (0, 0.07, 0.012), 0.030, DARK)
    hand.add_site(name="grasp_point", pos=(0, 0, GRASP_POINT_OFFSET), size=(0.004, 0, 0), group=4)
    look = np.array((-0.042, 0, 0.100))
    look /= np.linalg.norm(look)
    side = np.array((0.0, 1.0, 0.0))
    up = np.cross(-look, side)
    hand.add_camera(name="wrist", pos=(0.078, 0, 0.030), xyaxes=(*side, *up), fovy=75)
    add_visual(hand, "capsule", (0.050, -0.012, 0.024), (0.050, 0.012, 0.024), 0.014, DARK)
    for name, sign in (("left", 1), ("right", -1)):
        finger = hand.add_body(
            name=f"{name}_finger", pos=(0, 0, 0.0584), quat=(1, 0, 0, 0) if sign > 0 else (0, 0, 0, 1), gravcomp=1
        )
        finger.explicitinertial = True
        finger.mass = 0.03
        finger.inertia = (1e-5, 1e-5, 1e-5)
        finger.add_joint(
            name=f"{name}_finger", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=(0, 1, 0), range=(0, FINGER_OPEN),
            limited=mujoco.mjtLimited.mjLIMITED_TRUE, armature=0.1, damping=10,
        )  # fmt: skip
        finger.add_geom(
            name=f"{name}_pad", type=mujoco.mjtGeom.mjGEOM_BOX, pos=(0, 0.0065, 0.029), size=(0.010, 0.0065, 0.025),
            rgba=DARK, material="plastic", group=VISUAL_GROUP, mass=0, condim=4, friction=(2.0, 0.05, 0.0001),
            solref=(0.005, 1), priority=1,
        )  # fmt: skip
    coupling = spec.add_equality(
        type=mujoco.mjtEq.mjEQ_JOINT, name1="left_finger", name2="right_finger", objtype=mujoco.mjtObj.mjOBJ_JOINT,
        solref=(0.005, 1),
    )  # fmt: skip
    coupling.data[:5] = (0, 1, 0, 0, 0)
    gain = 1200.0
    spec.add_actuator(
        name="gripper", target="left_finger", trntype=mujoco.mjtTrn.mjTRN_JOINT,
        gaintype=mujoco.mjtGain.mjGAIN_FIXED, biastype=mujoco.mjtBias.mjBIAS_AFFINE,
        gainprm=[gain] + [0] * 9, biasprm=[0, -gain, -40] + [0] * 7,
        ctrllimited=True, ctrlrange=(-0.01, FINGER_OPEN), forcelimited=True, forcerange=(-15, 15),
    )  # fmt: skip
