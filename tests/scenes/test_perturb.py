"""Perturbed scenes: one thing is changed, the same every time, and beyond what training shows."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from scenes.compose import FRONT_POSITION, FRONT_TARGET, look_at
from scenes.goals import is_graspable
from scenes.layout import TEXTURES, Layout, draw_layout
from scenes.perturb import CAMERA_TURN, PERTURBATIONS, WIDE_AREA, disturb, perturb
from scenes.variety import vary

SEEDS = range(910_000, 910_040)
CHANGED = {
    "camera": {"camera_shift", "camera_turn", "camera_roll"},
    "light": {"light", "light_shift"},
    "background": {"table_rgb", "texture"},
    "noise": set(),
    "start": {"joints"},
}


def different(one: Layout, other: Layout) -> set[str]:
    return {field.name for field in fields(Layout) if getattr(one, field.name) != getattr(other, field.name)}


@pytest.mark.parametrize("kind", PERTURBATIONS)
def test_a_perturbed_scene_is_the_same_every_time(kind: str) -> None:
    assert all(perturb(draw_layout(seed), kind) == perturb(draw_layout(seed), kind) for seed in SEEDS)


@pytest.mark.parametrize("kind", CHANGED)
def test_only_what_is_perturbed_changes(kind: str) -> None:
    for seed in SEEDS:
        layout = draw_layout(seed)
        assert different(layout, perturb(layout, kind)) == CHANGED[kind]


def test_the_camera_is_moved_and_turned_as_far_as_is_said() -> None:
    def turned(layout: Layout) -> float:
        position, target = FRONT_POSITION + layout.camera_shift, FRONT_TARGET + np.array((0, *layout.camera_turn))
        looks, looked = (each / np.linalg.norm(each) for each in (target - position, FRONT_TARGET - FRONT_POSITION))
        assert np.isfinite(look_at(position, target, layout.camera_roll)).all()
        return float(np.arccos(looks @ looked))

    layouts = [perturb(draw_layout(seed), "camera") for seed in SEEDS]
    assert 0.03 < np.abs([layout.camera_shift for layout in layouts]).max() <= 0.05
    assert 0.7 * CAMERA_TURN < max(turned(layout) for layout in layouts) <= np.sqrt(2) * CAMERA_TURN
    assert 0.7 * CAMERA_TURN < max(abs(layout.camera_roll) for layout in layouts) <= CAMERA_TURN


def test_backgrounds_are_none_that_training_uses() -> None:
    rng = np.random.default_rng(0)
    for seed in SEEDS:
        trained, tested = vary(draw_layout(seed), rng), perturb(draw_layout(seed), "background")
        assert trained.texture < TEXTURES // 2 <= tested.texture < TEXTURES
        saturation = [1 - min(layout.table_rgb) / max(layout.table_rgb) for layout in (trained, tested)]
        assert saturation[0] < 0.45 < saturation[1]


def test_crowded_scenes_have_up_to_twice_the_distractors_on_a_wider_area() -> None:
    def crowd(layout: Layout) -> int:
        return sum(is_graspable(name) for name in layout.names)

    more, positions = 0, []
    for seed in SEEDS:
        layout = draw_layout(seed)
        crowded = perturb(layout, "layout")
        assert crowd(layout) <= crowd(crowded) <= min(8, 2 * crowd(layout) - 1)
        more += crowd(crowded) > crowd(layout)
        positions += [each.position[:2] for each in crowded.placements if is_graspable(each.name)]
    assert more > len(SEEDS) / 3
    low, high = np.array(WIDE_AREA).T
    assert (np.array(positions) >= low).all() and (np.array(positions) <= high).all()
    assert np.array(positions)[:, 0].min() < 0.36


def test_pictures_are_disturbed_the_same_way_every_time() -> None:
    grey = {name: np.full((96, 96, 3), 128, np.uint8) for name in ("front", "wrist")}
    one, same, later = disturb(grey, 7, 3), disturb(grey, 7, 3), disturb(grey, 7, 4)
    assert all(np.array_equal(one[name], same[name]) for name in grey)
    assert not np.array_equal(one["front"], later["front"]) and not np.array_equal(one["front"], one["wrist"])
    assert 9 < (one["front"].astype(float) - 128).std() < 11
    edge = {"front": np.repeat(np.repeat(np.array([[0], [255]], np.uint8), 48, 0), 96, 1)[..., None].repeat(3, 2)}
    assert 20 < disturb(edge, 7, 3)["front"][47].mean() < 110
