"""The gymnasium environment: what a robot would see, 7-D actions at 20 Hz, and a success test for the words."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import gymnasium as gym
import mujoco
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from records import PROPRIO_NAMES, GeometryRecord
from scenes import nudges
from scenes.arm import VISUAL_GROUP
from scenes.changes import Changes
from scenes.constants import SLICES_PER_STEP
from scenes.goals import FAMILIES, Goal, goals_for
from scenes.language import interpret
from scenes.policy_views import PolicyRenderer
from scenes.tasks import is_successful
from scenes.world import World

_KINDS = {
    int(mujoco.mjtGeom.mjGEOM_BOX): "box",
    int(mujoco.mjtGeom.mjGEOM_SPHERE): "sphere",
    int(mujoco.mjtGeom.mjGEOM_CAPSULE): "capsule",
    int(mujoco.mjtGeom.mjGEOM_CYLINDER): "cylinder",
    int(mujoco.mjtGeom.mjGEOM_ELLIPSOID): "ellipsoid",
    int(mujoco.mjtGeom.mjGEOM_MESH): "mesh",
    int(mujoco.mjtGeom.mjGEOM_PLANE): "plane",
}


class TabletopEnv(gym.Env[dict[str, NDArray[Any]], NDArray[np.float32]]):
    """The tabletop scene of a seed.

    Observation: `front`, `wrist` (S, S, 3) uint8 RGB and `proprio` (21,) float32 (`records.PROPRIO_NAMES`).
    Action: (7,) float32 in [-1, 1] (`records.ACTION_NAMES`). Reward 1 at success, else 0. The same seed and actions
    give the same episode, bit for bit. Environments in one thread may share a renderer, which is then not theirs to
    close.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 20}  # noqa: RUF012

    def __init__(self, image_size: int = 96, renderer: PolicyRenderer | None = None) -> None:
        self.image_size = image_size
        self.world = World()
        self.goal: Goal | None = None
        self._renderer = renderer
        self._owns_renderer = renderer is None
        picture = spaces.Box(0, 255, (image_size, image_size, 3), np.uint8)
        self.observation_space = spaces.Dict(  # type: ignore[assignment]
            front=picture, wrist=picture, proprio=spaces.Box(-np.inf, np.inf, (len(PROPRIO_NAMES),), np.float32)
        )
        self.action_space = spaces.Box(-1.0, 1.0, (7,), np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """The scene of `seed` (a random one without); `options={"instruction": text}` sets the goal."""
        super().reset(seed=seed)
        self.world.reset(int(self.np_random.integers(2**31)) if seed is None else seed)
        self.set_instruction((options or {}).get("instruction", ""))
        return self.observe(), {}

    def step(self, action: NDArray[np.float32]) -> tuple[dict[str, NDArray[Any]], float, bool, bool, dict[str, Any]]:
        """One control step."""
        self.world.step(action)
        success = self.success()
        return self.observe(), float(success), success, False, {}

    def begin_step(self, action: NDArray[np.floating]) -> None:
        """Take an action; follow with `SLICES_PER_STEP` calls of `advance_slice`."""
        self.world.begin_step(action)

    def advance_slice(self) -> None:
        """Simulate 10 ms."""
        self.world.advance_slice()

    def observe(self) -> dict[str, NDArray[Any]]:
        """Both policy cameras and proprioception of the present state."""
        return {**self.views(), "proprio": self.proprioception()}

    def views(self) -> dict[str, NDArray[np.uint8]]:
        """Both policy cameras' pictures of the present state."""
        return self.renderer.render(self.world.model, self.world.data)

    @property
    def renderer(self) -> PolicyRenderer:
        """What draws them; made when it is first needed."""
        if self._renderer is None:
            self._renderer = PolicyRenderer(self.world.model, self.image_size)
        return self._renderer

    def renew_renderer(self) -> None:
        """Let go of a renderer that no longer draws; the next picture is drawn by a new one."""
        with suppress(Exception):  # it may be too broken to be closed
            self.close()
        self._renderer = None

    @property
    def diverged(self) -> bool:
        """Whether the simulation blew up since it was reset or restored."""
        return self.world.diverged

    def proprioception(self) -> NDArray[np.float32]:
        """(21,) what the robot feels, see `records.PROPRIO_NAMES`."""
        world = self.world
        hand = world.hand_position
        return np.concatenate(
            (
                hand,
                world.hand_rotation[:, :2].T.ravel(),
                [world.gripper_width, world.controller.gripper],
                world.controller.position - hand,
                world.joint_angles,
            )
        ).astype(np.float32)

    def set_instruction(self, instruction: str) -> None:
        """Set the goal that `success` tests; words that name no task of this scene set none."""
        self.goal = interpret(instruction, self.objects)
        self.world.mark()

    def success(self) -> bool:
        """Whether the goal is reached now; always False without a goal."""
        return self.goal is not None and is_successful(self.world, self.goal)

    def suggestions(self, families: tuple[str, ...] | None = None) -> list[str]:
        """Canonical instructions that this scene can fulfil (of these families), the families taking turns."""
        goals = [goal for goal in goals_for(self.world.spots) if families is None or goal.family in families]
        turns = [[goal for goal in goals if goal.family == family] for family in FAMILIES]
        rounds = itertools.zip_longest(*turns)
        return [goal.instruction for goal in itertools.chain.from_iterable(rounds) if goal is not None]

    @property
    def objects(self) -> list[str]:
        """Names of what stands on the table."""
        return self.world.names

    @property
    def hand_position(self) -> NDArray[np.float64]:
        """(3,) grasp point, metres, base frame."""
        return self.world.hand_position

    @property
    def qpos(self) -> NDArray[np.float64]:
        """Generalised positions, for `WideRenderer`."""
        return self.world.data.qpos.copy()

    def positions_in(self, state: NDArray[np.float64]) -> NDArray[np.float64]:
        """`qpos` of a recorded state, without going there."""
        return self.world.positions_in(state)

    @property
    def sim_time(self) -> float:
        """Simulated seconds since reset."""
        return float(self.world.data.time)

    @property
    def seed(self) -> int:
        """Of the scene."""
        return self.world.layout.seed

    @property
    def clamped(self) -> tuple[str, ...]:
        """What kept the last action from being carried out whole, see `EndEffectorController.clamped`."""
        return self.world.controller.clamped

    @property
    def movable(self) -> list[str]:
        """Names of what can be put elsewhere."""
        return [name for name in self.world.names if self.world.is_free(name)]

    def place(self, name: str) -> list[float]:
        """Where an object's middle is, metres, base frame. For people, never for a policy."""
        return [round(float(each), 4) for each in self.world.position(name)]

    @property
    def missing(self) -> list[str]:
        """Names of what can be dropped on the table."""
        return nudges.missing_things(self.world)

    @property
    def changes(self) -> Changes:
        """What somebody made of the scene that the seed drew."""
        return self.world.changes

    def changes_in(self, state: NDArray[np.float64]) -> Changes:
        """The same of a recorded state, without going there."""
        return self.world.changes_in(state)

    def nudge(self, name: str, numbers: Sequence[float]) -> None:
        """Move a thing, drop one, change light or camera, or push the arm, between two control steps.

        See `scenes.nudges`.

        Raises:
            ValueError: one sentence why not; nothing of it was done.
        """
        nudges.nudge(self.world, name, numbers)

    def get_state(self) -> NDArray[np.float64]:
        """Everything needed to continue exactly from here."""
        return self.world.get_state()

    def set_state(self, state: NDArray[np.float64]) -> None:
        """Continue exactly from there."""
        self.world.set_state(state)

    def body_poses(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Positions (B, 3) in metres and quaternions (B, 4) wxyz of all bodies."""
        data = self.world.data
        return data.xpos.astype(np.float32), data.xquat.astype(np.float32)

    def geometry(self, world: World | None = None) -> list[GeometryRecord]:
        """Every visible geom, for a 3-D twin; of another world, if one is given."""
        model = (world or self.world).model
        records = []
        for i in range(model.ngeom):
            rgba = model.geom_rgba[i]
            if model.geom_group[i] != VISUAL_GROUP or rgba[3] == 0 or int(model.geom_type[i]) not in _KINDS:
                continue
            body = int(model.geom_bodyid[i])
            vertices = faces = None
            if model.geom_dataid[i] >= 0:
                mesh = model.mesh(model.geom_dataid[i])
                vertices = model.mesh_vert[mesh.vertadr[0] : mesh.vertadr[0] + mesh.vertnum[0]].copy()
                faces = model.mesh_face[mesh.faceadr[0] : mesh.faceadr[0] + mesh.facenum[0]].copy()
            records.append(
                GeometryRecord(
                    name=model.geom(i).name or f"{model.body(body).name}_{i}",
                    body=model.body(body).name,
                    body_index=body,
                    kind=_KINDS[int(model.geom_type[i])],  # type: ignore[arg-type]
                    size=tuple(model.geom_size[i]),
                    position=tuple(model.geom_pos[i]),
                    quaternion=tuple(model.geom_quat[i]),
                    rgba=(float(rgba[0]), float(rgba[1]), float(rgba[2]), float(rgba[3])),
                    vertices=vertices,
                    faces=faces,
                )
            )
        return records

    def close(self) -> None:
        """Free the GL context."""
        if self._renderer is not None and self._owns_renderer:
            self._renderer.close()
        self._renderer = None


__all__ = ["SLICES_PER_STEP", "TabletopEnv"]
