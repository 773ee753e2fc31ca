"""What dies is started anew: session, live renderer and Rerun are killed while the cockpit runs."""

from __future__ import annotations

import os
import signal
import socket
import time

import pytest
from stand_in import POLICY

from app.client import SessionGone
from app.cockpit import Cockpit
from app.web.commands import OFFLINE, Commands
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


def wait_for(cockpit, condition, seconds=90.0):
    deadline, status = time.monotonic() + seconds, {}
    while time.monotonic() < deadline:
        try:
            status = cockpit.client.call("status")
            if condition(status):
                return status
        except SessionGone:
            pass
        time.sleep(0.02)
    raise AssertionError(f"it did not happen; the status is {status}")


def wait_until(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def newest_picture(cockpit):
    newest = cockpit.frames.latest()
    return newest[0] if newest is not None else 0


def start_run(cockpit, steps=5):
    status = wait_for(cockpit, lambda s: s["policy"] == "ready")
    cockpit.client.call("run", instruction=status["suggestions"][0])
    return wait_for(cockpit, lambda s: s["step"] > steps)


def test_a_killed_session_is_started_anew_with_its_settings_and_says_so(cockpit):
    wait_for(cockpit, lambda s: s["policy"] == "ready")
    cockpit.client.call("reset", seed=21)
    cockpit.client.call("set_schedule", name="sequential")
    cockpit.client.call("set_planner_latency", ms=120)
    before = start_run(cockpit, steps=30)  # more than a second: what is written by then survives
    page = Commands(cockpit.client, cockpit.episode_files)
    os.kill(cockpit._session.pid, signal.SIGKILL)
    offline = page.status()
    while offline["state"] != OFFLINE:
        offline = page.status()
    assert "being started" in offline["message"]
    status = wait_for(cockpit, lambda s: s["restarts"] == 1)
    assert "SIGKILL" in status["message"] and "started anew" in status["message"]
    assert status["state"] == "idle" and status["seed"] == 21
    assert status["schedule"] == "sequential" and status["planner_latency_ms"] == 120
    shown = newest_picture(cockpit)
    assert cockpit.frames.wait_newer(shown, 60)[2]["seed"] == 21
    after = start_run(cockpit)
    cockpit.client.call("reset", seed=22)
    first, second = (cockpit.folder / f"{status['episode']}.rrd" for status in (before, after))
    wait_until(lambda: second.exists() and second.stat().st_size > 10_000)
    log = second.with_suffix(".arrow")
    wait_until(lambda: log.stat().st_size > 0 and read_episode(log).finished)
    assert any("SIGKILL" in event for event in read_episode(log).records[0].events)
    assert not read_episode(first.with_suffix(".arrow")).finished and read_episode(first.with_suffix(".arrow")).records


def test_a_killed_live_renderer_is_started_anew_while_the_session_goes_on(cockpit):
    cockpit.client.call("stop")
    restarts, step = cockpit.client.last["restarts"], cockpit.client.last["step"]
    killed = cockpit._live
    os.kill(killed.pid, signal.SIGKILL)
    status = wait_for(cockpit, lambda s: "live view" in s["message"])
    assert "SIGKILL" in status["message"] and status["restarts"] == restarts and status["step"] >= step
    assert cockpit._live is not killed
    assert cockpit.frames.wait_newer(newest_picture(cockpit), 60) is not None


def test_a_killed_rerun_process_is_started_anew_and_records_the_next_episode(cockpit):
    cockpit.client.call("reset", seed=4)
    killed = cockpit._rerun.process
    os.kill(killed.pid, signal.SIGKILL)
    status = wait_for(cockpit, lambda s: "Rerun" in s["message"])
    assert "next episode" in status["message"] and cockpit._rerun.process is not killed
    episode = start_run(cockpit)["episode"]
    cockpit.client.call("reset", seed=5)
    path = cockpit.folder / f"{episode}.rrd"
    wait_until(lambda: path.exists() and path.stat().st_size > 10_000)


def test_a_session_that_hangs_is_killed_and_started_anew(cockpit, monkeypatch):
    monkeypatch.setattr("app.cockpit.STILL_LOOKS", 3)
    monkeypatch.setattr("app.cockpit.LOOK_SECONDS", 0.7)
    restarts = cockpit.client.call("status")["restarts"]
    os.kill(cockpit._session.pid, signal.SIGSTOP)
    status = wait_for(cockpit, lambda s: s["restarts"] == restarts + 1)
    assert "hung" in status["message"]
    wait_for(cockpit, lambda s: s["policy"] == "ready")


def test_a_session_that_dies_again_and_again_is_left_dead_with_a_sentence(cockpit, monkeypatch):
    monkeypatch.setattr(cockpit, "_worth_another", lambda name: False)
    os.kill(cockpit._session.pid, signal.SIGKILL)
    deadline, sentence = time.monotonic() + 30, ""
    while time.monotonic() < deadline and "libra doctor" not in sentence:
        try:
            cockpit.client.call("status", timeout=1)
        except SessionGone as gone:
            sentence = str(gone)
        time.sleep(0.05)
    assert "SIGKILL" in sentence and "libra doctor" in sentence
