"""The proof of the export tells a video that is shifted from one in which nothing moves."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from tests.library.recorded import picture

sys.path.append(str(Path(__file__).parents[2] / "scripts"))

from check_lerobot import nearest_frame


def test_a_shifted_picture_is_a_wrong_one_and_a_still_one_is_not() -> None:
    moving = [picture(step) for step in range(9)]
    assert nearest_frame(moving[4], moving, 4) == (0, False)
    assert nearest_frame(moving[5], moving, 4) == (1, False), "one frame of rounding"
    assert nearest_frame(moving[6], moving, 4) == (2, True)
    assert nearest_frame(moving[0], moving, 2) == (-2, True)
    still = [moving[0] + np.uint8(step % 2) for step in range(9)]
    still[6] = moving[0]
    assert nearest_frame(still[6], still, 4)[1] is False
