"""The operator's protocol: a failure is marked, undone and put right; a finished attempt is saved and makes way."""

from __future__ import annotations

import pytest
from by_hand import drive, run, say, sources, steps

from app.session.corrections import Corrections
from library.edits import read_edits
from records.log import read_episode
from scenes.language import interpret


def words_of(session, family):
    env = session.robot.env
    return next(each for each in env.suggestions() if interpret(each, env.objects).family == family)


def test_a_failure_ends_so_goes_back_two_seconds_and_a_human_has_the_arm(make, tmp_path):
    session = make()
    run(session, 60)
    status = say(session, "mark_failure", holder="me", seconds=2.0)
    assert (status["driver"], status["state"], status["episode"]) == ("human", "running", "episode-002")
    assert status["branch"] == ["episode-001", 19] and status["step"] == 19
    failed = session.journal.find("episode-001", 19)
    assert failed[0].outcome == "failure" and (session.robot.env.get_state() == failed[1].state).all()
    drive(session, 5)
    assert sources(session) == ["human"] * 5
    assert session.journal.recorder.flush(5)
    last = read_episode(tmp_path / "episode-001.arrow").records[-1]
    assert (last.outcome, last.outcome_by) == ("failure", "human")
    assert read_episode(tmp_path / "episode-002.arrow").header.parent == "episode-001"


def test_time_goes_back_no_further_than_the_episode_and_by_what_is_asked(make):
    session = make()
    run(session, 10)
    assert say(session, "mark_failure", holder="me", seconds=30)["branch"] == ["episode-001", 0]
    drive(session, 20)
    status = say(session, "mark_failure", holder="me", seconds=0.5)  # whoever drives may fail, too
    assert status["branch"] == ["episode-002", 9] and status["driver"] == "human"
    for wrong in (-1, 61, "soon", True):
        assert "seconds" in session.command("mark_failure", {"holder": "me", "seconds": wrong})["error"]


def test_nothing_is_marked_before_anything_is_done_or_in_the_hands_of_somebody_else(make):
    session = make()
    assert "press Run first" in session.command("mark_failure", {"holder": "me"})["error"]
    run(session, 5)
    say(session, "take_over", holder="me")
    drive(session, 2)
    assert "Somebody else drives" in session.command("mark_failure", {"holder": "you"})["error"]
    assert session.episode.outcome is None and session.status["holder"] == "me"


def test_a_finished_attempt_is_labelled_by_the_human_saved_and_the_next_scene_runs(make, tmp_path):
    session = make()
    words = words_of(session, "pick")
    say(session, "run", instruction=words)
    steps(session, 5)
    say(session, "take_over", holder="me")
    drive(session, 8)
    status = say(session, "finish", outcome="success")
    log = read_episode(tmp_path / "episode-001.arrow")
    assert (log.records[-1].outcome, log.records[-1].outcome_by) == ("success", "human"), (
        "it is saved when that returns"
    )
    assert (status["seed"], status["state"], status["driver"]) == (8, "running", "policy")
    assert interpret(status["instruction"], status["objects"]).family == "pick"
    assert "episode-001 is saved as a success" in status["message"]
    assert status["corrections"]["useful"] == 1 and status["holder"] is None
    steps(session, 3)
    assert session.episode.id == "episode-002" and sources(session) != []


def test_what_comes_next_can_be_said_and_wrong_words_change_nothing(make):
    session = make()
    run(session, 3)
    for wrong in ({"outcome": "maybe"}, {"outcome": "success", "seed": -5}, {"outcome": "failure", "instruction": 7}):
        assert "error" in session.command("finish", wrong) and session.episode.outcome is None
    status = say(session, "finish", outcome="failure", instruction="press the button", seed=21)
    assert (status["seed"], status["instruction"]) == (21, "press the button")
    assert status["corrections"]["useful"] == 0
    assert "no attempt" in session.command("finish", {"outcome": "success"})["error"], "a key that was hit twice"


def test_a_human_overrules_how_an_episode_ended_beside_its_record(make, tmp_path):
    session = make(time_limit=10)
    run(session, 12)
    assert session.status["outcome"] == "failure"
    say(session, "finish", outcome="success")
    assert read_episode(tmp_path / "episode-001.arrow").records[-1].outcome == "failure"
    assert read_edits(tmp_path / "episode-001.arrow").outcome == "success"


def test_without_a_policy_the_next_scene_waits_with_its_words(make):
    session = make(policy=False)
    session.adopt(None, "The checkpoint is damaged.")
    words = session.robot.env.suggestions()[0]
    session.instruction = words
    say(session, "take_over", holder="me")
    drive(session, 3)
    status = say(session, "finish", outcome="failure", instruction="")
    assert (status["state"], status["seed"]) == ("idle", 8) and status["instruction"]


def test_seconds_at_the_arm_are_counted_for_each_correction_that_helped():
    now = 0.0
    corrections = Corrections(lambda: now)
    assert corrections.shown() == {"useful": 0, "seconds": 0.0, "seconds_each": None}
    corrections.take()
    now = 6.0
    corrections.take()  # asked for once more
    assert corrections.shown()["seconds"] == 6.0
    corrections.let_go()
    corrections.ended(success=False, by_hand=True)
    now = 100.0
    corrections.take()
    now = 104.0
    corrections.let_go()
    corrections.ended(success=True, by_hand=True)
    corrections.ended(success=True, by_hand=False)
    assert corrections.shown() == {"useful": 1, "seconds": 10.0, "seconds_each": pytest.approx(10.0)}
