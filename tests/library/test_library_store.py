"""A library on disk: opened whatever lies in it, changed one step at a time, counted from what is there."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from library.edits import read_edits
from library.errors import LibraryError
from library.files import only_writer
from library.select import Selection, choose
from library.store import Library
from records import Outcome
from records.log import EpisodeHeader, EpisodeWriter
from tests.library.recorded import make_library, make_record, write_episode


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return make_library(tmp_path / "demos")


def test_a_library_says_who_drove_how_it_ended_and_who_said_so(tmp_path: Path) -> None:
    header = EpisodeHeader(
        "e", "pick up the red cube", 7, 5.0, "asynchronous", 250.0, "episode-001", 3, "tabletop", "ab"
    )
    write_episode(tmp_path / "e.arrow", header, ["policy"] * 5 + ["human"] * 4 + ["policy"] + ["human"] * 2, start=3)
    (episode,) = Library(tmp_path).episodes
    shown = episode.summary()
    assert (shown["outcome"], shown["outcome_by"], shown["steps"], shown["first"]) == ("success", "success test", 12, 3)
    assert shown["drivers"] == {"human": 6, "policy": 6}
    assert (shown["interventions"], shown["proposals"]) == (2, 6)
    assert (shown["checkpoint"], shown["parent"], shown["parent_step"], shown["seed"]) == (
        "tabletop",
        "episode-001",
        3,
        7,
    )


def test_a_bad_file_is_listed_with_its_reason_and_hides_no_other(library: Library) -> None:
    whole = (library.root / "episode-001.arrow").read_bytes()
    (library.root / "foreign.arrow").write_bytes(b"something else")
    (library.root / "empty.arrow").touch()
    (library.root / "cut.arrow").write_bytes(whole[: len(whole) // 2])
    (library.root / "episode-002.edits.json").write_text("{")
    library.refresh()
    found = {each.id: each for each in library.episodes}
    assert "no episode log" in str(found["foreign"].problem) and "no episode log" in str(found["empty"].problem)
    cut = found["cut"].facts
    assert cut is not None and cut.outcome == "aborted" and not cut.whole and 0 < cut.steps < 12
    assert "damaged" in str(found["episode-002"].problem) and found["episode-002"].outcome == "success"
    assert library.totals()["episodes"] == 4 and library.totals()["unreadable"] == 2
    with pytest.raises(LibraryError, match="cannot be read, so nothing can be said of it"):
        library.star("foreign")


def test_what_a_person_says_stays_and_the_log_is_never_touched(library: Library) -> None:
    log = library.root / "episode-001.arrow"
    before = log.read_bytes()
    library.star("episode-001")
    library.rename("episode-001", "  a slow pick ")
    library.label("episode-001", "failure")
    library.trim("episode-001", 2, 10)
    again = Library(library.root).find("a slow pick")
    assert (again.outcome, again.outcome_by, again.edits.starred, again.span) == ("failure", "human", True, (2, 10))
    assert Library(library.root).label("a slow pick", None).outcome_by == "success test"
    assert log.read_bytes() == before


@pytest.mark.parametrize("name", ["../up", "a/b", "a\\b", ".hidden", "a\nb", "x" * 81])
def test_names_with_path_characters_are_refused(library: Library, name: str) -> None:
    with pytest.raises(LibraryError, match="name"):
        library.rename("episode-001", name)
    assert Library(library.root).find("episode-001").edits.name == ""


def test_steps_and_outcomes_that_there_are_not_are_refused(library: Library) -> None:
    for first, end in ((5, 5), (-1, 4), (0, 99)):
        with pytest.raises(LibraryError, match="has the control steps 0 to 11"):
            library.trim("episode-001", first, end)
    with pytest.raises(LibraryError, match="choose success, failure"):
        library.label("episode-001", "splendid")
    with pytest.raises(LibraryError, match="no episode 'nothing'"):
        library.star("nothing")


def test_the_deleted_come_back_with_all_that_was_said_of_them(library: Library) -> None:
    library.star("episode-002")
    (library.root / "episode-002.rrd").write_bytes(b"rerun")
    library.delete("episode-002")
    assert [each.id for each in Library(library.root).episodes] == ["episode-001", "episode-003"]
    assert not list(library.root.glob("episode-002*"))
    assert [each.id for each in library.deleted] == ["episode-002"]
    assert library.undelete("episode-002")[0].edits.starred
    assert (library.root / "episode-002.rrd").read_bytes() == b"rerun"
    with pytest.raises(LibraryError, match="in the trash"):
        library.undelete("episode-002")


def test_a_stretch_that_is_trimmed_away_warns_of_nothing_any_more(tmp_path: Path) -> None:
    words = "pick up the red cube"
    writer = EpisodeWriter(tmp_path / "e.arrow", EpisodeHeader("e", words, 7, 0.0))
    for step in range(80):
        hand = np.array([0.01 * max(0, step - 40), 0, 0.2], np.float32)
        outcome: Outcome | None = "success" if step == 79 else None
        writer.append(make_record("e", step, "human", words, hand=hand, outcome=outcome))
    writer.close()
    library = Library(tmp_path)
    assert [each.kind for each in library.find("e").warnings] == ["idle"]
    assert library.trim("e", 38, None).warnings == () == Library(tmp_path).find("e").warnings
    assert [each.kind for each in library.trim("e", 2, 60).warnings] == ["idle"]
    assert "from step 2 on" in Library(tmp_path).find("e").warnings[0].sentence
    assert library.trim("e", None, None).edits.warnings is None
    assert [each.kind for each in library.find("e").warnings] == ["idle"]


def test_what_is_being_recorded_is_not_deleted_and_what_was_asked_with_it_stays_too(library: Library) -> None:
    path = library.root / "episode-004.arrow"
    writer = EpisodeWriter(path, EpisodeHeader("episode-004", "pick up the red cube", 7, 99.0))
    writer.append(make_record("episode-004", 0, "policy", "pick up the red cube"))
    library.refresh()
    with pytest.raises(LibraryError, match="episode-004 is being recorded"):
        library.delete("episode-001", "episode-004")
    assert library.find("episode-001").path.exists() and path.exists()
    writer.append(make_record("episode-004", 1, "policy", "pick up the red cube", outcome="success"))
    writer.close()
    library.delete("episode-004")
    assert [each.steps for each in library.deleted] == [2]


def test_nothing_in_the_trash_is_overwritten(library: Library) -> None:
    library.delete("episode-001")
    shutil.copy(library.root / "episode-002.arrow", library.root / "episode-001.arrow")
    library.refresh()
    with pytest.raises(LibraryError, match="undelete that one first"):
        library.delete("episode-001")
    with pytest.raises(LibraryError, match="delete that one first"):
        library.undelete("episode-001")


def test_the_index_follows_the_disk_and_may_be_lost(library: Library) -> None:
    index = library.root / ".index.json"
    assert index.is_file()
    header = EpisodeHeader("episode-002", "press the red button", 7, 99.0)
    write_episode(library.root / "episode-002.arrow", header, ["human"] * 5)
    assert Library(library.root).find("episode-002").steps == 5
    for damage in (b"", b"{}", b'{"version": 1, "episodes": {"episode-001": {"size": 1}}}'):
        index.write_bytes(damage)
        assert Library(library.root).totals() == {**library.totals(), **Library(library.root).totals()}
        assert len(Library(library.root).episodes) == 3


def test_folders_of_folders_are_a_library_too(tmp_path: Path) -> None:
    for run in ("monday", "tuesday"):
        make_library(tmp_path / run)
    library = Library(tmp_path)
    assert library.totals()["episodes"] == 6
    with pytest.raises(LibraryError, match="monday/episode-001 or tuesday/episode-001"):
        library.find("episode-001")
    library.delete("monday/episode-001")
    assert (tmp_path / "trash" / "monday" / "episode-001.arrow").is_file()
    assert library.undelete("monday/episode-001")[0].id == "monday/episode-001"


def test_of_two_processes_that_change_a_library_the_second_is_told(library: Library) -> None:
    with only_writer(library.root, "library"), pytest.raises(LibraryError, match="Another process is changing"):
        library.star("episode-001")
    assert not read_edits(library.root / "episode-001.arrow").starred


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may have a single byte: writing fails as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_refuses_a_change_and_keeps_what_was_there(library: Library) -> None:
    library.rename("episode-001", "kept")
    (library.root / ".index.json").unlink()
    with full_disk():
        opened = Library(library.root)  # without an index, and without room for one
        with pytest.raises(LibraryError, match="make room"):
            opened.label("episode-001", "failure")
    again = Library(library.root).find("episode-001")
    assert (again.edits.name, again.outcome) == ("kept", "success")
    assert not list(library.root.glob("*.unfinished"))


def test_episodes_are_chosen_by_outcome_words_and_driver(library: Library) -> None:
    library.label("episode-002", "failure")
    found = library.episodes

    def ids(selection: Selection, **order: object) -> list[str]:
        return [each.id for each in choose(found, selection, **order)]  # type: ignore[arg-type]

    found = library.episodes
    assert ids(Selection.of("failure,refused")) == ["episode-002"]
    assert ids(Selection(task="cube RED")) == ["episode-001", "episode-002"]
    assert ids(Selection(driver="human")) == ["episode-003"]
    assert ids(Selection(), sort="human", reverse=True)[0] == "episode-003"
    with pytest.raises(LibraryError, match="no order"):
        ids(Selection(), sort="luck")


def test_the_words_that_count_are_the_last(tmp_path: Path) -> None:
    header = EpisodeHeader("e", "first words", 7, 0.0)
    write_episode(tmp_path / "e.arrow", header, ["policy"] * 4, words="last words")
    assert Library(tmp_path).find("e").summary()["instruction"] == "last words"
