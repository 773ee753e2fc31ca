"""What a hand does to a session, step by step, for tests."""

from __future__ import annotations

import time
from pathlib import Path

from stand_in import load

from app.session.driver import PolicyDriver
from policy.runtime import Lockstep, Runtime, schedule_named

FORWARD = [0.5, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0]


def steps(session, count):
    for _ in range(count):
        if session.moving:
            session.control_step(time.monotonic(), lambda due: None)


def say(session, command, **arguments):
    status = session.command(command, arguments)
    assert "error" not in status, status["error"]
    return status


def run(session, count=0):
    status = say(session, "run", instruction=session.status["suggestions"][0])
    steps(session, count)
    return status


def drive(session, count, action=FORWARD, holder="me"):
    for _ in range(count):
        session.hand._credit = 3.0  # these steps are faster than real ones
        session.drive({"holder": holder, "action": action})
        steps(session, 1)


def with_lockstep(session, delay=3):
    policy = load(Path("none"))
    driver = PolicyDriver(policy)
    driver.runtime.close()
    driver.runtime = Runtime(policy.planner, policy.refiner, schedule_named("asynchronous"), Lockstep(delay))
    session.robot.driver = driver
    return session


def leave_a_branch(session):
    """Of the first episode, by hand; time is frozen, so that others can be looked at."""
    run(session, 12)
    say(session, "rewind", step=5)
    say(session, "take_over", holder="me")
    drive(session, 3)
    say(session, "stop")
    say(session, "pause")


def sources(session):
    return [record.control_source for record in session.episode.records]
