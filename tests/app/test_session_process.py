"""The session in a process of its own, in wall clock, as the web process sees it."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil
import pytest
from stand_in import POLICY

from app.client import SessionClient, SessionGone
from app.session import process
from app.session.episode import episode_files
from app.session.protocol import SessionSettings
from records.log import read_episode


@dataclass
class Running:
    client: SessionClient
    process: BaseProcess
    folder: Path

    def wait_for(self, condition, seconds: float = 60.0):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status = self.client.call("status")
            if condition(status):
                return status
            time.sleep(0.02)
        raise AssertionError(f"it did not happen; the status is {status}")

    def run(self):
        status = self.wait_for(lambda s: s["policy"] == "ready", 60)
        return self.client.call("run", instruction=status["suggestions"][0])


def start(folder: Path, live: Connection | None = None, rerun: Connection | None = None, checkpoint: str = "none"):
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    settings = SessionSettings(Path(checkpoint), seed=3, folder=folder, policy=POLICY)
    session = context.Process(target=process.main, args=(settings, theirs, live, rerun), daemon=True)
    session.start()
    for connection in (theirs, live, rerun):
        if connection is not None:
            connection.close()
    client = SessionClient(ours)
    client.call("status", timeout=60)
    return Running(client, session, folder)


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    running = start(tmp_path_factory.mktemp("runs"))
    yield running
    running.client.close()
    running.process.join(10)
    assert running.process.exitcode == 0


def test_a_run_started_while_the_policy_loads_begins_when_it_is_ready(session):
    words = session.client.call("status")["suggestions"][0]
    session.client.call("run", instruction=words)
    status = session.wait_for(lambda s: s["state"] == "running" and s["step"] > 5, 60)
    assert status["instruction"] == words


def test_simulated_time_is_paced_and_the_loops_rates_are_measured(session):
    session.client.call("reset", seed=4)
    session.run()
    session.wait_for(lambda s: s["step"] >= 10)
    before, started = session.client.call("status")["step"], time.monotonic()
    time.sleep(3)
    status = session.client.call("status")
    rate = (status["step"] - before) / (time.monotonic() - started)
    assert 4 < rate < 21  # 20 on a machine with time to spare
    # After a moment in which the machine was busy elsewhere, time catches up for a while.
    session.wait_for(lambda s: 0.2 < s["real_time_factor"] <= 1.02)
    assert status["planner_hz"] > 1 and status["refiner_hz"] > 2
    assert status["planner_waits"] == 0


def test_commands_are_answered_at_once(session):
    session.run()
    taken = []
    for _ in range(20):
        started = time.monotonic()
        session.client.call("set_schedule", name="asynchronous")
        taken.append(time.monotonic() - started)
    assert max(taken) < 0.5


def test_stop_is_a_hold_within_a_control_step_or_two(session):
    session.run()
    session.wait_for(lambda s: s["step"] > 5 and s["state"] == "running")
    status = session.client.call("stop")
    assert status["state"] == "holding"
    time.sleep(0.5)
    session.client.call("reset", seed=5)
    time.sleep(0.3)
    records = read_episode(episode_files(session.folder)[-1]).records
    after = [record for record in records if record.step >= status["step"]]
    assert len(after) > 3 and {record.control_source for record in after} == {"hold"}


def test_a_paused_session_stands_still_and_uses_no_processor(session):
    session.run()
    session.wait_for(lambda s: s["step"] > 5)
    session.client.call("pause")
    time.sleep(0.3)
    usage = psutil.Process(session.process.pid)
    before, step = usage.cpu_times(), session.client.call("status")["step"]
    time.sleep(1.5)
    after = usage.cpu_times()
    assert session.client.call("status")["step"] == step
    assert after.user + after.system - before.user - before.system < 0.15
    session.client.call("step")
    session.wait_for(lambda s: s["step"] == step + 1)
    time.sleep(0.2)
    assert session.client.call("status")["step"] == step + 1
    session.client.call("stop")


def test_bad_input_crosses_the_processes_as_a_sentence(session):
    assert "whole number" in session.client.call("reset", seed="abc")["error"]
    assert "at most 200" in session.client.call("run", instruction="x" * 1000)["error"]
    assert "no command" in session.client.call("dance")["error"]
    session.client.call("take_over", holder="me")
    assert "numbers" in session.client.call("drive", holder="me", action=[10**400, 0, 0, 0, 0, 0, 0])["error"]
    assert "error" in session.client.call("drive", nothing="useful")
    assert session.client.call("stop")["driver"] != "human", "it hears Stop whatever came before"


def test_a_killed_session_leaves_its_steps_on_disk_and_its_client_says_so(tmp_path):
    running = start(tmp_path)
    running.run()
    running.wait_for(lambda s: s["step"] >= 30)
    step = running.client.call("status")["step"]
    os.kill(running.process.pid, signal.SIGKILL)
    running.process.join(5)
    (path,) = episode_files(tmp_path)
    log = read_episode(path)
    assert not log.finished
    assert [record.step for record in log.records] == list(range(len(log.records)))
    assert step - len(log.records) < 20  # less than a second
    with pytest.raises(SessionGone, match="being started"):
        running.client.call("status")


def test_frozen_watchers_never_delay_the_control_loop(tmp_path):
    context = get_context("spawn")
    live_ours, live_theirs = context.Pipe()
    rerun_ours, rerun_theirs = context.Pipe(duplex=False)
    running = start(tmp_path, live_theirs, rerun_theirs)  # nobody ever reads live_ours and rerun_ours
    running.run()
    running.wait_for(lambda s: s["step"] >= 80, 60)
    status = running.client.call("status")
    assert status["dropped"]["rerun_images"] + status["dropped"]["rerun_steps"] > 0
    running.client.close()
    running.process.join(10)
    assert running.process.exitcode == 0
    log = read_episode(episode_files(tmp_path)[0])
    assert log.finished and log.records[-1].outcome == "aborted"
    assert [record.step for record in log.records] == list(range(len(log.records)))
    live_ours.close()
    rerun_ours.close()


def test_a_broken_checkpoint_is_a_sentence_and_the_scene_still_works(tmp_path):
    running = start(tmp_path, checkpoint="broken")
    status = running.wait_for(lambda s: s["policy"] == "failed", 60)
    assert "is damaged" in status["message"] and "git checkout" in status["message"]
    assert "is damaged" in running.client.call("run", instruction="pick up the red cube")["error"]
    assert running.client.call("reset", seed=9)["seed"] == 9
    running.client.close()
    running.process.join(10)


def test_a_policy_process_that_is_killed_is_a_hold_with_a_sentence_until_the_next_one_drives(tmp_path):
    running = start(tmp_path)
    running.run()
    running.wait_for(lambda s: s["step"] > 10)
    (policy,) = (
        child for child in psutil.Process(running.process.pid).children() if "policy.host" in " ".join(child.cmdline())
    )
    policy.kill()
    killed = running.client.call("status")
    running.wait_for(lambda s: s["step"] > killed["step"] + 60 and s["driver"] == "policy")
    running.client.close()
    running.process.join(10)
    records = read_episode(tmp_path / f"{killed['episode']}.arrow").records
    after = [record for record in records if record.step >= killed["step"] and record.outcome is None]
    faults = [number for number, record in enumerate(after) if any("started anew" in event for event in record.events)]
    assert faults and after[faults[0]].control_source == "hold"
    assert after[-1].control_source == "policy" and after[-1].chunk.step > killed["step"]
    assert [record.step for record in records[:-1]] == list(range(len(records) - 1))
