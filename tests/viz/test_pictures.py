"""Heatmaps and token pictures: shapes, colours, marks."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from viz_episodes import BINS, LENGTH, make_grounding, make_intent

from records import Grounding
from viz import paths, tokens
from viz.cameras import MAX_ALPHA, encode_jpeg, encode_png, ground
from viz.scene import shade


def test_the_heat_is_where_the_phrase_is_and_the_image_stays_visible() -> None:
    layer, peaks = ground((make_grounding("red cube", 6, 18),), "front", (96, 96))
    assert layer.shape == (96, 96, 4)
    assert layer.dtype == np.uint8
    row, column = np.unravel_index(layer[..., 3].argmax(), (96, 96))
    assert abs(row - 26) <= 2
    assert abs(column - 74) <= 2
    assert 100 < layer[..., 3].max() <= 255 * MAX_ALPHA + 1
    assert np.median(layer[..., 3]) < 3
    assert tuple(layer[row, column, :3].astype(int)) == pytest.approx(paths.PHRASE_COLORS[0], abs=2)
    assert peaks == [(74.0, 26.0, "red cube", paths.PHRASE_COLORS[0])]


def test_each_phrase_has_its_own_hue() -> None:
    layer, peaks = ground((make_grounding("red cube", 4, 4), make_grounding("bowl", 20, 20)), "wrist", (96, 96))
    assert [label for _, _, label, _ in peaks] == ["red cube", "bowl"]
    assert tuple(layer[18, 18, :3].astype(int)) == pytest.approx(paths.PHRASE_COLORS[0], abs=3)
    assert tuple(layer[82, 82, :3].astype(int)) == pytest.approx(paths.PHRASE_COLORS[1], abs=3)


def test_a_phrase_that_is_not_in_view_leaves_no_heat_and_says_so() -> None:
    layer, peaks = ground((make_grounding("purple cube", 4, 4, none=0.97),), "front", (96, 96))
    assert layer[..., 3].max() < 12
    assert peaks[0][2] == "no purple cube in view"


def test_a_doubtful_phrase_says_how_sure_the_planner_is() -> None:
    _, peaks = ground((make_grounding("red cube", 4, 4, none=0.38),), "front", (96, 96))
    assert peaks[0][2] == "red cube 62%"


def test_a_camera_without_a_heatmap_and_no_groundings_give_a_clear_layer() -> None:
    layer, peaks = ground((Grounding("red cube", {}, {}),), "front", (64, 80))
    assert layer.shape == (64, 80, 4)
    assert not layer.any()
    assert peaks == []


def test_images_survive_their_encoding() -> None:
    rng = np.random.default_rng(0)
    image = cv2.resize(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8), (96, 96)).astype(np.uint8)
    jpeg = cv2.imdecode(np.frombuffer(encode_jpeg(image), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert jpeg is not None
    assert np.abs(jpeg.astype(int) - image).mean() < 4
    layer = np.dstack((image, image[..., 0]))
    png = cv2.imdecode(np.frombuffer(encode_png(layer), np.uint8), cv2.IMREAD_UNCHANGED)
    assert png is not None
    np.testing.assert_array_equal(cv2.cvtColor(png, cv2.COLOR_BGRA2RGBA), layer)


def test_the_scale_goes_from_blue_over_grey_to_orange() -> None:
    low, middle, high = tokens.colors_of(np.array([-1.0, 0.0, 1.0]))
    assert tuple(low) == tokens.NEGATIVE
    assert tuple(middle) == tokens.ZERO
    assert tuple(high) == tokens.POSITIVE
    np.testing.assert_allclose(tokens.bin_values(4), [-0.75, -0.25, 0.25, 0.75])


@pytest.mark.parametrize("draw", [tokens.draw_grid, tokens.draw_all])
def test_a_picture_has_a_column_per_step_and_a_band_per_dimension(draw) -> None:  # type: ignore[no-untyped-def]
    picture = draw(make_intent(0))
    assert picture.shape == (7 * (BINS * tokens.BIN + tokens.GAP), LENGTH, 3)
    assert picture.dtype == np.uint8


def test_the_grid_shows_value_as_colour_probability_as_brightness_and_marks_the_bin() -> None:
    intent = make_intent(0)
    intent.probabilities[:] = 0.0
    intent.tokens[:] = 0
    intent.tokens[:, 1] = BINS - 1
    intent.probabilities[..., 0] = 1.0
    intent.probabilities[:, 1, BINS - 1] = 0.0
    intent.probabilities[0, 1, BINS - 1] = 1.0
    picture = tokens.draw_grid(intent).astype(int)
    band = BINS * tokens.BIN + tokens.GAP
    x_cell, y_cell, y_unsure = picture[2, 0], picture[band + 15, 0], picture[band + 15, 1]
    assert x_cell[2] > x_cell[0]  # x at -1: blue
    assert y_cell[0] > y_cell[2]  # y at +1: orange
    assert tuple(y_unsure) == tokens.BACKGROUND  # no probability: dark
    assert tuple(picture[band - tokens.GAP - 1, 0]) == tokens.MARK  # lowest bin: mark at the bottom of the band
    assert tuple(picture[band + tokens.BIN - 1, 0]) == tokens.MARK  # highest bin: mark at the top


def test_all_probabilities_are_visible_with_the_chosen_one_marked() -> None:
    intent = make_intent(0)
    intent.probabilities[:] = 0.0
    intent.probabilities[..., 0] = 0.7
    intent.probabilities[..., 9] = 0.3
    intent.tokens[:] = 0
    column = tokens.draw_all(intent)[: BINS * tokens.BIN, 5].astype(int)
    assert column[0].max() > 100  # bin 9, on top, can be seen
    assert tuple(column[15]) == tokens.BACKGROUND
    assert tuple(column[-1]) == tokens.MARK
    assert column[-2].max() > column[0].max() - 60


def test_the_curtain_dims_what_is_consumed() -> None:
    curtain = tokens.draw_curtain(LENGTH, 7)
    assert curtain.shape == (2, LENGTH, 4)
    assert (curtain[:, :7, 3] > 100).all()
    assert not curtain[:, 7:].any()


def test_meshes_are_smooth_on_gentle_faces_and_sharp_at_creases() -> None:
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=np.float32)
    quads = ([0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3])
    faces = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))], dtype=np.int32)
    _, normals = shade(corners, faces)
    assert np.allclose(np.abs(normals).max(axis=1), 1.0)  # a cube: every normal along an axis
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = np.column_stack((np.cos(angles), np.sin(angles)))
    tube = np.vstack((np.column_stack((ring, np.zeros(24))), np.column_stack((ring, np.ones(24)))))
    a, b = np.arange(24), (np.arange(24) + 1) % 24
    faces = np.vstack((np.column_stack((a, b, b + 24)), np.column_stack((a, b + 24, a + 24))))
    vertices, normals = shade(tube, faces)
    radial = vertices[:, :2] / np.linalg.norm(vertices[:, :2], axis=1, keepdims=True)
    assert ((normals[:, :2] * radial).sum(axis=1) > 0.98).all()  # a tube: every normal points outwards
