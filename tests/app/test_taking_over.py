"""A human in the session: takes the arm, moves it, hands it back."""

from __future__ import annotations

import time

import numpy as np
import pytest
from by_hand import FORWARD, drive, run, say, sources, steps, with_lockstep

from app.session.hand import SILENCE
from records.log import read_episode
from scenes.expert import expert_action


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


@pytest.mark.parametrize(
    ("command", "given"),
    [
        ("rewind", {"step": 1}),
        ("branch", {"step": 1, "driver": "human"}),
        ("finish", {"outcome": "success"}),
        ("nudge", {"name": "light", "offset": [0.5, 0.0, 0.0]}),
        ("run", {"instruction": "pick up the red cube"}),
        ("pause", {}),
        ("step", {}),
        ("reset", {"seed": 8}),
    ],
)
def test_who_watches_takes_no_scene_from_under_the_hands_of_who_drives(make, command, given):
    session = make()
    run(session, 2)
    say(session, "take_over", holder="me")
    drive(session, 3)
    say(session, "pause")
    before = session.robot.env.get_state()
    assert "Somebody else drives" in session.command(command, {**given, "holder": "you"})["error"]
    assert session.human and session.hand.holder == "me" and session.status["episode"] == "episode-001"
    assert (session.robot.env.get_state() == before).all()
    say(session, command, **given, holder="me")


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
