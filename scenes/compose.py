"""The world as one `MjSpec`: room, table, arm and a slot for every object; a layout then says what is shown where."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from scenes import meshes
from scenes.arm import COLLISION_GROUP, VISUAL_GROUP, add_arm
from scenes.constants import (
    BOWL_HEIGHT,
    CONTAINERS,
    CUBE_HALF,
    CYLINDER_HALF,
    CYLINDER_RADIUS,
    OBJECT_NAMES,
    PLATE_RADIUS,
    PLATE_TOP,
    TABLE_SIZE,
    TIMESTEP,
)
from scenes.furniture import add_furniture, place_furniture
from scenes.layout import TEXTURES, Layout

FRONT_POSITION = np.array((1.12, 0.0, 0.66))
FRONT_TARGET = np.array((0.475, 0.0, 0.03))
WIDE_POSITION = np.array((1.62, -1.02, 0.98))
WIDE_TARGET = np.array((0.31, 0.03, 0.21))
WIDE_FOVY = 34
"""degrees from bottom to top"""


def look_at(position: np.ndarray, target: np.ndarray, roll: float = 0.0) -> np.ndarray:
    """Quaternion (wxyz) of a camera at `position` whose -z axis points at `target`, its y axis up but for a roll."""
    backward = (position - target) / np.linalg.norm(position - target)
    right = np.cross((0.0, 0.0, 1.0), backward)
    right /= np.linalg.norm(right)
    up = np.cross(backward, right)
    right, up = np.cos(roll) * right + np.sin(roll) * up, np.cos(roll) * up - np.sin(roll) * right
    matrix = np.column_stack((right, up, backward))
    quaternion = np.empty(4)
    mujoco.mju_mat2Quat(quaternion, matrix.ravel())
    return quaternion


def compose(samples: int = 0, stacks: int = 10) -> mujoco.MjSpec:
    """The whole world with every object slot present; `apply_layout` shows and places those of a scene.

    Software rendering pays for both:

    Args:
        samples: of anti-aliasing, per pixel.
        stacks: rings of facets that a capsule's ends, and every round side, are drawn with.
    """
    spec = mujoco.MjSpec()
    spec.modelname = "libra tabletop"
    spec.compiler.autolimits = True
    spec.compiler.degree = False
    option = spec.option
    option.timestep = TIMESTEP
    option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    option.impratio = 10
    option.iterations = 100
    option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.visual.global_.offwidth, spec.visual.global_.offheight = 1280, 720
    spec.visual.quality.shadowsize = 2048
    spec.visual.quality.offsamples = samples
    spec.visual.quality.numslices = 20
    spec.visual.quality.numstacks = stacks
    spec.visual.headlight.ambient = (0.36, 0.36, 0.37)
    spec.visual.headlight.diffuse = (0.32, 0.32, 0.32)
    spec.visual.headlight.specular = (0.05, 0.05, 0.05)
    # Near and far planes are counted in extents; left to MuJoCo, what is parked below the table would count as well.
    spec.stat.center, spec.stat.extent, spec.stat.meansize = (0.38, 0, 0), 2.262, 0.223
    spec.visual.map.znear = 0.02
    spec.visual.map.zfar = 12
    _add_materials(spec)
    _add_room(spec)
    add_arm(spec)
    for name in OBJECT_NAMES:
        _add_object(spec, name)
    _add_bowl(spec)
    _add_plate(spec)
    add_furniture(spec)
    return spec


def _add_materials(spec: mujoco.MjSpec) -> None:
    spec.add_texture(
        name="sky", type=mujoco.mjtTexture.mjTEXTURE_SKYBOX, builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=(0.80, 0.84, 0.88), rgb2=(0.36, 0.41, 0.47), width=64, height=384,
    )  # fmt: skip
    spec.add_texture(
        name="floor", type=mujoco.mjtTexture.mjTEXTURE_2D, builtin=mujoco.mjtBuiltin.mjBUILTIN_CHECKER,
        rgb1=(0.33, 0.36, 0.40), rgb2=(0.35, 0.38, 0.42), width=256, height=256,
    )  # fmt: skip
    floor = spec.add_material(name="floor", texrepeat=(6, 6), reflectance=0.0, specular=0.1, shininess=0.2)
    floor.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "floor"
    spec.add_material(name="shell", specular=0.45, shininess=0.55)
    spec.add_material(name="plastic", specular=0.30, shininess=0.35)
    spec.add_material(name="wood", specular=0.12, shininess=0.25)
    for i in range(TEXTURES):
        _add_cloth(spec, i)
    spec.add_material(name="object", specular=0.35, shininess=0.50)


def _add_cloth(spec: mujoco.MjSpec, number: int) -> None:
    """A material whose pattern, in greys that the table's colour tints, follows from its number."""
    pattern = meshes.pattern(number)
    texture = spec.add_texture(
        name=f"cloth {number}", type=mujoco.mjtTexture.mjTEXTURE_2D, width=pattern.shape[1], height=pattern.shape[0],
        nchannel=3,
    )  # fmt: skip
    texture.data = pattern.tobytes()
    material = spec.add_material(name=f"cloth {number}", specular=0.1, shininess=0.2)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = f"cloth {number}"


