from __future__ import annotations

import numpy as np
from toys import intent

from policy.runtime import METRES_PER_UNIT, coarse_path, refined_path
from scenes.constants import MAX_TRANSLATION


def test_one_action_unit_is_what_the_controller_makes_of_it():
    assert METRES_PER_UNIT == MAX_TRANSLATION


def test_the_coarse_path_adds_up_bin_centres_from_the_present_row_on():
    plan = intent(0, horizon=4)
    path = coarse_path(np.array([0.5, 0.0, 0.1]), plan, 2)
    centres = np.array([2.5, 3.5]) / 10 * 2 - 1
    assert path.shape == (3, 3)
    assert np.allclose(path[:, 0], 0.5 + METRES_PER_UNIT * np.array([0, centres[0], centres.sum()]), atol=1e-6)


def test_the_refined_path_adds_up_actions():
    actions = np.zeros((5, 7), dtype=np.float32)
    actions[:, 2] = -1
    path = refined_path(np.zeros(3), actions)
    assert np.allclose(path[-1], (0, 0, -5 * METRES_PER_UNIT))
    assert (path[0] == 0).all()
