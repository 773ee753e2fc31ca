"""Every fault of scene, cameras, clocks and machine: held at the next control step, said, recorded, and got over."""

from __future__ import annotations

import itertools
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from stand_in import load

from app.session.driver import PolicyDriver
from app.session.loop import SessionLoop
from app.session.protocol import SessionSettings
from app.session.recorder import Recorder
from app.session.robot import MAX_LOST_PICTURES
from app.session.session import Session
from app.session.step import Unrecoverable
from app.session.watchdogs import JUMP_SECONDS, SLOW_WINDOW, ClockWatch, Slowness
from app.session.watchers import Watchers
from records import CONTROL_PERIOD
from records.log import read_episode

TIMES = 100
LONG_AGO = 0.0
"""a due time: the loop catches up as fast as it can"""


@pytest.fixture
def session(tmp_path):
    recorder = Recorder()
    settings = SessionSettings(Path("none"), folder=tmp_path, seed=7, time_limit=100_000)
    session = Session(settings, Watchers(), recorder)
    session.adopt(PolicyDriver(load(Path("none"))), None)
    yield session
    session.close()
    recorder.close()


def start(session):
    session.command("run", {"instruction": session.status["suggestions"][0]})


def steps(session, count):
    """Control steps as fast as the machine does them; the record of the last one."""
    for _ in range(count):
        while session.blocked:
            time.sleep(0.001)
        session.control_step(time.monotonic(), lambda due: None)
    return session.episode.records[-1]


def steps_until_driven(session):
    for _ in range(300):
        record = steps(session, 1)
        if record.control_source == "policy":
            return record
        time.sleep(0.005)
    raise AssertionError("the policy does not drive")


def is_hold(record):
    return record.control_source == "hold" and not record.action[:6].any()


BLOW_UPS = {
    "speed": lambda data: data.qvel.__setitem__(3, 1e12),
    "position": lambda data: data.qpos.__setitem__(2, 1e12),
    "number": lambda data: data.qvel.__setitem__(5, np.nan),
    "force": lambda data: data.qfrc_applied.__setitem__(4, np.inf),
    "fast": lambda data: data.qvel.__setitem__(8, 1e5),
}


def test_physics_that_diverges_ends_the_episode_where_it_was_and_the_arm_holds(session, tmp_path, monkeypatch):
    kinds, data = itertools.cycle(BLOW_UPS.values()), session.robot.env.world.data
    slices = np.random.default_rng(1).integers(1, 5, TIMES)
    for number in range(TIMES):
        start(session)
        steps(session, 2)
        before = session.robot.env.get_state()
        left, blow_up = int(slices[number]), next(kinds)

        def advance(blow_up=blow_up, go_on=session.robot.env.advance_slice):
            nonlocal left
            left -= 1
            if left == 0:
                blow_up(data)
            go_on()

        with monkeypatch.context() as patch:
            patch.setattr(session.robot.env, "advance_slice", advance)
            session.control_step(time.monotonic(), lambda due: None)
        status, (*_, broken, last) = session.status, session.episode.records
        data.qfrc_applied[:] = 0
        assert status["state"] == "ended" and status["outcome"] == "aborted"
        assert "blew up at step 2" in status["message"] and "blew up" in last.events[0]
        assert is_hold(last) and last.step == 3 and (last.state == before).all() and (broken.state == before).all()
        for _ in range(2):
            session.control_step(time.monotonic(), lambda due: None)
        assert np.isfinite(session.robot.env.get_state()).all() and not session.robot.env.diverged
    assert session.journal.recorder.flush(20)
    files = sorted(tmp_path.glob("*.arrow"))
    assert len(files) == TIMES and all(read_episode(path).finished for path in files[::10])


def test_a_scene_that_cannot_be_put_back_is_built_anew(session):
    start(session)
    steps(session, 2)
    session.robot.env.world.data.qpos[:] = np.nan
    session.control_step(time.monotonic(), lambda due: None)
    assert "built anew" in session.status["message"] and session.status["outcome"] == "aborted"
    start(session)
    assert steps_until_driven(session).step >= 0


def lose_context(robot):
    robot.env.renderer._canvas._gl.free()


def lose_buffers(robot):
    robot.env.renderer._canvas._context.free()
    robot.env.renderer._canvas._gl.free()


def fail(robot):
    def render(model, data):
        raise RuntimeError("GL_CONTEXT_LOST")

    robot.env.renderer.render = render


@pytest.mark.slow
def test_cameras_that_lose_their_context_hold_the_arm_until_they_are_drawn_anew(session):
    ways = itertools.cycle((lose_context, lose_buffers, fail))
    start(session)
    for _ in range(TIMES):
        steps_until_driven(session)
        next(ways)(session.robot)
        last = steps(session, 1)  # its pictures were taken before; those of the next step fail
        record = steps(session, 1)
        assert record.step == last.step + 1 and is_hold(record)
        assert "cameras gave no picture" in record.events[0] and "the arm holds" in record.events[0]
        assert record.generation == last.generation + 1
    record = steps_until_driven(session)
    assert record.observation.front.std() > 10 and session.status["state"] == "running"


