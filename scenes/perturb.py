"""Scenes that are harder than any that training shows, one thing at a time: what an evaluation finds out about."""

from __future__ import annotations

import colorsys
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from scenes.compose import FRONT_POSITION, FRONT_TARGET
from scenes.constants import OBJECT_NAMES
from scenes.goals import is_graspable
from scenes.layout import TEXTURES, Layout, draw_layout

CAMERA_SHIFT: Final = 0.05
"""metres, along every axis"""
CAMERA_TURN: Final = np.radians(5.0)
"""about every axis"""
LIGHT: Final = (0.4, 1.6)
LIGHT_SHIFT: Final = 1.0
HUES: Final = ((0.45, 0.54), (0.70, 0.93))
"""of table tops: none that an object is named by"""
WIDE_AREA: Final = ((0.33, 0.67), (-0.27, 0.27))
"""as wide as the front camera sees; `AREA` is 6 cm and 4 cm smaller"""
START: Final = 0.15
"""rad per joint"""
NOISE: Final = 10.0
"""standard deviation, of 255 grey levels"""
BLUR: Final = 0.8
"""standard deviation in pixels, of 96"""


def perturb(layout: Layout, kind: str) -> Layout:
    """The scene with one thing changed, the same every time; `noise` changes pictures, see `disturb`.

    camera: the front camera stands up to 5 cm and looks up to 5 degrees elsewhere, about every axis. light: 0.4 to
    1.6 times as strong, from elsewhere. background: a table cloth and a colour that training never uses. layout: up to
    twice the distractors, on a wider area. start: every joint up to 0.15 rad elsewhere.
    """
    if kind == MOVED:
        return layout
    return _CHANGES[kind](layout, np.random.default_rng([layout.seed, zlib.crc32(kind.encode())]))


def disturb(pictures: Mapping[str, NDArray[np.uint8]], seed: int, step: int) -> dict[str, NDArray[np.uint8]]:
    """Pictures (S, S, 3) of a control step, blurred and with noise that follows from scene seed and step."""
    import cv2

    rng = np.random.default_rng([seed, step, 0xD157])
    disturbed = {}
    for name, picture in pictures.items():
        noisy = cv2.GaussianBlur(picture, (0, 0), BLUR) + rng.normal(0, NOISE, picture.shape)
        disturbed[name] = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
    return disturbed


def _camera(layout: Layout, rng: Generator) -> Layout:
    shift = rng.uniform(-CAMERA_SHIFT, CAMERA_SHIFT, 3)
    yaw, pitch, roll = rng.uniform(-CAMERA_TURN, CAMERA_TURN, 3)
    ahead = FRONT_TARGET - FRONT_POSITION
    elevation = np.arctan2(ahead[2], -ahead[0]) + pitch
    # A layout says where the camera looks by the point that it sees above or below its target.
    distance = FRONT_POSITION[0] + shift[0] - FRONT_TARGET[0]
    seen = FRONT_POSITION + shift + distance * np.array((-1, np.tan(yaw), np.tan(elevation) / np.cos(yaw)))
    across, up = (seen - FRONT_TARGET)[1:]
    return replace(
        layout,
        camera_shift=tuple(shift),
        camera_turn=(float(across), float(up)),
        camera_roll=float(roll),
    )


def _light(layout: Layout, rng: Generator) -> Layout:
    return replace(
        layout, light=float(rng.uniform(*LIGHT)), light_shift=tuple(rng.uniform(-LIGHT_SHIFT, LIGHT_SHIFT, 2))
    )


def _background(layout: Layout, rng: Generator) -> Layout:
    # Training's tables are wood, greys and pale tints, less than 0.45 saturated.
    hue = rng.uniform(*HUES[rng.integers(len(HUES))])
    color = colorsys.hsv_to_rgb(hue, rng.uniform(0.46, 0.65), rng.uniform(0.4, 0.85))
    return replace(layout, table_rgb=color, texture=int(rng.integers(TEXTURES // 2, TEXTURES)))


def _layout(layout: Layout, rng: Generator) -> Layout:
    count = sum(is_graspable(name) for name in layout.names)
    count = min(int(rng.integers(count, 2 * count)), len(OBJECT_NAMES))  # one of them is no distractor
    return draw_layout(layout.seed, (count, count), WIDE_AREA)


def _start(layout: Layout, rng: Generator) -> Layout:
    return replace(layout, joints=tuple(np.array(layout.joints) + rng.uniform(-START, START, len(layout.joints))))


def _same(layout: Layout, rng: Generator) -> Layout:
    return layout


_CHANGES: Final[dict[str, Callable[[Layout, Generator], Layout]]] = {
    "camera": _camera,
    "light": _light,
    "background": _background,
    "noise": _same,
    "layout": _layout,
    "start": _start,
}
PERTURBATIONS: Final = tuple(_CHANGES)
MOVED: Final = "moved"
"""the layout as it is: what is moved is moved later, see `scenes.shove`"""
