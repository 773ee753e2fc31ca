"""An episode that lies on disk is looked at, played and gone back to, whichever run recorded it."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from recorded_log import NOT_A_SCENE, write_foreign

from app.session.protocol import SessionSettings
from app.session.recalled import LEAD
from app.session.recorder import Recorder
from app.session.session import Session
from app.session.watchers import Watchers
from records import CONTROL_PERIOD
from records.log import read_episode
from scenes import TabletopEnv


class Watched(Watchers):
    """Keeps what the live view and Rerun are told."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[tuple[int, int]] = []
        self.told: list[tuple[object, ...]] = []

    def pose(self, qpos, coarse_path, refined_path, step, stamp, seed, *more, **named) -> None:  # type: ignore[no-untyped-def]
        self.shown.append((seed, step))

    def show_episode(self, identifier, instruction, geometry) -> None:  # type: ignore[no-untyped-def]
        self.told.append(("episode", identifier))

    def show_step(self, record, poses) -> None:  # type: ignore[no-untyped-def]
        self.told.append(("step", record.step, poses))
        if record.outcome is not None:
            self.told.append(("end", record.outcome))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty steps of a hand in scene 11, and the step that ended it."""
    recorder = Recorder()
    folder = tmp_path_factory.mktemp("yesterday")
    session = Session(SessionSettings(Path("none"), seed=11, folder=folder), Watchers(), recorder)
    session.command("take_over", {"holder": "somebody"})
    for number in range(20):
        session.drive({"holder": "somebody", "action": [0, 0, 0.5, 0, 0, 0, -1], "number": number})
        session.control_step(time.monotonic(), lambda due: None)
        time.sleep(0.05)
    session.command("stop", {})
    session.close()
    recorder.close()
    return folder / "episode-001.arrow"


@pytest.fixture
def today(tmp_path: Path):  # type: ignore[no-untyped-def]
    recorder = Recorder()
    watchers = Watched()
    session = Session(SessionSettings(Path("none"), seed=7, folder=tmp_path), watchers, recorder)
    yield session, watchers
    session.close()
    recorder.close()


def read_whole(session: Session, name: str) -> None:
    deadline = time.monotonic() + 20
    while session.journal.find(name, session.journal.tree()[-1]["first"])[0].reading:  # type: ignore[attr-defined]
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_episode_of_another_run_is_shown_as_it_was_and_the_scene_stays(today, log):  # type: ignore[no-untyped-def]
    session, watchers = today
    status = session.command("open", {"path": str(log), "name": "yesterday/episode-001"})
    assert status["looked"] == ["yesterday/episode-001", 0] and "error" not in status
    assert watchers.shown[-1] == (11, 0) and status["seed"] == 7
    assert session.command("look", {"step": 5, "episode": "yesterday/episode-001"})["looked"][1] == 5
    assert session.command("status", {})["looked_line"]["human"]


def test_playing_shows_every_step_in_the_live_view_and_tells_rerun_the_same(today, log):  # type: ignore[no-untyped-def]
    session, watchers = today
    session.command("open", {"path": str(log), "name": "yesterday/episode-001"})
    read_whole(session, "yesterday/episode-001")
    records = read_episode(log).records
    assert session.command("play", {})["playing"] == 1
    watchers.shown.clear()
    while session.player.busy:
        session.play_step()
    assert [step for _, step in watchers.shown] == [record.step for record in records]
    told = watchers.told
    assert told[0] == ("episode", "yesterday/episode-001") and told[-1] == ("end", "aborted")
    env = TabletopEnv()
    for said, record in zip(told[1:-1], records, strict=True):
        env.set_state(record.state)
        assert said[1] == record.step
        np.testing.assert_array_equal(said[2][0], env.body_poses()[0])
    assert session.status["looked"] == ["yesterday/episode-001", records[-1].step]


def test_rerun_is_told_all_of_an_episode_that_is_looked_at_and_nothing_twice(today, log):  # type: ignore[no-untyped-def]
    session, watchers = today
    session.command("open", {"path": str(log), "name": "y/episode-001"})
    read_whole(session, "y/episode-001")
    for step in (15, 4, 17):
        session.command("look", {"step": step, "episode": "y/episode-001"})
        while session.player.busy:
            session.play_step()
        assert session.status["looked"] == ["y/episode-001", step] and not session.status["playing"]
    assert watchers.told[0] == ("episode", "y/episode-001")
    steps = [said[1] for said in watchers.told[1:] if said[0] == "step"]
    assert steps == [record.step for record in read_episode(log).records]


def test_who_watches_anew_is_shown_what_is_looked_at(today, log):  # type: ignore[no-untyped-def]
    session, watchers = today
    session.command("open", {"path": str(log), "name": "y/episode-001", "step": 6})
    watchers.shown.clear()
    watchers.told.clear()
    session.watched_anew("Rerun was started again.")
    assert watchers.shown == [(11, 6)]
    while not watchers.told:
        session.play_step()
    assert watchers.told[0] == ("episode", "y/episode-001")
    assert [said[1] for said in watchers.told[1:]] == list(range(8)), "the others follow turn by turn"


def test_rerun_is_shown_a_scene_in_which_nothing_was_asked_yet(tmp_path, monkeypatch):  # type: ignore[no-untyped-def]
    scenes = []
    monkeypatch.setattr(Watched, "recorded", True)
    monkeypatch.setattr(Watched, "show_scene", lambda self, *told: scenes.append(told))
    recorder = Recorder()
    session = Session(SessionSettings(Path("none"), seed=7, folder=tmp_path), Watched(), recorder)
    session.command("reset", {"seed": 8})
    assert [name for name, *_ in scenes] == ["scene-7", "scene-8"]
    assert all(record.observation is not None and record.outcome is None for _, _, record, _ in scenes)
    session.close()
    recorder.close()


def test_an_episode_that_rerun_followed_is_not_told_again(today, log):  # type: ignore[no-untyped-def]
    session, watchers = today
    session.command("take_over", {"holder": "me"})
    for number in range(3):
        session.drive({"holder": "me", "action": [0, 0, 0.5, 0, 0, 0, -1], "number": number})
        session.control_step(time.monotonic(), lambda due: None)
    session.command("stop", {})
    session.command("pause", {})
    status = session.command("look", {"step": 1})
    assert status["looked"][1] == 1 and status["recording"] == watchers.present
    while session.player.busy:
        session.play_step()
    assert watchers.told == []


def test_an_arm_that_holds_for_nobody_is_frozen_to_look_at_something_else(today, log):  # type: ignore[no-untyped-def]
    session, _ = today
    session.command("take_over", {"holder": "me"})
    assert "press Pause" in session.command("open", {"path": str(log), "name": "y/episode-001"})["error"]
    session.command("stop", {})
    assert session.status["state"] == "holding"
    status = session.command("open", {"path": str(log), "name": "y/episode-001"})
    assert (status["state"], status["looked"]) == ("paused", ["y/episode-001", 0]) and "error" not in status
    assert session.command("pause", {})["state"] == "holding", "it goes on as it was"


def test_the_first_pictures_of_an_episode_come_before_the_rest_of_it_and_before_rerun(today, log):  # type: ignore[no-untyped-def]
    session, watchers = today
    session.command("open", {"path": str(log), "name": "y/episode-001"})
    episode = session.journal.known("y/episode-001")
    session.command("play", {})
    while episode.fresh:
        session.play_step()
        if episode.fresh:
            assert watchers.told == []
            assert len(episode.records) <= session.player.looked[1] + LEAD + 2
        time.sleep(CONTROL_PERIOD)
    assert session.status["looked"][1] > 0, "it plays meanwhile"
    while session.player.busy:
        session.play_step()
    assert watchers.told[-1] == ("end", "aborted")


def test_whoever_waits_for_a_later_step_does_not_wait_for_pictures(today, log, monkeypatch):  # type: ignore[no-untyped-def]
    monkeypatch.setattr("app.session.recalled.CALM_SECONDS", 3600.0)
    session, _ = today
    session.command("open", {"path": str(log), "name": "y/episode-001", "step": 19})
    assert session.status["looked"] == ["y/episode-001", 19]


def test_whoever_looks_at_an_older_episode_does_not_wait_for_the_newest(today, log, tmp_path, monkeypatch):  # type: ignore[no-untyped-def]
    monkeypatch.setattr("app.session.reader.CALM_SECONDS", 3600.0)
    monkeypatch.setattr("app.session.recalled.CALM_SECONDS", 3600.0)
    session, _ = today
    other = tmp_path / "episode-002.arrow"
    other.write_bytes(log.read_bytes())
    for path in (log, other):
        session.command("open", {"path": str(path), "name": f"y/{path.stem}"})
    status = session.command("look", {"step": 19, "episode": "y/episode-001"})
    assert status["looked"] == ["y/episode-001", 19] and "error" not in status


def test_a_play_that_has_caught_up_with_reading_goes_on_from_there(today, log, monkeypatch):  # type: ignore[no-untyped-def]
    monkeypatch.setattr("app.session.recalled.CALM_SECONDS", 3600.0)
    session, _ = today
    session.command("open", {"path": str(log), "name": "y/episode-001"})
    episode = session.journal.known("y/episode-001")
    while len(episode.records) <= LEAD:
        time.sleep(0.01)
    session.command("look", {"step": episode.records[-1].step, "episode": "y/episode-001"})
    last = session.status["looked"][1]
    session.command("play", {"speed": 4})
    session.play_step()
    assert episode.reading and session.status["looked"][1] >= last > 0


def test_of_episodes_that_are_opened_in_a_row_all_are_read(today, log, tmp_path):  # type: ignore[no-untyped-def]
    session, _ = today
    other = tmp_path / "episode-002.arrow"
    other.write_bytes(log.read_bytes())
    for path in (log, other, log, other, log):
        assert "error" not in session.command("open", {"path": str(path), "name": f"y/{path.stem}"})
    for name in ("y/episode-001", "y/episode-002"):
        deadline = time.monotonic() + 20
        while session.journal.known(name).reading:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert len(session.journal.known(name).records) == len(read_episode(log).records)


def test_a_play_that_was_halted_goes_on_in_the_same_recording(today, log):  # type: ignore[no-untyped-def]
    session, watchers = today
    session.command("open", {"path": str(log), "name": "y/episode-001"})
    read_whole(session, "y/episode-001")
    session.command("play", {"speed": 4})
    while session.journal.known("y/episode-001").fresh:
        time.sleep(0.05)
    session.play_step()
    before = len(watchers.told)
    assert session.command("play", {"on": False})["playing"] is None
    step = session.status["looked"][1]
    session.command("play", {"speed": 0.5})
    session.play_step()
    assert session.status["looked"][1] in (step, step + 1)
    steps = [said[1] for said in watchers.told if said[0] == "step"]
    assert steps == list(range(len(steps))), "Rerun misses no step and gets none twice"
    assert len(watchers.told) > before > 1 and watchers.told.count(("episode", "y/episode-001")) == 1


def test_the_scene_goes_to_a_step_of_it_bit_for_bit_and_a_human_goes_on(today, log):  # type: ignore[no-untyped-def]
    session, _ = today
    session.command("open", {"path": str(log), "name": "y/episode-001", "step": 9})
    status = session.command("rewind", {"step": 9, "episode": "y/episode-001"})
    assert (status["state"], status["rewound"], status["seed"]) == ("paused", ["y/episode-001", 9], 11)
    np.testing.assert_array_equal(session.robot.env.get_state(), read_episode(log).records[9].state)
    status = session.command("take_over", {"holder": "me"})
    assert status["driver"] == "human" and status["branch"] == ["y/episode-001", 9]
    session.control_step(time.monotonic(), lambda due: None)
    assert session.status["step"] == 10


def test_what_cannot_be_opened_is_refused_with_a_reason_and_nothing_is_done(today, log, tmp_path):  # type: ignore[no-untyped-def]
    session, watchers = today
    before = list(watchers.shown)
    cut = tmp_path / "cut.arrow"
    cut.write_bytes(log.read_bytes()[:200])
    foreign = write_foreign(tmp_path / "foreign.arrow")
    for path, words in (
        (None, "ends in .arrow"),
        (str(tmp_path / "none.arrow"), "deleted or moved"),
        (str(cut), "cannot be shown"),
        (str(foreign), NOT_A_SCENE),
    ):
        status = session.command("open", {"path": path})
        assert words in status["error"] and status["looked"] is None
    assert watchers.shown == before
    assert "open an episode" in session.command("play", {})["error"]
    assert "times as fast" in session.command("play", {"speed": 3})["error"]


def test_an_episode_that_is_running_is_not_hidden_by_an_old_one(today, log):  # type: ignore[no-untyped-def]
    session, _ = today
    session.command("take_over", {"holder": "me"})
    assert "press Pause" in session.command("open", {"path": str(log)})["error"]
    assert "press Pause" in session.command("play", {})["error"]


def test_an_episode_of_this_run_is_opened_from_memory(today, log):  # type: ignore[no-untyped-def]
    session, _ = today
    session.command("take_over", {"holder": "me"})
    for _ in range(3):
        session.control_step(time.monotonic(), lambda due: None)
    session.command("reset", {"seed": 7})
    assert session.journal.recorder.flush(5)
    status = session.command("open", {"path": str(session.settings.folder / "episode-001.arrow"), "name": "x/y"})
    assert status["looked"] == ["episode-001", 0]


def test_an_episode_with_a_damaged_end_is_shown_up_to_there(today, log, tmp_path):  # type: ignore[no-untyped-def]
    session, _ = today
    cut = tmp_path / "half.arrow"
    shutil.copy(log, cut)
    with cut.open("r+b") as file:
        file.truncate(cut.stat().st_size * 2 // 3)
    session.command("open", {"path": str(cut), "name": "half"})
    read_whole(session, "half")
    last = session.journal.tree()[-1]["step"] - 1
    assert 5 < last < 20
    assert session.command("look", {"step": last, "episode": "half"})["looked"] == ["half", last]
