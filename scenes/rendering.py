"""Pictures of the scene: small shadowless policy views, and the wide view that people look at."""

from __future__ import annotations

import itertools
from typing import Literal

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from scenes.arm import VISUAL_GROUP
from scenes.changes import NONE, Changes
from scenes.compose import apply_layout, compose, light_direction
from scenes.constants import TABLE_SIZE
from scenes.layout import Layout, draw_layout

# Opaque: what is drawn before a backdrop would let the black of no backdrop through.
COARSE_RGBA = np.array((1.0, 0.62, 0.10, 1.0), dtype=np.float32)
REFINED_RGBA = np.array((0.10, 0.75, 0.95, 1.0), dtype=np.float32)
Detail = Literal["draft", "moving", "still"]
_SHADED = 0.52
"""brightness of the table in shadow"""
_STANDING_GROUP = 5
"""of visual geoms that never move, in the model of moving pictures"""
_EVERYTHING = mujoco.mjtCatBit.mjCAT_ALL
_ROWS = 16
"""of which one is looked at for whether anything was drawn: the arm is taller, and in every picture"""


def scene_options(group: int = VISUAL_GROUP) -> mujoco.MjvOption:
    """Only the visual geoms, or those of another group: collision shapes and sites stay hidden."""
    option = mujoco.MjvOption()
    option.geomgroup[:] = 0
    option.geomgroup[group] = 1
    option.sitegroup[:] = 0
    return option


class PictureLost(RuntimeError):
    """The GL context draws nothing any more; a new renderer is needed."""


