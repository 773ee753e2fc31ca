"""The wide view from a seed in any process, with the paths of both systems in it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from scenes import TabletopEnv, wide
from scenes.changes import Changes
from scenes.wide import BLOCK, Patch, WideRenderer


@pytest.fixture(scope="module")
def env() -> TabletopEnv:
    env = TabletopEnv()
    env.reset(seed=9)
    return env


def test_the_wide_view_repeats_and_follows_the_pose(env: TabletopEnv) -> None:
    renderer = WideRenderer(9, 320, 180)
    first = renderer.render(env.qpos).copy()
    assert first.shape == (180, 320, 3) and first.dtype == np.uint8 and first.std() > 20
    assert np.array_equal(renderer.render(env.qpos), first)
    moved = env.qpos
    moved[0] += 0.4
    assert not np.array_equal(renderer.render(moved), first)
    renderer.close()


def test_paths_are_drawn_in_their_colours(env: TabletopEnv) -> None:
    renderer = WideRenderer(9, 320, 180)
    plain = renderer.render(env.qpos).astype(int)
    path = env.hand_position + np.linspace((0, 0, 0), (0.2, 0.1, -0.1), 6)
    for argument, channel in (("coarse_path", 0), ("refined_path", 2)):
        drawn = renderer.render(env.qpos, **{argument: path.astype(np.float32)}).astype(int)
        changed = np.abs(drawn - plain).sum(-1) > 60
        assert changed.sum() > 20
        assert drawn[changed][:, channel].mean() == drawn[changed].mean(0).max()
    renderer.close()


def test_another_seed_is_another_scene(env: TabletopEnv) -> None:
    renderer = WideRenderer(9, 320, 180)
    first = renderer.render(env.qpos).copy()
    renderer.set_seed(10)
    other = TabletopEnv()
    other.reset(seed=10)
    assert not np.array_equal(renderer.render(other.qpos), first)
    assert renderer.render(other.qpos, detail="still").shape == (180, 320, 3)
    renderer.close()


def test_a_moving_picture_shows_what_the_whole_scene_drawn_at_once_shows(env: TabletopEnv) -> None:
    renderer = WideRenderer(9, 320, 180)
    moving, still = (renderer.render(env.qpos, detail=detail).astype(int) for detail in ("moving", "still"))
    apart = np.abs(moving - still).max(-1)
    assert (apart > 40).mean() < 0.05, "edges and shadows differ, things do not"
    assert np.array_equal(renderer.render(env.qpos), moving), "whatever was drawn in between"
    renderer.close()


def test_a_moving_picture_shows_every_thing_that_the_still_one_shows(env: TabletopEnv) -> None:
    renderer = WideRenderer(9, 320, 180)
    for name in env.movable:
        lifted = env.qpos
        lifted[int(env.world.model.joint(name).qposadr[0]) + 2] += 5
        moving, still = (
            np.abs(renderer.render(env.qpos, detail=detail).astype(int) - renderer.render(lifted, detail=detail)).max(
                -1
            )
            for detail in ("moving", "still")
        )
        assert (moving > 30).sum() > 0.5 * (still > 30).sum() > 5, name
    renderer.close()


def test_what_stands_hides_what_moves_behind_it_and_moves_in_front_of_what_stands(env: TabletopEnv) -> None:
    renderer = WideRenderer(9, 320, 180)
    name = env.movable[0]
    start = int(env.world.model.joint(name).qposadr[0])
    pictures = []
    for place in ((0.45, 0.1, -0.1), (0.45, 0.1, -0.3), (0.45, 0.1, 0.3)):
        qpos = env.qpos
        qpos[start : start + 3] = place
        pictures.append(renderer.render(qpos))
    under, deeper, above = pictures
    assert np.array_equal(under, deeper), "the table top is in front of both"
    assert (under != above).any(-1).sum() > 30
    renderer.close()


def composed(patch: Patch) -> NDArray[np.uint8]:
    """The whole picture."""
    whole = patch.backdrop.picture[::-1].copy()
    (x, y), (height, width) = patch.corner, patch.picture.shape[:2]
    whole[y : y + height, x : x + width] = patch.picture
    return whole


def test_a_patch_on_its_backdrop_is_the_moving_picture_and_begins_and_ends_between_blocks(env: TabletopEnv) -> None:
    renderer = WideRenderer(9, 328, 180)
    path = (env.hand_position + np.linspace((0, 0, 0), (0.2, 0.1, -0.1), 6)).astype(np.float32)
    for joint in range(7):
        qpos = env.qpos
        qpos[joint] += 0.2
        patch = renderer.render_patch(qpos, path)
        assert np.array_equal(composed(patch), renderer.render(qpos, path))
        (x, y), (height, width) = patch.corner, patch.picture.shape[:2]
        assert x % BLOCK == y % BLOCK == 0 and patch.backdrop.number == 1
        assert width % BLOCK == 0 or x + width == 328
        assert height % BLOCK == 0 or y + height == 180
        assert height * width < 0.6 * 328 * 180
    renderer.close()


def test_nothing_is_lost_of_what_moves_where_only_a_part_of_the_picture_is_read(
    env: TabletopEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderer = WideRenderer(9, 328, 180)
    rng = np.random.default_rng(0)
    poses = [env.qpos + np.r_[rng.normal(scale=0.4, size=7), np.zeros(len(env.qpos) - 7)] for _ in range(30)]
    path = (env.hand_position + np.linspace((0, 0, 0), (0.3, -0.4, -0.1), 6)).astype(np.float32)
    parts = [renderer.render(qpos, path) for qpos in poses]
    monkeypatch.setattr(wide, "region_of", lambda *_: (slice(0, 180), slice(0, 328)))
    assert all(np.array_equal(part, renderer.render(qpos, path)) for part, qpos in zip(parts, poses, strict=True))
    renderer.close()


def test_a_pose_that_is_no_number_costs_no_renderer(env: TabletopEnv) -> None:
    renderer = WideRenderer(9, 320, 180)
    broken = env.qpos
    broken[2] = np.nan
    assert renderer.render_patch(broken).picture.size
    assert np.array_equal(composed(renderer.render_patch(env.qpos)), renderer.render(env.qpos))
    renderer.close()


def test_other_light_leaves_alone_what_moves(env: TabletopEnv) -> None:
    renderer = WideRenderer(9, 320, 180)
    start = int(env.world.model.joint(env.movable[0]).qposadr[0])
    stirred = env.qpos
    before = renderer.render_patch(stirred)
    stirred[start + 2] += 0.05
    moved = renderer.render_patch(stirred)
    renderer.set_seed(9, Changes(light=(0.5, 0.0, 0.0)))
    stirred[start + 2] += 0.05
    dark = renderer.render_patch(stirred)
    assert [each.backdrop.number for each in (before, moved, dark)] == [1, 2, 3]
    assert dark.backdrop.picture.mean() < moved.backdrop.picture.mean()
    renderer.close()


def test_a_thing_that_is_stirred_leaves_the_backdrop_until_all_is_still(env: TabletopEnv) -> None:
    renderer = WideRenderer(9, 320, 180)
    at_rest = renderer.render_patch(env.qpos)
    start = int(env.world.model.joint(env.movable[0]).qposadr[0])
    stirred = env.qpos
    stirred[start : start + 3] += (0.0, 0.05, 0.05)
    moved = renderer.render_patch(stirred)
    assert moved.backdrop.number == at_rest.backdrop.number + 1
    assert not np.array_equal(moved.backdrop.picture, at_rest.backdrop.picture)
    back = renderer.render_patch(env.qpos)
    assert back.backdrop is moved.backdrop and np.array_equal(composed(back), composed(at_rest))
    renderer.render(stirred, detail="still")
    renderer.prepare()
    after = renderer.render_patch(stirred)
    assert after.backdrop.number == moved.backdrop.number + 1
    assert np.array_equal(composed(after), composed(moved)) and after.picture.size < moved.picture.size
    renderer.close()


def test_the_wrist_camera_sees_the_open_fingers(env: TabletopEnv) -> None:
    env.reset(seed=3)
    rows = env.observe()["wrist"][-20:-6]
    dark = (rows.max(-1) < 60).mean((0,))
    assert dark[:25].max() > 0.9 and dark[-25:].max() > 0.9
