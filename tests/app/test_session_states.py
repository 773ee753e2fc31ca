"""The state machine of the session, in this process: control steps as fast as the machine does them."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from stand_in import load

from app.session.driver import PolicyDriver
from app.session.protocol import SCHEDULES, SessionSettings
from app.session.recorder import Recorder
from app.session.session import Session
from app.session.watchers import Watchers
from policy.runtime import SCHEDULES as RUNTIME_SCHEDULES
from records.log import EpisodeHeader, EpisodeWriter, read_episode
from scenes import TabletopEnv
from scenes.expert import expert_action


@pytest.fixture(scope="module")
def idle(tmp_path_factory):
    recorder = Recorder()
    session = Session(SessionSettings(Path("none"), folder=tmp_path_factory.mktemp("runs")), Watchers(), recorder)
    yield session
    session.close()
    recorder.close()


def steps(session, count, seconds=0.002):
    for _ in range(count):
        if session.moving:
            session.control_step(time.monotonic(), lambda due: time.sleep(seconds))


def log_of(session):
    assert session.journal.recorder.flush(5)
    return read_episode(session.episode.log_path)


def successful_state(seed: int, instruction: str):
    env = TabletopEnv()
    env.world.reset(seed)
    env.set_instruction(instruction)
    for _ in range(240):
        if env.success():
            return env.get_state()
        env.world.step(expert_action(env.world, env.goal))
    raise AssertionError("the expert failed")


def test_the_names_of_the_schedules_are_those_of_the_runtime():
    assert set(SCHEDULES) == set(RUNTIME_SCHEDULES)


def test_a_new_session_is_idle_and_says_what_its_scene_offers(make):
    status = make().command("status", {})
    assert (status["state"], status["outcome"], status["driver"], status["step"]) == ("idle", None, None, 0)
    assert status["objects"] and status["suggestions"]
    assert len(status["end_effector_position"]) == 3
    assert "error" not in status
    wanted = "planner_hz refiner_hz real_time_factor staleness_steps message instruction schedule planner_latency_ms"
    assert set(wanted.split()) <= set(status)


def test_run_drives_and_stop_holds_at_the_next_control_step(make):
    session = make()
    words = session.status["suggestions"][0]
    assert session.command("run", {"instruction": f"  {words}  "})["state"] == "running"
    steps(session, 40)
    assert session.status["driver"] == "policy" and session.status["step"] == 40
    assert session.status["staleness_steps"] > 0
    assert session.command("stop", {})["state"] == "holding"
    steps(session, 5)
    records = log_of(session).records
    assert "policy" in {record.control_source for record in records[:40]}
    for record in records[40:]:
        assert record.control_source == "hold" and not record.action[:6].any()
    session.command("run", {"instruction": words})
    steps(session, 30)
    assert session.status["episode"] == "episode-001" and session.status["step"] == 75
    assert log_of(session).records[-1].generation > records[0].generation


def test_pause_freezes_and_step_does_exactly_one_control_step(make):
    session = make()
    session.command("run", {"instruction": session.status["suggestions"][0]})
    steps(session, 10)
    assert session.command("pause", {})["state"] == "paused"
    before = session.robot.env.get_state()
    steps(session, 5)
    assert (session.robot.env.get_state() == before).all()
    session.command("step", {})
    steps(session, 5)
    assert session.status["step"] == 11
    assert (session.robot.env.get_state() != before).any()
    assert session.command("pause", {})["state"] == "running"


def test_new_words_for_a_running_episode_raise_the_generation_and_stay_in_it(make):
    session = make()
    one, two = session.status["suggestions"][:2]
    session.command("run", {"instruction": one})
    steps(session, 20)
    session.command("run", {"instruction": two})
    steps(session, 20)
    records = log_of(session).records
    assert [r.instruction for r in records] == [one] * 20 + [two] * 20
    assert records[20].generation > records[19].generation
    assert all(r.intent is None or r.intent.step >= 20 for r in records[20:])
    assert all(r.chunk is None or r.chunk.step >= 20 for r in records[20:])


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("run", {"instruction": ""}, "Type an instruction"),
        ("run", {"instruction": "   "}, "Type an instruction"),
        ("run", {"instruction": None}, "Type an instruction"),
        ("run", {}, "Type an instruction"),
        ("run", {"instruction": "x" * 201}, "at most 200"),
        ("reset", {"seed": "seven"}, "whole number"),
        ("reset", {"seed": 1.5}, "whole number"),
        ("reset", {"seed": -1}, "whole number"),
        ("reset", {"seed": True}, "whole number"),
        ("reset", {"seed": 2**31}, "whole number"),
        ("reset", {}, "whole number"),
        ("pause", {}, "press Run first"),
        ("step", {}, "press Pause first"),
        ("set_schedule", {"name": "fast"}, "asynchronous, sequential, synchronous"),
        ("set_planner_latency", {"ms": 1001}, "0 to 1000"),
        ("set_planner_latency", {"ms": "slow"}, "0 to 1000"),
        ("set_planner_latency", {"ms": float("nan")}, "0 to 1000"),
        ("fly", {}, "no command 'fly'"),
    ],
)
def test_bad_input_gets_one_sentence_and_changes_nothing(idle, name, arguments, words):
    session = idle
    before = session.robot.env.get_state()
    status = session.command(name, arguments)
    assert words in status["error"] and "\n" not in status["error"]
    assert status["state"] == "idle"
    assert (session.robot.env.get_state() == before).all()


def test_what_the_planner_refuses_ends_the_episode_without_motion(make):
    session = make()
    before = session.robot.env.hand_position
    session.command("run", {"instruction": "pick up the purple cube"})
    for _ in range(100):
        steps(session, 1)
    assert session.status["state"] == "ended" and session.status["outcome"] == "refused"
    assert session.status["message"] == "I see no purple cube."
    assert np.abs(session.robot.env.hand_position - before).max() < 0.002
    log = log_of(session)
    assert log.records[-1].outcome == "refused"
    assert all(record.control_source == "hold" for record in log.records)


def test_who_looks_back_between_two_of_several_instructions_does_not_stop_the_list(make):
    session = make()
    words = next(each for each in session.status["suggestions"] if "bowl" in each or "plate" in each)
    session.robot.env.set_state(successful_state(7, words))
    session.command("run", {"instruction": f"{words}; {words}"})
    steps(session, 10)
    assert session.status["state"] == "ended" and session.status["plan"] == [words]
    assert "press Stop" in session.command("look", {"step": 2})["error"]
    steps(session, 60)
    assert session.status["episode"] == "episode-002" and session.status["plan"] == []


def test_a_list_that_cannot_begin_changes_no_list(make):
    session = make()
    session.command("run", {"instruction": "pick up the red cube; push the red cube left"})
    session.robot.driver.close()
    session.robot.driver, session.problem = None, "There is no policy."
    assert "no policy" in session.command("run", {"instruction": "open the drawer; close the drawer"})["error"]
    assert session.status["plan"] == ["push the red cube left"]


def test_success_must_hold_and_ends_the_episode_then_run_starts_a_new_one_from_there(make):
    session = make()
    words = next(each for each in session.status["suggestions"] if "bowl" in each or "plate" in each)
    session.robot.env.set_state(successful_state(7, words))
    session.command("run", {"instruction": words})
    steps(session, 10)
    assert (session.status["state"], session.status["outcome"]) == ("ended", "success")
    log = log_of(session)
    assert log.finished and len(log.records) == 4
    steps(session, 100)
    assert not session.moving
    where = session.robot.env.qpos
    assert session.command("run", {"instruction": words})["episode"] == "episode-002"
    steps(session, 1)
    session.robot.env.set_state(log_of(session).records[0].state)
    assert (session.robot.env.qpos == where).all()


def test_an_attempt_fails_at_the_time_limit_with_a_sentence(make):
    session = make(time_limit=20)
    session.command("run", {"instruction": session.status["suggestions"][0]})
    steps(session, 60)
    assert session.status["outcome"] == "failure" and "within 1 s" in session.status["message"]
    assert session.status["step"] == 20


def test_a_reset_closes_the_running_episode_as_aborted(make):
    session = make()
    session.command("run", {"instruction": session.status["suggestions"][0]})
    steps(session, 10)
    path = session.episode.log_path
    status = session.command("reset", {"seed": 8})
    assert (status["state"], status["outcome"], status["seed"], status["step"]) == ("idle", None, 8, 0)
    session.journal.recorder.flush(5)
    assert read_episode(path).records[-1].outcome == "aborted"


def test_every_recorded_step_can_be_restored_and_leads_bit_for_bit_to_the_next(make):
    session = make()
    session.command("run", {"instruction": session.status["suggestions"][0]})
    steps(session, 25)
    log = log_of(session)
    env = TabletopEnv()
    env.reset(seed=log.header.seed)
    for record, after in zip(log.records, log.records[1:], strict=False):
        env.set_state(record.state)
        env.world.step(record.action)
        assert env.get_state().tobytes() == after.state.tobytes()
    assert any(np.abs(r.commanded).max() > 1 for r in log.records)
    assert all(np.abs(r.action).max() <= 1 for r in log.records)
    env.close()


def test_schedule_and_latency_set_before_the_policy_is_loaded_hold_for_it(make):
    session = make(policy=False)
    session.command("set_schedule", {"name": "synchronous"})
    session.command("set_planner_latency", {"ms": 300})
    assert "being loaded" in session.command("run", {"instruction": "pick up the red cube"})["message"]
    driver = PolicyDriver(load(Path("none")))
    session.adopt(driver, None)
    assert session.state == "running"
    assert driver.runtime.schedule.name == "synchronous"
    assert driver.runtime.planner_latency_s == 0.3


class SlowWriter(EpisodeWriter):
    delay = 0.0

    def append(self, record):
        time.sleep(self.delay)
        super().append(record)


def test_when_the_disk_cannot_keep_up_the_arm_holds_and_no_step_is_lost(make):
    SlowWriter.delay = 0.2  # slower than a step on any machine
    session = make(Recorder(SlowWriter))
    session.command("run", {"instruction": session.status["suggestions"][0]})
    held = 0
    for _ in range(200):
        if session.blocked:
            session.refresh()
            if session.blocked:  # still: until now the disk has not caught up
                assert session.status["state"] == "holding" and "cannot keep up" in session.status["message"]
            held += 1
            time.sleep(0.01)
        else:
            steps(session, 1, 0.0)
    assert held > 20
    records = log_of(session).records
    assert [record.step for record in records] == list(range(session.episode.step))


def test_when_the_disk_refuses_the_episode_ends_and_says_so(make):
    def refuse(path: Path, header: EpisodeHeader) -> EpisodeWriter:
        raise OSError("No space left on device")

    session = make(Recorder(refuse))
    session.command("run", {"instruction": session.status["suggestions"][0]})
    for _ in range(50):
        steps(session, 1)
        time.sleep(0.002)
    assert session.status["outcome"] == "aborted"
    assert "No space left" in session.status["message"] and "free some space" in session.status["message"]
