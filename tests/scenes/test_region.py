"""Where in a picture things can be: nothing of them is outside."""

from __future__ import annotations

import mujoco
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scenes.compose import compose
from scenes.region import region_of, shrink

MODEL = compose().compile()
DATA = mujoco.MjData(MODEL)
mujoco.mj_forward(MODEL, DATA)
CAMERA = MODEL.camera("wide").id
WIDTH, HEIGHT, BLOCK = 328, 180, 16
PLACES = st.tuples(st.floats(-0.5, 1.0), st.floats(-0.8, 0.8), st.floats(0.0, 1.0), st.floats(0.001, 0.4))


def pixels(points: np.ndarray) -> np.ndarray:
    """Columns and rows, rows from the bottom up, of points (N, 3)."""
    x, y, z = ((points - DATA.cam_xpos[CAMERA]) @ DATA.cam_xmat[CAMERA].reshape(3, 3)).T
    focus = HEIGHT / 2 / np.tan(np.radians(MODEL.cam_fovy[CAMERA]) / 2)
    return np.stack((WIDTH / 2 - focus * x / z, HEIGHT / 2 - focus * y / z), 1)


@given(st.lists(PLACES, min_size=1, max_size=4), st.integers(0, 2**32 - 1))
def test_every_point_of_a_sphere_that_is_in_the_picture_is_in_its_region(
    spheres: list[tuple[float, ...]], seed: int
) -> None:
    centres, radii = np.array(spheres)[:, :3], np.array(spheres)[:, 3]
    rows, columns = region_of(centres, radii, DATA, CAMERA, (WIDTH, HEIGHT), BLOCK)
    assert 0 <= columns.start < columns.stop <= WIDTH and 0 <= rows.start < rows.stop <= HEIGHT
    assert columns.start % BLOCK == (HEIGHT - rows.stop) % BLOCK == 0
    assert columns.stop % BLOCK == 0 or columns.stop == WIDTH
    assert (HEIGHT - rows.start) % BLOCK == 0 or rows.start == 0
    directions = np.random.default_rng(seed).normal(size=(200, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    column, row = pixels((centres[:, None] + radii[:, None, None] * directions).reshape(-1, 3)).T
    seen = (column >= 0) & (column < WIDTH) & (row >= 0) & (row < HEIGHT)
    inside = (column >= columns.start) & (column < columns.stop) & (row >= rows.start) & (row < rows.stop)
    assert inside[seen].all()


@given(st.integers(0, WIDTH // BLOCK), st.integers(0, 9), st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1))
def test_a_region_shrinks_to_the_blocks_in_which_something_is_seen(left: int, low: int, x: int, y: int) -> None:
    region = slice(HEIGHT - 11 * BLOCK, HEIGHT - low * BLOCK), slice(left * BLOCK, WIDTH)
    rows, columns = region
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[y, x] = 255
    mask = mask[region]
    found = shrink(region, mask.copy(), (WIDTH, HEIGHT), BLOCK)
    assert rows.start <= found[0].start < found[0].stop <= rows.stop
    assert columns.start <= found[1].start < found[1].stop <= columns.stop
    if mask.any():
        assert found[0].start <= y < found[0].stop and found[1].start <= x < found[1].stop
    assert all(each.stop - each.start <= BLOCK for each in found)


def test_what_may_be_at_the_camera_may_be_anywhere() -> None:
    at_it = DATA.cam_xpos[CAMERA][None] + 0.05
    assert region_of(at_it, np.array([0.1]), DATA, CAMERA, (WIDTH, HEIGHT), BLOCK) == (
        slice(0, HEIGHT),
        slice(0, WIDTH),
    )
