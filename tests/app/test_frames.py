"""Pictures of the live view are drawn because somebody waits for one."""

from __future__ import annotations

import time
from multiprocessing import Pipe, get_context

import pytest

from app import live
from app.frames import KEPT_BACKDROPS, WANTED, FrameFeed
from app.session.newest import READY
from scenes import TabletopEnv
from scenes.changes import NONE

SEED = 880_004


def test_the_renderer_is_asked_for_one_picture_at_a_time_and_only_while_somebody_waits() -> None:
    ours, theirs = Pipe()
    feed = FrameFeed()
    reading = feed.read_from(ours)
    assert theirs.recv() == WANTED  # the first, for whoever comes
    theirs.send((b"first", {"step": 1}))
    assert feed.wait_newer(0, 5) == (1, b"first", {"step": 1})
    assert not theirs.poll(0.05)
    for _ in range(3):
        assert feed.wait_newer(1, 0.01) is None
    assert theirs.recv() == WANTED and not theirs.poll(0.05)
    theirs.close()
    reading.join(5)
    assert feed.wait_newer(1, 0.01) is None


def test_a_renderer_that_is_started_anew_is_asked_anew() -> None:
    feed = FrameFeed()
    for number in range(1, 3):
        ours, theirs = Pipe()
        reading = feed.read_from(ours)
        assert theirs.recv() == WANTED
        theirs.send((b"jpeg", {"step": number}))
        assert feed.wait_newer(number - 1, 5) == (number, b"jpeg", {"step": number})
        theirs.close()
        reading.join(5)


def test_a_backdrop_is_kept_until_newer_ones_replace_it() -> None:
    feed = FrameFeed()
    for number in range(KEPT_BACKDROPS + 1):
        feed.publish(b"patch", {"on": f"scene {number}"}, f"behind {number}".encode())
        feed.publish(b"patch", {"on": f"scene {number}"})
    kept = [feed.backdrop(f"scene {number}") for number in range(KEPT_BACKDROPS + 1)]
    assert kept == [None, *(f"behind {number}".encode() for number in range(1, KEPT_BACKDROPS + 1))]


@pytest.mark.timeout(120)
def test_what_nobody_wants_is_not_drawn() -> None:
    env = TabletopEnv()
    env.reset(seed=SEED)
    poses, its_poses = Pipe()
    frames, its_frames = Pipe()
    renderer = get_context("spawn").Process(target=live.main, args=(its_poses, its_frames, SEED), daemon=True)
    renderer.start()
    try:
        frames.send(WANTED)
        pictures = 0
        for step in range(3):
            assert poses.poll(60) and poses.recv() == READY
            pose = env.qpos
            pose[0] += 0.1 * step
            poses.send((pose, None, None, step, time.monotonic(), SEED, False, NONE))
            picture, meta, backdrop = frames.recv()
            assert bool(backdrop) == (step == 0) and meta["on"] and len(meta["at"]) == 2
            assert picture and meta["step"] == step and not meta["again"]
            pictures += 1
            assert not frames.poll(0.3) and not poses.poll(0)  # neither a picture nor a pose is wanted
            frames.send(WANTED)
        assert pictures == 3
    finally:
        poses.close()
        renderer.terminate()
        renderer.join(10)
