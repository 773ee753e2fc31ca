"""All processes of the cockpit together: session, live renderer and Rerun, with a stand-in policy."""

from __future__ import annotations

import json
import socket
import time

import cv2
import numpy as np
import pytest
from stand_in import POLICY

from app.cockpit import Cockpit, CockpitError
from app.frames import FrameFeed
from records.log import read_episode


@pytest.fixture(scope="module")
def cockpit(tmp_path_factory):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    cockpit = Cockpit(tmp_path_factory.mktemp("none"), 3, port, tmp_path_factory.mktemp("runs"), POLICY)
    cockpit.start()
    yield cockpit
    cockpit.stop()


def wait_for(cockpit, condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        status = cockpit.client.call("status")
        if condition(status):
            return status
        time.sleep(0.02)
    raise AssertionError(f"it did not happen; the status is {status}")


def pictures(cockpit, seconds, count=1000):
    last, seen, end = 0, [], time.monotonic() + seconds
    while time.monotonic() < end and len(seen) < count:
        newer = cockpit.frames.wait_newer(last, 0.5)
        if newer is not None:
            last = newer[0]
            seen.append(newer)
    return seen


def test_the_live_view_shows_the_scene_and_goes_on_when_nothing_moves(cockpit):
    first = cockpit.frames.wait_newer(0, 60)
    assert first is not None
    name = first[2].get("on")
    jpeg = cockpit.frames.backdrop(name) if name else first[1]
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape in ((540, 960, 3), (360, 640, 3)) and picture.std() > 10
    assert len(pictures(cockpit, 30.0, 4)) == 4


def test_a_run_moves_the_live_view_with_fresh_poses_and_writes_log_and_recording(cockpit):
    status = wait_for(cockpit, lambda s: s["policy"] == "ready")
    cockpit.client.call("run", instruction=status["suggestions"][0])
    wait_for(cockpit, lambda s: s["step"] > 10)
    seen = pictures(cockpit, 20.0, 8)  # the machine may be busy; how many a second is measured on one that is not
    assert len({jpeg for _, jpeg, _ in seen}) > 5
    steps = [meta["step"] for _, _, meta in seen]
    assert steps == sorted(steps) and steps[-1] > steps[0]
    cockpit.client.call("stop")
    cockpit.client.call("reset", seed=4)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        files = {path.suffix: path for path in cockpit.episode_files()}
        if len(files) == 2 and files[".rrd"].stat().st_size > 10_000 and read_episode(files[".arrow"]).finished:
            break
        time.sleep(0.1)
    assert files[".rrd"].stat().st_size > 10_000
    assert read_episode(files[".arrow"]).records[-1].outcome == "aborted"


def test_another_seed_shows_another_scene(cockpit):
    def settled(seed):
        deadline, last = time.monotonic() + 20, 0
        while time.monotonic() < deadline:
            newest = cockpit.frames.wait_newer(last, 1.0)
            if newest is not None and newest[2]["seed"] == seed:
                picture = cv2.imdecode(np.frombuffer(newest[1], np.uint8), cv2.IMREAD_COLOR)
                return cv2.resize(picture, (320, 180)).astype(int)  # a busy machine draws drafts
            last = last if newest is None else newest[0]
        raise AssertionError("no picture of the scene")

    cockpit.client.call("reset", seed=11)
    one = settled(11)
    cockpit.client.call("reset", seed=12)
    assert np.abs(settled(12) - one).mean() > 1.0


def test_a_cockpit_that_was_not_started_says_so(tmp_path):
    with pytest.raises(CockpitError, match="start"):
        _ = Cockpit(tmp_path).client


def test_corrections_are_learned_from_in_the_library_that_is_shown(tmp_path):
    library = tmp_path / "library"
    (library / "finetune").mkdir(parents=True)
    (library / "finetune" / "job.json").write_text(
        json.dumps({"pid": 1, "began": 0.0, "name": "better", "checkpoint": "x"})
    )
    assert Cockpit(tmp_path, library=library).tuning.status()["name"] == "better"


def test_waiting_for_a_newer_picture_gives_the_newest_or_none():
    feed = FrameFeed()
    assert feed.wait_newer(-1, 0.01) is None and feed.latest() is None
    for number in range(3):
        feed.publish(str(number).encode(), {"step": number})
    assert feed.wait_newer(0, 0.01) == (3, b"2", {"step": 2})
    assert feed.wait_newer(3, 0.01) is None
    feed.close()
    assert feed.wait_newer(3, 10) is None
