"""What is shown, forgotten or not saved: said by name, and never a reason to fail."""

from __future__ import annotations

import pytest
from by_hand import drive, leave_a_branch, run, say

from app.session import journal
from app.session.recorder import Recorder
from records.log import EpisodeWriter, read_episode


@pytest.fixture
def forgetful(monkeypatch):
    monkeypatch.setattr(journal, "KEPT_STEPS", 30)


def test_an_episode_that_is_shown_may_be_forgotten(make, forgetful):
    session = make(time_limit=20)
    for _ in range(2):
        run(session, 80)  # to its end, and until everything is at rest
    first = session.journal.tree()[0]["episode"]
    assert say(session, "look", step=3, episode=first)["looked_line"]["episode"] == first
    status = say(session, "take_over", holder="me")
    assert status["looked"] is None and first not in [each["episode"] for each in session.journal.tree()]
    drive(session, 3)
    assert session.status["driver"] == "human"


def test_what_a_human_goes_on_from_is_not_forgotten(make, forgetful):
    session = make()
    run(session, 40)
    say(session, "rewind", step=5)
    status = say(session, "take_over", holder="me")
    assert status["branch"] == ["episode-001", 5]
    drive(session, 3)
    assert session.journal.find("episode-001", 5)[1].step == 5


def test_nobody_marks_an_episode_while_another_one_is_shown(make):
    session = make()
    leave_a_branch(session)
    say(session, "look", step=3, episode="episode-001")
    for command, given in (("finish", {"outcome": "success"}), ("mark_failure", {"holder": "me"})):
        assert "The live view shows episode-001" in session.command(command, given)["error"]
    assert session.episode.outcome is None


def test_an_episode_whose_last_part_was_not_written_says_so_after_its_end(make):
    class Full(EpisodeWriter):
        def close(self):
            raise OSError(28, "No space left on device")

    session = make(Recorder(Full), time_limit=5)
    run(session, 8)
    assert session.status["outcome"] == "failure" and session.journal.recorder.flush(5)
    session.refresh()
    message = session.status["message"]
    assert message.startswith("episode-001 is not saved whole.") and "free some space" in message


def test_what_happened_in_one_scene_is_no_event_of_the_next(make):
    session = make()
    run(session, 4)
    say(session, "pause")
    session.note("The red cube was moved by hand.")
    path = session.episode.log_path
    say(session, "reset", seed=8)
    run(session, 2)
    assert not any("by hand" in event for record in session.episode.records for event in record.events)
    assert session.journal.recorder.flush(5)
    assert any("moved by hand" in event for event in read_episode(path).records[-1].events)
