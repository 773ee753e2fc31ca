"""Two runs in lockstep give the same records, whatever the machine did meanwhile."""

from __future__ import annotations

import time
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from stand_in import load

from app.session.driver import PolicyDriver
from app.session.robot import NOBODY, POLICY, Robot
from app.session.watchers import Watchers
from policy.runtime import Lockstep, Runtime, schedule_named
from records import Chunk, Intent, Observation, StepRecord

MEASURED = {"wall_time", "due_late", "durations", "seen_at", "asked_at", "ready_at"}
"""what the clock on the wall says; all else must be the same"""


def plain(value):
    """Without what is measured, for comparison."""
    if isinstance(value, StepRecord | Intent | Chunk | Observation):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value) if each.name not in MEASURED}
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    return value


def play(schedule, delay, steps, pause=0.0):
    policy = load(Path("none"))
    driver = PolicyDriver(policy)
    driver.runtime.close()
    driver.runtime = Runtime(policy.planner, policy.refiner, schedule_named(schedule), Lockstep(delay))
    robot = Robot(7, Watchers())
    robot.driver = driver
    robot.new_generation()
    driver.runtime.reset(robot.generation, episode_seed=7)
    records = []
    for step in range(steps):
        time.sleep(pause)
        record = robot.decide("e", step, "pick up the red cube", POLICY if step != 9 else NOBODY)
        records.append(plain(record))
        robot.simulate(record.action, step)
    robot.close()
    return records


@pytest.mark.parametrize(("schedule", "delay"), [("asynchronous", 3), ("sequential", 2), ("synchronous", 1)])
def test_two_lockstep_runs_give_the_same_records(schedule, delay):
    one, other = play(schedule, delay, 16), play(schedule, delay, 16, pause=0.003)
    assert {record["control_source"] for record in one} == {"policy", "hold"}
    for before, after in zip(one, other, strict=True):
        assert before == after
