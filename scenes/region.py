"""Where in a picture things can be, said by the spheres around them: a bound, so that nothing is cut off."""

from __future__ import annotations

from typing import Final

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from scenes.canvas import Region

_MARGIN: Final = 2
"""pixels: edges are rounded"""
_NEAREST: Final = 0.1
"""metres before the camera; what may be nearer may be anywhere in the picture"""


def region_of(
    centres: NDArray[np.float64], radii: NDArray[np.float64], data: mujoco.MjData, camera: int, size: tuple[int, int],
    block: int,
) -> Region:  # fmt: skip
    """The smallest rectangle of whole blocks, counted from the upper left, that has all spheres in it.

    Args:
        centres: (N, 3) metres, robot base frame; at least one.
        radii: (N,) metres.
        data: where the cameras are.
        camera: number of one.
        size: width and height of the picture, pixels.
        block: pixels of a block's sides.
    """
    width, height = size
    seen = (centres - data.cam_xpos[camera]) @ data.cam_xmat[camera].reshape(3, 3)
    away = -seen[:, 2]
    near, far = away - radii, away + radii
    if not (near >= _NEAREST).all():  # or not a number
        return slice(0, height), slice(0, width)
    focus = height / 2 / np.tan(np.radians(data.model.cam_fovy[camera]) / 2)
    low, high = seen[:, :2] - radii[:, None], seen[:, :2] + radii[:, None]
    least = np.minimum(low / near[:, None], low / far[:, None]).min(0) * focus - _MARGIN
    most = np.maximum(high / near[:, None], high / far[:, None]).max(0) * focus + _MARGIN
    low, high = np.array((width, height)) / 2 + (least, most)
    return _rectangle(low, high, size, block)


def shrink(region: Region, mask: NDArray[np.uint8], size: tuple[int, int], block: int) -> Region:
    """The part of a region, in whole blocks, in which its mask is set; one block if it is set nowhere.

    Other arguments as of `region_of`.
    """
    left, bottom, across, up = cv2.boundingRect(mask)
    rows, columns = region
    low = np.array((columns.start + left, rows.start + bottom))
    return _rectangle(low, low + np.maximum((across, up), 1), size, block)


def _rectangle(low: NDArray[np.number], high: NDArray[np.number], size: tuple[int, int], block: int) -> Region:
    """Whole blocks from one corner to the other: x from the left, y from the bottom."""
    width, height = size
    left, right = _blocks(low[0], high[0], width, block)
    top, bottom = _blocks(height - high[1], height - low[1], height, block)
    return slice(height - bottom, height - top), slice(left, right)


def _blocks(low: float, high: float, length: int, block: int) -> tuple[int, int]:
    """Whole blocks, one at least, that are in the picture."""
    first = min(max(int(low // block), 0), (length - 1) // block)
    end = max(int(-(-high // block)), first + 1)
    return first * block, min(end * block, length)
