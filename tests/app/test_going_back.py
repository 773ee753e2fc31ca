"""A session goes back in time, and on from there in a branch."""

from __future__ import annotations

import numpy as np
import pytest
from by_hand import drive, leave_a_branch, run, say, steps, with_lockstep

from records.log import read_episode


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


def test_every_episode_that_can_be_gone_back_to_is_listed_with_its_parent(make):
    session = make()
    run(session, 12)
    say(session, "rewind", step=5)
    say(session, "take_over", holder="me")
    drive(session, 3)
    first, second = say(session, "episodes")["episodes"]
    assert (first["parent"], first["outcome"], second["parent"]) == (None, "aborted", "episode-001")
    assert second["human"] == [[5, 8]] and second["first"] == 5


def test_the_tokens_of_the_step_that_is_looked_at_are_shown(make):
    session = make()
    run(session, 12)
    say(session, "pause")
    now = session.status["tokens"]
    record = next(each for each in session.episode.records if each.token_row == 3)
    seen = say(session, "look", step=record.step)["tokens"]
    assert seen["chosen"] == record.intent.tokens[3].tolist() and len(seen["probabilities"]) == 7
    say(session, "pause")
    steps(session, 1)
    assert now is not None and session.status["looked"] is None and session.status["tokens"] is not None


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
