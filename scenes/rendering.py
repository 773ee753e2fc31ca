"""Pictures of the scene: small shadowless policy views, and the wide view that people look at."""

from __future__ import annotations

import itertools
from typing import Literal

import mujoco
import numpy as np
from numpy.typing import NDArray

from scenes.arm import VISUAL_GROUP
from scenes.compose import apply_layout, compose, light_direction
from scenes.constants import TABLE_SIZE
from scenes.layout import Layout, draw_layout

COARSE_RGBA = np.array((1.0, 0.62, 0.10, 0.9), dtype=np.float32)
REFINED_RGBA = np.array((0.10, 0.75, 0.95, 1.0), dtype=np.float32)
Detail = Literal["draft", "moving", "still"]
_SHADED = 0.52
"""brightness of the table in shadow"""


def scene_options() -> mujoco.MjvOption:
    """Only the visual geoms: collision shapes and sites stay hidden."""
    option = mujoco.MjvOption()
    option.geomgroup[:] = 0
    option.geomgroup[VISUAL_GROUP] = 1
    option.sitegroup[:] = 0
    return option


class PictureLost(RuntimeError):
    """The GL context draws nothing any more; a new renderer is needed."""


class PolicyRenderer:
    """The `front` and `wrist` views, (size, size, 3) uint8 each, a few milliseconds without a GPU: no shadows.

    One serves any number of worlds: their models differ in numbers, not in meshes and textures.
    """

    def __init__(self, model: mujoco.MjModel, size: int) -> None:
        self._context_gl = mujoco.GLContext(size, size)
        self._context_gl.make_current()
        quality, whole = model.vis.global_, (model.vis.global_.offwidth, model.vis.global_.offheight)
        quality.offwidth = quality.offheight = size  # a larger buffer would be cleared with every picture
        self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_50)
        quality.offwidth, quality.offheight = whole
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._scene = mujoco.MjvScene(model, 1000)
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = False
        self._scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False
        self._option = scene_options()
        self._viewport = mujoco.MjrRect(0, 0, size, size)
        self._cameras = {name: mujoco.MjvCamera() for name in ("front", "wrist")}
        for name, camera in self._cameras.items():
            camera.type, camera.fixedcamid = mujoco.mjtCamera.mjCAMERA_FIXED, model.camera(name).id
        self._pixels = np.empty((size, size, 3), np.uint8)

    def render(self, model: mujoco.MjModel, data: mujoco.MjData) -> dict[str, NDArray[np.uint8]]:
        """Both views of a world's present state.

        Raises:
            PictureLost: nothing was drawn.
        """
        self._context_gl.make_current()
        views = {}
        for name, camera in self._cameras.items():
            everything = mujoco.mjtCatBit.mjCAT_ALL
            mujoco.mjv_updateScene(model, data, self._option, None, camera, everything, self._scene)
            mujoco.mjr_render(self._viewport, self._scene, self._context)
            self._pixels.fill(0)  # without a context nothing is read, and the last picture would be taken for this one
            mujoco.mjr_readPixels(self._pixels, None, self._viewport, self._context)
            if not self._pixels.any():
                raise PictureLost(f"the {name} camera's picture is empty")
            views[name] = self._pixels[::-1].copy()
        return views

    def close(self) -> None:
        """Free the GL context."""
        self._context_gl.make_current()
        self._context.free()
        self._context_gl.free()


class WideRenderer:
    """The people's view of a seed's scene, in any process: built from the seed, posed by `qpos`.

    Software rendering pays dearly for shadow maps, so moving pictures get planar shadows (every geom once more,
    flattened onto the table along the light); "still" is the anti-aliased picture with real shadows, and "draft" a
    moving picture with four ninths of the pixels.
    """

    def __init__(self, seed: int, width: int = 960, height: int = 540) -> None:
        self._sizes = {"still": (height, width), "moving": (height, width), "draft": (height * 2 // 3, width * 2 // 3)}
        self._option = scene_options()
        self._model = compose().compile()
        self._data = mujoco.MjData(self._model)
        self._renderers: dict[Detail, mujoco.Renderer] = {}
        self._still_model = compose(samples=4).compile()
        self.set_seed(seed)

    def set_seed(self, seed: int) -> None:
        """Show the scene of another seed."""
        self.arrange(draw_layout(seed))

    def arrange(self, layout: Layout) -> None:
        """Show any scene."""
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
        self._data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_camlight(self._model, self._data)
        renderer = self._renderer(detail)
        renderer.update_scene(self._data, "wide", self._option)
        if detail != "still":
            self._draw_shadows(renderer.scene)
        for path, width, rgba in ((coarse_path, 0.0045, COARSE_RGBA), (refined_path, 0.0065, REFINED_RGBA)):
            if path is not None:
                _draw_path(renderer.scene, path, width, rgba)
        picture = renderer.render(out=np.zeros((*self._sizes[detail], 3), np.uint8))
        if not picture.any():
            raise PictureLost("the wide camera's picture is empty")
        return picture

    @property
    def hand(self) -> NDArray[np.float64]:
        """(3,) where the hand is in the last picture, metres, robot base frame."""
        return self._data.site("grasp_point").xpos.copy()

    def _renderer(self, detail: Detail) -> mujoco.Renderer:
        if detail not in self._renderers:
            model = self._still_model if detail == "still" else self._model
            self._renderers[detail] = mujoco.Renderer(model, *self._sizes[detail])
            self._renderers[detail].scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = detail == "still"
        return self._renderers[detail]

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
        for renderer in self._renderers.values():
            renderer.close()


def _draw_path(scene: mujoco.MjvScene, path: NDArray[np.float32], width: float, rgba: NDArray[np.float32]) -> None:
    for start, end in itertools.pairwise(path):
        if scene.ngeom >= scene.maxgeom or np.allclose(start, end, atol=1e-5):
            continue
        geom = scene.geoms[scene.ngeom]
        mujoco.mjv_initGeom(geom, mujoco.mjtGeom.mjGEOM_CAPSULE, np.zeros(3), np.zeros(3), np.zeros(9), rgba)
        mujoco.mjv_connector(geom, mujoco.mjtGeom.mjGEOM_CAPSULE, width, start.astype(float), end.astype(float))
        geom.emission = 0.6
        scene.ngeom += 1
