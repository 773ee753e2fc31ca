"""The wide view of the scene, that people look at."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final, Literal

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from scenes.canvas import Canvas, Region, fixed_camera, scene_options
from scenes.changes import NONE, Changes
from scenes.compose import apply_layout, compose, light_direction
from scenes.constants import TABLE_SIZE
from scenes.layout import Layout, draw_layout
from scenes.region import region_of, shrink
from scenes.resting import STANDING_GROUP, Resting

# Opaque: what is drawn before a backdrop would let the black of no backdrop through.
COARSE_RGBA = np.array((1.0, 0.62, 0.10, 1.0), dtype=np.float32)
REFINED_RGBA = np.array((0.10, 0.75, 0.95, 1.0), dtype=np.float32)
Hurried = Literal["draft", "moving"]
Detail = Literal[Hurried, "still"]
BLOCK: Final = 16
"""pixels that JPEG packs together: a patch that begins and ends between blocks shows no seam"""
_STACKS = 4
"""with the 10 of the policy's pictures a moving picture costs half as much again, and looks the same"""
_SHADED = 0.52
"""brightness of the table in shadow"""
_PATH_WIDTHS = (0.0045, 0.0065)
"""metres: of coarse and refined"""
_TABLE = np.array((0.38, 0.0))
"""its middle, metres, robot base frame"""
_EVERYTHING = mujoco.mjtCatBit.mjCAT_ALL


@dataclass(frozen=True, eq=False)
class Backdrop:
    """What stands still in a moving picture."""

    number: int
    """no other backdrop of this renderer has it"""
    picture: NDArray[np.uint8]
    """(height, width, 3), from the bottom up"""
    depths: NDArray[np.float32]
    """(height, width), from the bottom up"""


@dataclass(frozen=True, eq=False)
class Patch:
    """The part of a moving picture in which it differs from its backdrop."""

    picture: NDArray[np.uint8]
    """(h, w, 3), from the top down; whole blocks of `BLOCK` pixels but where the picture ends"""
    corner: tuple[int, int]
    """x and y of its first pixel, from the left and from the top"""
    backdrop: Backdrop


