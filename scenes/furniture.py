"""What is fixed to the table and moves: a cabinet with one drawer, and buttons that stay down once pressed."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from scenes.arm import VISUAL_GROUP
from scenes.constants import (
    BUTTON_NAMES,
    BUTTON_RADIUS,
    BUTTON_TOP,
    BUTTON_TRAVEL,
    CABINET_SIZE,
    DRAWER,
    DRAWER_TRAVEL,
    HANDLE_HEIGHT,
    HANDLE_REACH,
)
from scenes.layout import Placement

_METAL = (0.25, 0.26, 0.29, 1.0)
_FIN = (0.009, 0.015, 0.017)
_PANEL = 0.006
_CAP = (0.024, 0.009)
_SOLID: dict[str, Any] = {"solref": (0.005, 1), "condim": 4, "friction": (1.0, 0.01, 0.0005), "mass": 0}
CABINET, TRAY = "cabinet", "tray"


def add_furniture(spec: mujoco.MjSpec) -> None:
    """Add the cabinet and a slot for every button, all out of reach until a layout shows them."""
    spec.nuser_geom = 1
    _add_cabinet(spec)
    for name in BUTTON_NAMES:
        _add_button(spec, name)


def _add_cabinet(spec: mujoco.MjSpec) -> None:
    width, depth, height = CABINET_SIZE
    cabinet = spec.worldbody.add_body(name=CABINET, pos=(0, 0, -3))
    board: dict[str, Any] = {"type": mujoco.mjtGeom.mjGEOM_BOX, "material": "wood", "group": VISUAL_GROUP, **_SOLID}
    wall = 0.006
    for side in (-1, 1):
        cabinet.add_geom(pos=(side * (width - wall / 2), 0, height), size=(wall / 2, depth, height), **board)
    cabinet.add_geom(pos=(0, 0, 2 * height - wall / 2), size=(width, depth, wall / 2), **board)
    cabinet.add_geom(pos=(0, -depth + wall / 2, height), size=(width, wall / 2, height), **board)
    tray = cabinet.add_body(name=TRAY, gravcomp=1)
    tray.explicitinertial = True
    tray.mass = 0.3
    tray.inertia = (1e-3, 1e-3, 1e-3)
    tray.add_joint(
        name=DRAWER, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=(0, 1, 0), range=(0, DRAWER_TRAVEL),
        limited=mujoco.mjtLimited.mjLIMITED_TRUE, damping=6, frictionloss=0.8, armature=0.02,
    )  # fmt: skip
    front = depth + _PANEL
    tray.add_geom(pos=(0, front, height - 0.002), size=(width - 0.004, _PANEL, height - 0.006), **board)
    inside: dict[str, Any] = {**board, "userdata": (1.0,)}
    tray.add_geom(pos=(0, 0, 0.008), size=(width - 0.012, depth - 0.004, 0.003), **inside)
    for side in (-1, 1):
        tray.add_geom(pos=(side * (width - 0.014), 0, 0.022), size=(0.002, depth - 0.004, 0.014), **inside)
    spec.add_exclude(bodyname1=CABINET, bodyname2=TRAY)
    handle = tray.add_body(name=DRAWER, pos=(0, HANDLE_REACH, HANDLE_HEIGHT))
    handle.add_geom(
        name=DRAWER, type=mujoco.mjtGeom.mjGEOM_BOX, size=_FIN, rgba=_METAL, material="shell", group=VISUAL_GROUP,
        **{**_SOLID, "friction": (1.5, 0.02, 0.0001)},
    )  # fmt: skip


def _add_button(spec: mujoco.MjSpec, name: str) -> None:
    low = BUTTON_TOP - 2 * _CAP[1]
    base = spec.worldbody.add_body(name=f"{name} base", pos=(0, 0, -3))
    base.add_geom(
        type=mujoco.mjtGeom.mjGEOM_CYLINDER, pos=(0, 0, low / 2), size=(BUTTON_RADIUS, low / 2, 0), rgba=_METAL,
        material="plastic", group=VISUAL_GROUP, **_SOLID,
    )  # fmt: skip
    cap = base.add_body(name=name, pos=(0, 0, low + _CAP[1]), gravcomp=1)
    cap.explicitinertial = True
    cap.mass = 0.02
    cap.inertia = (1e-5, 1e-5, 1e-5)
    cap.add_joint(
        name=name, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=(0, 0, -1), range=(0, BUTTON_TRAVEL),
        limited=mujoco.mjtLimited.mjLIMITED_TRUE, damping=4, frictionloss=1.5, armature=0.02,
    )  # fmt: skip
    cap.add_geom(
        name=name, type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=(*_CAP, 0), material="object", group=VISUAL_GROUP, **_SOLID
    )
    # The base is fixed to the world, whose children collide with it: the cap would rest on its own base.
    spec.add_exclude(bodyname1=f"{name} base", bodyname2=name)


def place_furniture(model: mujoco.MjModel, data: mujoco.MjData, shown: dict[str, Placement]) -> None:
    """Show, colour and place what of it a layout has; hide the rest."""
    _place(model, data, CABINET, (CABINET, TRAY, DRAWER), DRAWER, DRAWER_TRAVEL, shown.get(DRAWER))
    for name in BUTTON_NAMES:
        _place(model, data, f"{name} base", (f"{name} base", name), name, BUTTON_TRAVEL, shown.get(name))


def _place(
    model: mujoco.MjModel, data: mujoco.MjData, root: str, bodies: tuple[str, ...], joint: str, travel: float,
    placement: Placement | None,
) -> None:  # fmt: skip
    model.body(root).pos = placement.position if placement else (0, 0, -3)
    model.body(root).quat = placement.quaternion if placement else (1, 0, 0, 0)
    data.qpos[model.joint(joint).qposadr[0]] = placement.moved * travel if placement else 0.0
    for name in bodies:
        body = model.body(name)
        geoms = slice(body.geomadr[0], body.geomadr[0] + body.geomnum[0])
        solid = placement is not None
        model.geom_contype[geoms] = model.geom_conaffinity[geoms] = np.where(model.geom_user[geoms, 0], 0, int(solid))
        model.geom_rgba[geoms, 3] = 1.0 if solid else 0.0
        if placement and (name in (CABINET, TRAY) or name == joint != DRAWER):
            model.geom_rgba[geoms, :3] = np.array(placement.rgb) * (0.92 if name == TRAY else 1.0)