def _add_room(spec: mujoco.MjSpec) -> None:
    world = spec.worldbody
    world.add_geom(
        name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, pos=(0, 0, -0.74), size=(4, 4, 0.1), material="floor",
        contype=0, conaffinity=0, group=VISUAL_GROUP,
    )  # fmt: skip
    table = world.add_body(name="table", pos=(0.38, 0, 0))
    table.add_geom(
        name="table", type=mujoco.mjtGeom.mjGEOM_BOX, pos=(0, 0, -0.02), size=(*TABLE_SIZE, 0.02), material="wood",
        rgba=(0.7, 0.6, 0.5, 1), group=VISUAL_GROUP, friction=(1.0, 0.01, 0.0005), solref=(0.005, 1), condim=4,
    )  # fmt: skip
    for x in (-0.48, 0.48):
        for y in (-0.53, 0.53):
            table.add_geom(
                type=mujoco.mjtGeom.mjGEOM_BOX, pos=(x, y, -0.39), size=(0.028, 0.028, 0.35), material="plastic",
                rgba=(0.20, 0.21, 0.24, 1), contype=0, conaffinity=0, group=VISUAL_GROUP,
            )  # fmt: skip
    world.add_light(
        name="key", type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, pos=(0.9, -0.7, 2.2), dir=(-0.3, 0.35, -1),
        diffuse=(0.54, 0.52, 0.49), specular=(0.3, 0.3, 0.3), castshadow=True,
    )  # fmt: skip
    world.add_light(
        name="fill", type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, pos=(-0.6, 1.2, 2.0), dir=(0.4, -0.7, -1),
        diffuse=(0.20, 0.21, 0.24), specular=(0, 0, 0), castshadow=False,
    )  # fmt: skip
    world.add_camera(name="front", pos=FRONT_POSITION, quat=look_at(FRONT_POSITION, FRONT_TARGET), fovy=39)
    world.add_camera(name="wide", pos=WIDE_POSITION, quat=look_at(WIDE_POSITION, WIDE_TARGET), fovy=WIDE_FOVY)


def _add_object(spec: mujoco.MjSpec, name: str) -> None:
    body = spec.worldbody.add_body(name=name, gravcomp=1)
    body.add_freejoint(name=name)
    cube = name.endswith("cube")
    body.add_geom(
        name=name,
        type=mujoco.mjtGeom.mjGEOM_BOX if cube else mujoco.mjtGeom.mjGEOM_CYLINDER,
        size=(CUBE_HALF,) * 3 if cube else (CYLINDER_RADIUS, CYLINDER_HALF, 0),
        mass=0.05,
        material="object",
        condim=4 if cube else 6,
        friction=(1.5, 0.02, 0.0001) if cube else (1.5, 0.02, 0.0008),
        solref=(0.005, 1),
        group=VISUAL_GROUP,
    )


def _add_container(spec: mujoco.MjSpec, name: str, mass: float, profile: np.ndarray) -> mujoco.MjsBody:
    vertices, faces = meshes.revolve(profile)
    spec.add_mesh(
        name=name, uservert=vertices.ravel(), userface=faces.ravel(),
        inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
    )  # fmt: skip
    body = spec.worldbody.add_body(name=name, gravcomp=1)
    body.add_freejoint(name=name)
    body.explicitinertial = True
    body.mass = mass
    body.ipos = (0, 0, 0.015)
    body.inertia = np.array((0.5, 0.5, 0.9)) * mass * 0.06**2
    body.add_geom(
        name=name, type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, material="object", contype=0, conaffinity=0,
        group=VISUAL_GROUP, mass=0,
    )  # fmt: skip
    return body