class _Canvas:
    """A GL context with a buffer of its own size (a larger one would be cleared with every picture) and a scene."""

    def __init__(self, model: mujoco.MjModel, width: int, height: int, shadows: bool = False) -> None:
        self.scene = mujoco.MjvScene(model, 1000)
        self.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = shadows
        self.scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False
        self._gl = mujoco.GLContext(width, height)
        self._gl.make_current()
        quality, whole = model.vis.global_, (model.vis.global_.offwidth, model.vis.global_.offheight)
        quality.offwidth, quality.offheight = width, height
        self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_50)
        quality.offwidth, quality.offheight = whole
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._viewport = mujoco.MjrRect(0, 0, width, height)
        self._pixels = np.empty((height, width, 3), np.uint8)
        self._depths = np.empty((height, width), np.float32)

    def draw(self, what: str, depth: bool = False) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Its scene: (height, width, 3) uint8 and, if asked for, (height, width) depths; both from the bottom up.

        They are overwritten by the next picture.

        Args:
            what: is drawn, in words.
            depth: whether to read depths; without it, what is returned of them is no picture's.

        Raises:
            PictureLost: nothing was drawn.
        """
        self._gl.make_current()
        mujoco.mjr_render(self._viewport, self.scene, self._context)
        self._pixels.fill(0)  # without a context nothing is read, and the last picture would be taken for this one
        mujoco.mjr_readPixels(self._pixels, self._depths if depth else None, self._viewport, self._context)
        if not self._pixels[::_ROWS].any():
            raise PictureLost(f"the {what} camera's picture is empty")
        return self._pixels, self._depths

    def close(self) -> None:
        """Free the GL context."""
        self._gl.make_current()
        self._context.free()
        self._gl.free()


def _fixed_camera(model: mujoco.MjModel, name: str) -> mujoco.MjvCamera:
    camera = mujoco.MjvCamera()
    camera.type, camera.fixedcamid = mujoco.mjtCamera.mjCAMERA_FIXED, model.camera(name).id
    return camera


class PolicyRenderer:
    """The `front` and `wrist` views, (size, size, 3) uint8 each, a few milliseconds without a GPU: no shadows.

    One serves any number of worlds: their models differ in numbers, not in meshes and textures.
    """

    def __init__(self, model: mujoco.MjModel, size: int) -> None:
        self._canvas = _Canvas(model, size, size)
        self._option = scene_options()
        self._cameras = {name: _fixed_camera(model, name) for name in ("front", "wrist")}

    def render(self, model: mujoco.MjModel, data: mujoco.MjData) -> dict[str, NDArray[np.uint8]]:
        """Both views of a world's present state.

        Raises:
            PictureLost: nothing was drawn.
        """
        views = {}
        for name, camera in self._cameras.items():
            mujoco.mjv_updateScene(model, data, self._option, None, camera, _EVERYTHING, self._canvas.scene)
            views[name] = self._canvas.draw(name)[0][::-1].copy()
        return views

    def close(self) -> None:
        """Free the GL context."""
        self._canvas.close()


class WideRenderer:
    """The people's view of a seed's scene, in any process: built from the seed, posed by `qpos`.

    Software rendering pays dearly for shadow maps and for large surfaces. So of a moving picture only what can move is
    drawn, with planar shadows (every geom once more, flattened onto the table along the light), in front of or behind
    a backdrop of room, table and furniture that is drawn once a scene. "still" is the anti-aliased picture with real
    shadows, and "draft" a moving picture with four ninths of the pixels.
    """

    def __init__(self, seed: int, width: int = 960, height: int = 540) -> None:
        self._sizes = {"still": (width, height), "moving": (width, height), "draft": (width * 2 // 3, height * 2 // 3)}
        self._model = compose().compile()
        self._data = mujoco.MjData(self._model)
        standing = self._model.body_weldid[self._model.geom_bodyid] == 0
        self._model.geom_group[standing & (self._model.geom_group == VISUAL_GROUP)] = _STANDING_GROUP
        self._still_model = compose(samples=4).compile()
        self._camera = _fixed_camera(self._model, "wide")
        self._option, self._standing = scene_options(), scene_options(_STANDING_GROUP)
        self._canvases: dict[Detail, _Canvas] = {}
        self._backdrops: dict[Detail, tuple[NDArray[np.uint8], NDArray[np.float32]]] = {}
        self._layout: Layout | None = None
        self.set_seed(seed)

    def set_seed(self, seed: int, changes: Changes = NONE) -> None:
        """Show the scene of another seed, or what somebody has made of it."""
        self.arrange(changes.of(draw_layout(seed)))

    def arrange(self, layout: Layout) -> None:
        """Show any scene."""
        if layout == self._layout:
            return
        self._layout = layout
        apply_layout(self._still_model, self._data, layout)
        apply_layout(self._model, self._data, layout)
        self._light = light_direction(layout)
        self._shadow_rgba = np.array((*(np.array(layout.table_rgb) * _SHADED), 1.0), dtype=np.float32)
        self._backdrops.clear()

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
        self._data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_camlight(self._model, self._data)
        canvas = self._canvas(detail)
        backdrop = None if detail == "still" else self._backdrop(detail, canvas)
        self._look(canvas, self._still_model if detail == "still" else self._model, self._option)
        if backdrop is not None:
            self._draw_shadows(canvas.scene)
        for path, width, rgba in ((coarse_path, 0.0045, COARSE_RGBA), (refined_path, 0.0065, REFINED_RGBA)):
            if path is not None:
                _draw_path(canvas.scene, path, width, rgba)
        canvas.scene.flags[mujoco.mjtRndFlag.mjRND_SKYBOX] = backdrop is None
        picture, depths = canvas.draw("wide", depth=backdrop is not None)
        if backdrop is not None:
            behind, its_depths = backdrop
            nearer = cv2.compare(depths, its_depths, cv2.CMP_LT)
            picture = np.asarray(cv2.copyTo(picture, nearer, behind.copy()), np.uint8)
        return np.ascontiguousarray(picture[::-1])

    @property
    def hand(self) -> NDArray[np.float64]:
        """(3,) where the hand is in the last picture, metres, robot base frame."""
        return self._data.site("grasp_point").xpos.copy()

    def _canvas(self, detail: Detail) -> _Canvas:
        if detail not in self._canvases:
            model = self._still_model if detail == "still" else self._model
            self._canvases[detail] = _Canvas(model, *self._sizes[detail], shadows=detail == "still")
        return self._canvases[detail]

    def _backdrop(self, detail: Detail, canvas: _Canvas) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Picture and depths, as `_Canvas.draw`, of what stands still."""
        if detail not in self._backdrops:
            self._look(canvas, self._model, self._standing)
            self._draw_shadows(canvas.scene)
            canvas.scene.flags[mujoco.mjtRndFlag.mjRND_SKYBOX] = True
            picture, depths = canvas.draw("wide", depth=True)
            self._backdrops[detail] = picture.copy(), depths.copy()
        return self._backdrops[detail]

    def _look(self, canvas: _Canvas, model: mujoco.MjModel, option: mujoco.MjvOption) -> None:
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
            if abs(spot[0] - 0.38) > TABLE_SIZE[0] - 0.03 or abs(spot[1]) > TABLE_SIZE[1] - 0.03:
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
