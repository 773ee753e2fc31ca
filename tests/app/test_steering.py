"""A policy that runs is steered: by moved things, pinned tokens and other words."""

from __future__ import annotations

import numpy as np
import pytest
from by_hand import run, say, steps, with_lockstep

from records.log import read_episode
from scenes import TabletopEnv


def test_a_nudge_is_recorded_and_replayed_exactly(make):
    session = make()
    run(session, 10)
    name = session.robot.env.movable[0]
    say(session, "nudge", name=name, offset=[0.03, -0.02, 0.0])
    steps(session, 10)
    session.journal.recorder.flush(10)
    records = read_episode(session.episode.log_path).records
    assert records[10].nudges == ((name, (0.03, -0.02, 0.0)),) and "by hand" in records[10].events[0]
    env = TabletopEnv()
    env.world.reset(7)
    env.set_state(records[0].state)
    for record in records[:-1]:
        for moved, offset in record.nudges:
            env.nudge(moved, offset)
        assert np.array_equal(env.get_state(), record.state)
        env.world.step(record.action)


@pytest.mark.parametrize(
    ("name", "offset", "why"),
    [("drawer", [0, 0, 0], "There is no 'drawer' to move"), ("", [5, 0, 0], "keep it on the table")],
)
def test_what_cannot_be_moved_or_not_there_stays_where_it_is(make, name, offset, why):
    session = make()
    before = session.robot.env.get_state()
    status = session.command("nudge", {"name": name or session.robot.env.movable[0], "offset": offset})
    assert why in status["error"]
    assert np.array_equal(session.robot.env.get_state(), before)


def test_pinned_tokens_steer_the_motion_and_are_on_record(make):
    session = with_lockstep(make(), delay=1)
    run(session, 10)
    status = say(session, "pin_tokens", pins={"z": 9}, steps=12)
    assert status["tokens"]["chosen"] == [5] * 7
    steps(session, 14)
    pinned = [record for record in session.episode.records if record.pins is not None]
    assert [record.step for record in pinned] == list(range(10, 22))
    assert all(record.action[2] > 0.79 and record.pins[2] == 9 for record in pinned[1:])
    assert session.status["line"]["human"] == [[10, 22]]
    session.journal.recorder.flush(10)
    kept = read_episode(session.episode.log_path).records
    assert [record.pins for record in kept] == [record.pins for record in session.episode.records]


@pytest.mark.parametrize(
    ("pins", "steps_", "why"),
    [({"w": 3}, 5, "no dimension 'w'"), ({"x": 10}, 5, "no bin 10"), ({"x": 1}, 0, "1 to 200"), ("x", 5, "{dimension")],
)
def test_a_pin_outside_the_grid_is_refused(make, pins, steps_, why):
    session = make()
    run(session, 4)
    assert why in session.command("pin_tokens", {"pins": pins, "steps": steps_})["error"]
    assert session.robot.driver.runtime.pins_at(4) is None


def test_tokens_are_pinned_only_while_the_policy_drives(make):
    assert "while the policy drives" in make().command("pin_tokens", {"pins": {"x": 1}, "steps": 5})["error"]


def test_where_pinned_tokens_would_lead_is_seen_before_they_do(make):
    session = with_lockstep(make(), delay=1)
    run(session, 10)
    assert "Press Pause first" in session.command("preview_tokens", {"pins": {"z": 9}, "steps": 20})["error"]
    say(session, "pause")
    before = session.robot.env.get_state()
    ghost = say(session, "preview_tokens", pins={"z": 9}, steps=20)["ghost"]
    coarse, refined = np.array(ghost["coarse"]), np.array(ghost["refined"])
    assert coarse.shape == (21, 3) and (np.diff(coarse[:, 2]) > 0.017).all()
    assert refined.shape == (6, 3) and (np.diff(refined[:, 2]) > 0.015).all()
    assert np.array_equal(session.robot.env.get_state(), before)
    say(session, "step")
    steps(session, 1)
    assert session.status["ghost"] is None and session.episode.records[-1].pins is None


def test_several_instructions_are_carried_out_one_after_another(make, monkeypatch):
    session = make(confirm_steps=1)
    first, second = session.status["suggestions"][:2]
    status = say(session, "run", instruction=f"{first}; {second};")
    assert (status["instruction"], status["plan"]) == (first, [second])
    steps(session, 3)
    monkeypatch.setattr(session.robot.env, "success", lambda: True)
    steps(session, 1)
    assert session.status["outcome"] == "success" and f"Next: “{second}”" in session.status["message"]
    monkeypatch.setattr(session.robot.env, "success", lambda: False)
    steps(session, 60)
    status = session.status
    assert (status["instruction"], status["state"], status["episode"]) == (second, "running", "episode-002")
    assert status["plan"] == []


def test_what_fails_or_is_stopped_is_followed_by_nothing(make):
    session = make()
    first, second = session.status["suggestions"][:2]
    say(session, "run", instruction=f"{first}; {second}")
    steps(session, 3)
    assert say(session, "stop")["plan"] == []
    assert "Type an instruction" in session.command("run", {"instruction": " ; ;"})["error"]