class WideRenderer:
    """The people's view of a seed's scene, in any process: built from the seed, posed by `qpos`.

    Software rendering pays dearly for shadow maps and for large surfaces. So of a moving picture only what moves is
    drawn, with planar shadows (every geom once more, flattened onto the table along the light), in front of or behind
    a backdrop of room, table, furniture and the things that lie where they lay, drawn when one of them is stirred.
    "still" is the anti-aliased picture with real shadows, and "draft" a moving picture with four ninths of the pixels.
    """

    def __init__(self, seed: int, width: int = 960, height: int = 540) -> None:
        self._sizes = {"still": (width, height), "moving": (width, height), "draft": (width * 2 // 3, height * 2 // 3)}
        self._model = compose(stacks=_STACKS).compile()
        self._data = mujoco.MjData(self._model)
        self._resting = Resting(self._model, "hand")
        self._still_model = compose(4, _STACKS).compile()
        self._camera = fixed_camera(self._model, "wide")
        self._option, self._standing = scene_options(), scene_options(STANDING_GROUP)
        self._canvases: dict[Detail, Canvas] = {}
        self._backdrops: dict[Detail, Backdrop] = {}
        self._drawn = 0
        """backdrops so far"""
        self._layout: Layout | None = None
        self.set_seed(seed)

    def set_seed(self, seed: int, changes: Changes = NONE) -> None:
        """Show the scene of another seed, or what somebody has made of it."""
        self.arrange(changes.of(draw_layout(seed)))

    def arrange(self, layout: Layout) -> None:
        """Show any scene."""
        if layout == self._layout:
            return
        if self._layout is None or layout.placements != self._layout.placements:
            self._resting.settle()
        self._layout = layout
        self._backdrops.clear()
        apply_layout(self._still_model, self._data, layout)
        apply_layout(self._model, self._data, layout)
        self._light = light_direction(layout)
        self._shadow_rgba = np.array((*(np.array(layout.table_rgb) * _SHADED), 1.0), dtype=np.float32)

    def render(
        self,
        qpos: NDArray[np.float64],
        coarse_path: NDArray[np.float32] | None = None,
        refined_path: NDArray[np.float32] | None = None,
        detail: Detail = "moving",
    ) -> NDArray[np.uint8]:
        """(height, width, 3) uint8 (a draft is smaller), with where tokens and refiner lead drawn in space.

        Paths are (K, 3) in metres, robot base frame.

        Raises:
            PictureLost: nothing was drawn.
        """
        if detail == "still":
            return np.ascontiguousarray(self._draw_still(qpos, (coarse_path, refined_path))[::-1])
        picture, region, backdrop = self._draw_moving(qpos, (coarse_path, refined_path), detail)
        whole = backdrop.picture.copy()
        whole[region] = picture
        return np.ascontiguousarray(whole[::-1])

    def render_patch(
        self,
        qpos: NDArray[np.float64],
        coarse_path: NDArray[np.float32] | None = None,
        refined_path: NDArray[np.float32] | None = None,
        detail: Hurried = "moving",
    ) -> Patch:
        """`render` of a moving picture, without what is as in its backdrop: a third of the pixels or fewer.

        Raises:
            PictureLost: nothing was drawn.
        """
        picture, (rows, columns), backdrop = self._draw_moving(qpos, (coarse_path, refined_path), detail)
        corner = columns.start, self._sizes[detail][1] - rows.stop
        return Patch(np.ascontiguousarray(picture[::-1]), corner, backdrop)

    def prepare(self) -> None:
        """Draw the backdrops of the next pictures, while there is time."""
        self._pose(self._data.qpos)
        for detail in self._canvases:
            if detail != "still":
                self._backdrop(detail)

    @property
    def hand(self) -> NDArray[np.float64]:
        """(3,) where the hand is in the last picture, metres, robot base frame."""
        return self._data.site("grasp_point").xpos.copy()

    def _draw_still(
        self, qpos: NDArray[np.float64], paths: tuple[NDArray[np.float32] | None, ...]
    ) -> NDArray[np.uint8]:
        """(height, width, 3) uint8, from the bottom up. What was stirred is at rest from now on."""
        self._pose(qpos)
        canvas = self._canvas("still")
        self._look(canvas, self._still_model, self._option)
        _draw_paths(canvas.scene, paths)
        picture, _ = canvas.draw("wide")
        if self._resting.stirred:  # else every picture at rest would cost a backdrop
            self._resting.settle()
        return picture

    def _draw_moving(
        self, qpos: NDArray[np.float64], paths: tuple[NDArray[np.float32] | None, ...], detail: Hurried
    ) -> tuple[NDArray[np.uint8], Region, Backdrop]:
        """(h, w, 3) uint8, the picture where it differs from its backdrop, from the bottom up; where; the backdrop."""
        self._pose(qpos)
        backdrop = self._backdrop(detail)
        canvas = self._canvas(detail)
        region = self._region(paths, detail)
        self._look(canvas, self._model, self._option)
        self._draw_shadows(canvas.scene)
        _draw_paths(canvas.scene, paths)
        canvas.scene.flags[mujoco.mjtRndFlag.mjRND_SKYBOX] = False
        picture, depths = canvas.draw("wide", depth=True, region=region)
        nearer = np.asarray(cv2.compare(depths, backdrop.depths[region], cv2.CMP_LT), np.uint8)
        changed = shrink(region, nearer, self._sizes[detail], BLOCK)
        part = _within(region[0], changed[0]), _within(region[1], changed[1])
        patch = cv2.copyTo(picture[part], nearer[part], backdrop.picture[changed].copy())
        return np.asarray(patch, np.uint8), changed, backdrop

    def _region(self, paths: tuple[NDArray[np.float32] | None, ...], detail: Hurried) -> Region:
        """Where there can be anything that moves, its shadow, or a path."""
        moving = self._resting.moving
        centres, radii = self._data.geom_xpos[moving], self._model.geom_rbound[moving]
        slant = self._light / self._light[2]
        shadows = centres - centres[:, 2:] * slant
        cast = (np.abs(shadows[:, :2] - _TABLE) < TABLE_SIZE[:2]).all(1)
        points = [each for each in paths if each is not None]
        spread = np.linalg.norm(slant)  # of a sphere's shadow on the table
        return region_of(
            np.concatenate((centres, shadows[cast], *points)),
            np.concatenate((radii, radii[cast] * spread, np.full(sum(map(len, points)), max(_PATH_WIDTHS)))),
            self._data, self._camera.fixedcamid, self._sizes[detail], BLOCK,
        )  # fmt: skip

    def _pose(self, qpos: NDArray[np.float64]) -> None:
        self._data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_camlight(self._model, self._data)
        if self._resting.follow(self._data):
            self._backdrops.clear()

    def _canvas(self, detail: Detail) -> Canvas:
        if detail not in self._canvases:
            model = self._still_model if detail == "still" else self._model
            self._canvases[detail] = Canvas(model, *self._sizes[detail], shadows=detail == "still")
        return self._canvases[detail]

    def _backdrop(self, detail: Detail) -> Backdrop:
        if detail not in self._backdrops:
            canvas = self._canvas(detail)
            self._look(canvas, self._model, self._standing)
            self._draw_shadows(canvas.scene)
            canvas.scene.flags[mujoco.mjtRndFlag.mjRND_SKYBOX] = True
            picture, depths = canvas.draw("wide", depth=True)
            self._drawn += 1
            self._backdrops[detail] = Backdrop(self._drawn, picture.copy(), depths.copy())
        return self._backdrops[detail]

    def _look(self, canvas: Canvas, model: mujoco.MjModel, option: mujoco.MjvOption) -> None:
        mujoco.mjv_updateScene(model, self._data, option, None, self._camera, _EVERYTHING, canvas.scene)

    def _draw_shadows(self, scene: mujoco.MjvScene) -> None:
        flatten = np.eye(3)
        flatten[:, 2] -= self._light / self._light[2]
        flatten[2] = (0.0, 0.0, 0.0008)
        for i in range(scene.ngeom):
            source = scene.geoms[i]
            height = source.pos[2]
            if height < 0.005 or source.type == mujoco.mjtGeom.mjGEOM_PLANE or scene.ngeom >= scene.maxgeom:
                continue
            spot = source.pos - self._light * height / self._light[2]
            if abs(spot[0] - _TABLE[0]) > TABLE_SIZE[0] - 0.03 or abs(spot[1]) > TABLE_SIZE[1] - 0.03:
                continue
            shadow = scene.geoms[scene.ngeom]
            mujoco.mjv_initGeom(shadow, source.type, np.zeros(3), np.zeros(3), np.eye(3).ravel(), self._shadow_rgba)
            shadow.size[:] = source.size
            shadow.dataid = source.dataid
            shadow.objtype, shadow.objid = source.objtype, source.objid
            shadow.mat[:] = flatten @ source.mat
            shadow.pos[:] = (spot[0], spot[1], 0.0012)
            shadow.emission, shadow.specular, shadow.shininess = 0.3, 0.0, 0.0
            scene.ngeom += 1

    def close(self) -> None:
        """Free the GL contexts."""
        for canvas in self._canvases.values():
            canvas.close()


def _within(whole: slice, part: slice) -> slice:
    return slice(part.start - whole.start, part.stop - whole.start)


def _draw_paths(scene: mujoco.MjvScene, paths: tuple[NDArray[np.float32] | None, ...]) -> None:
    for path, width, rgba in zip(paths, _PATH_WIDTHS, (COARSE_RGBA, REFINED_RGBA), strict=True):
        if path is not None:
            _draw_path(scene, path, width, rgba)


def _draw_path(scene: mujoco.MjvScene, path: NDArray[np.float32], width: float, rgba: NDArray[np.float32]) -> None:
    for start, end in itertools.pairwise(path):
        if scene.ngeom >= scene.maxgeom or float(np.abs(end - start).max()) < 1e-5:
            continue
        geom = scene.geoms[scene.ngeom]
        mujoco.mjv_initGeom(geom, mujoco.mjtGeom.mjGEOM_CAPSULE, np.zeros(3), np.zeros(3), np.zeros(9), rgba)
        mujoco.mjv_connector(geom, mujoco.mjtGeom.mjGEOM_CAPSULE, width, start.astype(float), end.astype(float))
        geom.type = (
            mujoco.mjtGeom.mjGEOM_BOX
        )  # of the same size: as thin as this nobody sees corners, and they cost less
        geom.emission = 0.6
        scene.ngeom += 1
