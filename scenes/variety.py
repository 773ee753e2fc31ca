"""More variety than a scene's seed has, for training only: the camera, light, table and arm may be any way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from scenes.layout import TEXTURES, Layout

_PLAIN = 0.35
"""share of the scenes that stay as their seed drew them"""


def vary(layout: Layout, rng: Generator) -> Layout:
    """The same things in the same places, seen and begun differently.

    The front camera is shifted by up to 3 cm and turned by up to 4 degrees, light is 0.55 to 1.5 times as strong and
    from elsewhere, the table has any colour and perhaps a cloth (of the first half: the others are kept for tests), and
    the arm starts up to 0.12 rad per joint elsewhere.
    """
    if rng.random() < _PLAIN:
        return layout
    bare = rng.random() < 0.5
    table = layout.table_rgb if rng.random() < 0.4 else _table_color(rng)
    return replace(
        layout,
        joints=tuple(np.array(layout.joints) + rng.uniform(-0.12, 0.12, 7)),
        table_rgb=table,
        texture=-1 if bare else int(rng.integers(TEXTURES // 2)),
        light=float(rng.uniform(0.55, 1.5)),
        light_shift=tuple(rng.uniform(-0.9, 0.9, 2)),
        camera_shift=tuple(rng.uniform(-0.03, 0.03, 3)),
        camera_turn=tuple(rng.uniform(-0.06, 0.06, 2)),
        camera_roll=float(rng.uniform(-0.07, 0.07)),
    )


def _table_color(rng: Generator) -> tuple[float, float, float]:
    """Greys, browns and pale tints: never a colour that an object is named by."""
    red, green, blue = np.clip(rng.uniform(0.25, 0.9) * (1 + rng.uniform(-0.18, 0.18, 3)), 0, 1).tolist()
    return red, green, blue
