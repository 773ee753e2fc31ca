"""A human in the session: takes the arm, moves it, hands it back, moves the world, goes back and branches."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from stand_in import load

from app.session.driver import PolicyDriver
from app.session.hand import SILENCE
from policy.runtime import Lockstep, Runtime, schedule_named
from records.log import read_episode
from scenes import TabletopEnv
from scenes.expert import expert_action

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


def test_take_over_acts_at_the_next_step_and_what_the_policy_planned_counts_no_more(make):
    session = make()
    run(session, 30)
    before = session.robot.generation
    assert say(session, "take_over", holder="me")["driver"] == "human"
    drive(session, 10)
    assert sources(session)[30:] == ["human"] * 10
    for record in session.episode.records[30:]:
        assert record.generation == before + 1 and np.allclose(record.action, FORWARD)
        assert record.observation is not None
        assert record.intent is None or (record.intent.generation == before + 1 and record.intent.step >= 30)
    assert session.status["state"] == "running"


def test_what_the_policy_would_do_is_kept_beside_what_a_human_does(make):
    session = with_lockstep(make(), delay=3)
    run(session, 12)
    say(session, "take_over", holder="me")
    drive(session, 20)
    driven = session.episode.records[12:]
    assert [record.proposal is None for record in driven[:3]] == [True] * 3, "nothing from before the take-over"
    assert all(record.proposal is not None for record in driven[6:])
    for record in driven[6:]:
        assert np.array_equal(record.action, np.float32(FORWARD)) and not np.array_equal(record.proposal, record.action)
        assert record.chunk.step >= 12 and record.step - record.chunk.start_step < 5
    steps(session, 1)
    assert session.episode.records[-1].proposal is not None


def test_new_words_while_a_human_drives_are_what_the_policy_proposes_for(make):
    session = with_lockstep(make(), delay=3)
    run(session, 5)
    say(session, "take_over", holder="me")
    drive(session, 10)
    say(session, "run", instruction=session.status["suggestions"][1])
    drive(session, 10)
    proposed = [record for record in session.episode.records[15:] if record.proposal is not None]
    assert proposed and all(record.intent.step >= 15 for record in proposed)


def test_a_policy_that_hangs_does_not_stop_who_drives_by_hand(make):
    session = make()
    run(session, 5)
    say(session, "take_over", holder="me")
    session.robot.driver.runtime.lost = True
    drive(session, 10)
    assert sources(session)[5:] == ["human"] * 10 and session.status["state"] == "running"


def test_an_episode_says_which_policy_it_is_of_and_who_said_how_it_ended(make, tmp_path):
    session = make()
    session.robot.driver.checkpoint = "tabletop", "0123456789abcdef"
    run(session, 3)
    say(session, "reset", seed=8)
    assert session.journal.recorder.flush(5)
    log = read_episode(tmp_path / "episode-001.arrow")
    assert (log.header.checkpoint, log.header.fingerprint) == ("tabletop", "0123456789abcdef")
    assert (log.records[-1].outcome, log.records[-1].outcome_by) == ("aborted", "human")


def test_without_commands_the_arm_holds_and_the_human_keeps_it(make):
    session = make()
    run(session, 5)
    say(session, "take_over", holder="me")
    steps(session, 3)
    assert sources(session)[5:] == ["hold"] * 3
    drive(session, 2)
    time.sleep(SILENCE + 0.02)
    steps(session, 2)
    assert sources(session)[-4:] == ["human", "human", "hold", "hold"]
    assert (session.status["driver"], session.status["state"]) == ("human", "holding")
    drive(session, 1)
    assert session.status["state"] == "running"


def test_hand_back_has_the_policy_look_anew(make):
    session = make()
    run(session, 20)
    say(session, "take_over", holder="me")
    drive(session, 5)
    taken = session.robot.generation
    status = say(session, "hand_back", holder="me")
    assert status["driver"] == "policy" and session.hand.holder is None
    for _ in range(200):
        steps(session, 1)
        time.sleep(0.002)
        if sources(session)[-1] == "policy":
            break
    first = next(each for each in session.episode.records[25:] if each.control_source == "policy")
    assert first.generation > taken and first.intent.step >= 25 and first.chunk.step >= 25


def test_only_who_holds_the_arm_may_hand_it_back(make):
    session = make()
    run(session, 2)
    say(session, "take_over", holder="me")
    assert "Somebody else drives" in session.command("take_over", {"holder": "you"})["error"]
    assert "Somebody else drives" in session.command("hand_back", {"holder": "you"})["error"]
    assert session.human and session.hand.holder == "me"
    assert "Say who drives" in session.command("take_over", {})["error"]


def test_stop_takes_the_arm_from_whoever_drives(make):
    session = make()
    run(session, 2)
    say(session, "take_over", holder="me")
    drive(session, 2)
    assert say(session, "stop")["state"] == "holding"
    steps(session, 2)
    assert sources(session)[-2:] == ["hold", "hold"] and session.hand.holder is None


def test_take_over_begins_an_episode_without_a_policy_and_without_words(make):
    session = make(policy=False)
    assert say(session, "take_over", holder="me")["step"] == 0
    drive(session, 4)
    assert session.status["episode"] == "episode-001" and sources(session) == ["human"] * 4
    assert "type an instruction" in session.command("hand_back", {"holder": "me"})["error"]


def test_new_words_leave_the_arm_to_the_human(make):
    session = make()
    run(session, 2)
    say(session, "take_over", holder="me")
    words = session.status["suggestions"][1]
    assert say(session, "run", instruction=words)["driver"] == "human"
    drive(session, 2)
    assert session.episode.records[-1].instruction == words


def test_a_task_that_a_human_does_is_a_success(make):
    session = make(confirm_steps=2)
    words = next(each for each in session.status["suggestions"] if each.startswith("pick"))
    say(session, "take_over", holder="me")
    say(session, "run", instruction=words)
    env = session.robot.env
    for _ in range(220):
        drive(session, 1, expert_action(env.world, env.goal))
        if session.status["outcome"]:
            break
    assert session.status["outcome"] == "success" and not session.human
    session.journal.recorder.flush(10)
    log = read_episode(session.episode.log_path)
    assert log.finished and {each.control_source for each in log.records[:-1]} == {"human"}


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


def test_going_back_restores_the_state_bit_for_bit_and_keeps_the_original(make):
    session = make()
    run(session, 40)
    first = session.episode
    status = say(session, "rewind", step=12)
    assert (status["state"], status["rewound"]) == ("paused", ["episode-001", 12])
    assert np.array_equal(session.robot.env.get_state(), first.records[12].state)
    assert first.outcome == "aborted" and len(first.records) == 41
    session.journal.recorder.flush(10)
    assert read_episode(first.log_path).finished


def test_going_on_from_there_repeats_the_original_exactly_in_lockstep(make):
    session = with_lockstep(make())
    run(session, 60)
    original = session.episode.records
    say(session, "rewind", step=25)
    say(session, "pause")
    steps(session, 30)
    again = session.episode.records
    assert session.status["branch"] == ["episode-001", 25]
    for one, other in zip(original[25:55], again, strict=True):
        assert one.step == other.step and np.array_equal(one.state, other.state)
        assert np.array_equal(one.action, other.action)


def test_a_branch_goes_on_by_hand_with_other_words_or_another_latency(make):
    session = make()
    run(session, 30)
    say(session, "pause")
    say(session, "branch", step=10, driver="human", holder="me")
    drive(session, 3)
    assert session.episode.header.parent == "episode-001" and session.episode.header.parent_step == 10
    assert [record.step for record in session.episode.records] == [10, 11, 12]
    say(session, "stop")
    words = session.status["suggestions"][1]
    status = say(session, "branch", episode="episode-001", step=20, instruction=words, planner_latency_ms=300)
    assert (status["instruction"], status["planner_latency_ms"], status["state"]) == (words, 300, "running")
    steps(session, 2)
    assert [each["parent"] for each in session.journal.tree()] == [None, "episode-001", "episode-001"]


@pytest.mark.parametrize(
    ("command", "arguments", "why"),
    [
        ("rewind", {"step": 99}, "has the control steps 0 to"),
        ("rewind", {"step": -1}, "whole number from 0 on"),
        ("rewind", {"step": 1, "episode": "episode-009"}, "There is no episode-009"),
        ("branch", {"step": 3, "driver": "cat"}, "policy or human"),
        ("branch", {"step": 3, "schedule": "never"}, "There is no schedule"),
        ("branch", {"step": 3, "planner_latency_ms": -4}, "0 to 1000 ms"),
        ("branch", {"step": 3, "driver": "human"}, "Say who drives"),
    ],
)
def test_what_makes_no_sense_is_refused_as_a_whole(make, command, arguments, why):
    session = make()
    run(session, 8)
    say(session, "pause")
    before = session.robot.env.get_state()
    assert why in session.command(command, arguments)["error"]
    assert (session.status["state"], session.status["episode"]) == ("paused", "episode-001")
    assert np.array_equal(session.robot.env.get_state(), before)


def test_a_branch_while_an_episode_runs_is_refused(make):
    session = make()
    run(session, 8)
    assert "press Pause or Stop first" in session.command("branch", {"step": 3})["error"]
    assert session.status["state"] == "running"


def test_there_is_nothing_to_go_back_to_before_the_first_episode(make):
    assert "run an instruction first" in make().command("rewind", {"step": 0})["error"]


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


def test_every_episode_that_can_be_gone_back_to_is_listed_with_its_parent(make):
    session = make()
    run(session, 12)
    say(session, "rewind", step=5)
    say(session, "take_over", holder="me")
    drive(session, 3)
    first, second = say(session, "episodes")["episodes"]
    assert (first["parent"], first["outcome"], second["parent"]) == (None, "aborted", "episode-001")
    assert second["human"] == [[5, 8]] and second["first"] == 5


def test_what_the_live_view_shows_instead_of_now_is_known_to_every_page(make):
    session = make()
    leave_a_branch(session)
    parent = session.journal.tree()[0]["episode"]
    shown = say(session, "look", step=9, episode=parent)
    assert shown["looked"] == [parent, 9] and shown["looked_line"]["episode"] == parent
    assert shown["line"]["episode"] == session.episode.id != parent
    here = say(session, "look", step=6, episode=session.episode.id)
    assert here["looked"] == [session.episode.id, 6] and here["looked_line"] is None
    say(session, "pause")
    steps(session, 1)
    assert session.status["looked"] is None, "time goes on: the live view shows now"


def test_of_a_branch_the_whole_tree_is_told(make, monkeypatch):
    session = make()
    told = []
    monkeypatch.setattr(session.journal._watchers, "episode", lambda *given: told.append(given[-1]))
    run(session, 12)
    for _ in range(2):
        say(session, "rewind", step=5, episode="episode-001")
        say(session, "take_over", holder="me")
        drive(session, 3)
    first, second, third = told
    assert first == {} and list(second) == ["episode-001"] and list(third) == ["episode-001", "episode-002"]
    assert third["episode-001"].shape == (13, 3)
    say(session, "reset", seed=7)
    run(session, 1)
    assert told[-1] == {}, "another scene is another tree"


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


def test_who_drove_and_is_gone_does_not_keep_the_arm_from_the_policy(make):
    session = make()
    run(session, 2)
    say(session, "take_over", holder="me")
    drive(session, 2)
    session.hand.let_go("me")  # as when a page's connection ends
    steps(session, 1)
    assert (sources(session)[-1], session.status["driver"]) == ("hold", "human")
    assert run(session)["driver"] == "policy"


def test_the_first_picture_of_a_motion_is_ahead_of_time_and_the_others_follow_in_theirs(make, monkeypatch):
    session = make()
    say(session, "take_over", holder="me")
    steps(session, 3)
    shown = []
    monkeypatch.setattr(session._watchers, "pose", lambda qpos, *rest, **more: shown.append(qpos))
    drive(session, 1)
    assert len(shown) == 3 and np.array_equal(shown[-1], session.robot.env.qpos)
    shown.clear()
    drive(session, 1)
    assert len(shown) == 5