def _add_bowl(spec: mujoco.MjSpec) -> None:
    body = _add_container(spec, "bowl", 0.35, meshes.bowl_profile())
    common: dict[str, Any] = {
        "group": COLLISION_GROUP,
        "friction": (1.0, 0.01, 0.0005),
        "solref": (0.005, 1),
        "mass": 0,
        "condim": 4,
    }
    body.add_geom(type=mujoco.mjtGeom.mjGEOM_CYLINDER, pos=(0, 0, 0.0025), size=(0.042, 0.0025, 0), **common)
    low, high = np.array((0.043, 0.004)), np.array((0.0695, BOWL_HEIGHT))
    slope = np.arctan2(high[0] - low[0], high[1] - low[1])
    radius, height = (low + high) / 2
    sides = 12
    for i in range(sides):
        angle = 2 * np.pi * i / sides
        quaternion = np.empty(4)
        turn = np.array((np.cos(angle / 2), 0, 0, np.sin(angle / 2)))
        lean = np.array((np.cos(slope / 2), 0, np.sin(slope / 2), 0))
        mujoco.mju_mulQuat(quaternion, turn, lean)
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX, quat=quaternion,
            pos=(radius * np.cos(angle), radius * np.sin(angle), height),
            size=(0.0025, np.tan(np.pi / sides) * 0.072, float(np.linalg.norm(high - low)) / 2), **common,
        )  # fmt: skip


def _add_plate(spec: mujoco.MjSpec) -> None:
    body = _add_container(spec, "plate", 0.35, meshes.plate_profile())
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_CYLINDER, pos=(0, 0, PLATE_TOP / 2), size=(PLATE_RADIUS - 0.012, PLATE_TOP / 2, 0),
        group=COLLISION_GROUP, friction=(1.0, 0.01, 0.0005), solref=(0.005, 1), mass=0, condim=4,
    )  # fmt: skip


def apply_layout(model: mujoco.MjModel, data: mujoco.MjData, layout: Layout) -> None:
    """Show, colour and place the layout's objects, park the others out of reach, set joints, camera and light."""
    mujoco.mj_resetData(model, data)
    shown = {placement.name: placement for placement in layout.placements}
    for i, name in enumerate((*OBJECT_NAMES, *CONTAINERS)):
        body = model.body(name)
        address = model.joint(name).qposadr[0]
        geoms = slice(body.geomadr[0], body.geomadr[0] + body.geomnum[0])
        placement = shown.get(name)
        model.body_gravcomp[body.id] = 0.0 if placement else 1.0
        solid = (model.geom_group[geoms] == COLLISION_GROUP) | (name in OBJECT_NAMES)
        model.geom_contype[geoms] = model.geom_conaffinity[geoms] = np.where(solid & bool(placement), 1, 0)
        if placement is None:
            data.qpos[address : address + 7] = (i * 0.3 - 1.5, 0, -3, 1, 0, 0, 0)
            model.geom_rgba[geoms, 3] = 0
            continue
        data.qpos[address : address + 7] = (*placement.position, *placement.quaternion)
        model.geom_rgba[geoms] = (*placement.rgb, 1)
    place_furniture(model, data, shown)
    table = model.geom("table")
    table.rgba = (*layout.table_rgb, 1)
    table.matid = model.material("wood" if layout.texture < 0 else f"cloth {layout.texture}").id
    for i, angle in enumerate(layout.joints, start=1):
        data.qpos[model.joint(f"joint_{i}").qposadr[0]] = angle
    for finger in ("left_finger", "right_finger"):
        data.qpos[model.joint(finger).qposadr[0]] = model.joint(finger).range[1]
    _apply_look(model, layout)


def _apply_look(model: mujoco.MjModel, layout: Layout) -> None:
    camera = model.camera("front")
    position = FRONT_POSITION + layout.camera_shift
    turn = np.array((0.0, *layout.camera_turn))
    camera.pos, camera.quat = position, look_at(position, FRONT_TARGET + turn, layout.camera_roll)
    key, fill = model.light("key"), model.light("fill")
    key.diffuse = np.array((0.54, 0.52, 0.49)) * layout.light
    fill.diffuse = np.array((0.20, 0.21, 0.24)) * layout.light
    key.dir = light_direction(layout)


def light_direction(layout: Layout) -> np.ndarray:
    """Unit vector along which the key light shines."""
    direction = np.array((-0.3 + layout.light_shift[0], 0.35 + layout.light_shift[1], -1.0))
    return direction / np.linalg.norm(direction)