def test_cameras_that_fail_in_the_first_step_of_an_episode_hold_the_arm_as_well(session):
    fail(session.robot)
    start(session)
    assert is_hold(steps(session, 1))
    steps_until_driven(session)


def test_cameras_that_are_gone_for_good_end_the_episode_and_ask_for_a_new_process(session, monkeypatch):
    def no_renderer(self):
        raise RuntimeError("no display")

    start(session)
    steps_until_driven(session)
    monkeypatch.setattr("scenes.env.PolicyRenderer.__init__", lambda *_: no_renderer(None))
    session.robot.env.renew_renderer()
    with pytest.raises(Unrecoverable, match="cannot be started anew"):
        for _ in range(MAX_LOST_PICTURES):
            record = steps(session, 1)
    assert session.episode.outcome == "aborted" and is_hold(record)


class Clocks:
    """Both clocks, as a machine without jumps shows them, and what is added to them."""

    def __init__(self):
        self.now, self.wall = 1000.0, 1.7e9

    def pass_by(self, seconds, shown=None):
        self.now += seconds
        self.wall += seconds if shown is None else shown


def test_a_clock_that_jumps_makes_the_arm_hold_for_a_step_and_plan_anew(session):
    clocks = Clocks()
    loop = SessionLoop(session, lambda: clocks.now, lambda: clocks.wall)
    jumps = itertools.cycle(((30.0, 30.0), (-5.0, -5.0), (CONTROL_PERIOD, 3600.0), (CONTROL_PERIOD, -3600.0)))

    def turn():
        loop.turn(LONG_AGO)
        return session.episode.records[-1]

    start(session)
    for _ in range(TIMES):
        for _ in range(3):
            clocks.pass_by(CONTROL_PERIOD)
            before = turn()
        clocks.pass_by(*next(jumps))
        record = turn()
        assert is_hold(record) and record.generation == before.generation + 1 and record.observation is None
        assert len(record.events) == 1 and "holds for a step" in record.events[0]
    assert session.status["state"] == "running"
    steps_until_driven(session)


def test_a_machine_that_is_too_slow_makes_the_arm_hold_until_run_is_pressed(session):
    clocks = Clocks()
    loop = SessionLoop(session, lambda: clocks.now, lambda: clocks.wall)
    for _ in range(3):
        start(session)
        for _ in range(SLOW_WINDOW + 5):
            clocks.pass_by(0.15)
            loop.turn(LONG_AGO)
            if session.state != "running":
                break
        assert session.state == "holding" and "7 control steps a second instead of 20" in session.status["message"]
        loop.turn(LONG_AGO)
        record = session.episode.records[-1]
        assert is_hold(record) and any("too" in e or "instead of 20" in e for e in record.events)


def test_one_long_step_is_no_slow_machine_and_most_of_two_seconds_is():
    for _ in range(TIMES):
        slowness, now = Slowness(), 0.0
        for step in range(200):
            now += 1.5 if step % 10 == 0 else CONTROL_PERIOD
            assert slowness.step(now) is None
        sentences = [slowness.step(now + step * 0.12) for step in range(1, SLOW_WINDOW + 1)]
        assert not any(sentences[: SLOW_WINDOW // 2]) and sentences[-1] is not None
        slowness.forget()
        assert slowness.step(now) is None


def test_clocks_that_agree_never_jump_and_time_at_rest_does_not_count():
    watch = ClockWatch()
    now = 0.0
    for passed in np.random.default_rng(0).uniform(0, JUMP_SECONDS * 0.99, 1000):
        now += passed
        assert watch.look(now, 1e9 + now) is None
    watch.rest()
    assert watch.look(now + 1e6, 0.0) is None


def test_stop_pressed_while_the_planner_hangs_is_a_hold_at_the_next_control_step(session):
    hanging, over = threading.Event(), threading.Event()
    planner = session.robot.driver.policy.planner
    plan = planner.plan

    def hang(observation):
        if observation.step < 20:
            return plan(observation)
        hanging.set()
        over.wait(10)
        return plan(observation)

    planner.plan = hang
    session.adopt(PolicyDriver(session.robot.driver.policy), None)
    start(session)
    for _ in range(400):
        record = steps(session, 1)
        if hanging.is_set() and record.control_source == "policy":
            break
        time.sleep(0.002)
    assert hanging.is_set() and record.control_source == "policy"  # it drives on what it has, and the planner hangs
    loop = SessionLoop(session)
    asked = threading.Thread(target=lambda: loop.call(lambda: loop.session.command("stop", {})), daemon=True)
    asked.start()
    while asked.is_alive():
        loop._serve(0.01)
    assert not over.is_set() and session.status["state"] == "holding"
    held = [steps(session, 1) for _ in range(5)]
    assert held[0].step == record.step + 1 and all(is_hold(each) for each in held)
    over.set()
    start(session)
    assert steps_until_driven(session).generation > held[-1].generation
