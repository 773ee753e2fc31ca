"""A library as a LeRobotDataset: every number exact, every picture close, in whole batches."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from app.cli import main
from library.errors import LibraryError
from library.files import only_writer
from library.lerobot import dataset, video
from library.lerobot.exporting import export_episodes
from library.lerobot.meta import read_episodes, read_info, read_tasks
from library.lerobot.schema import VIDEO_PATH, camera_key
from library.lerobot.stats import aggregate, column_stats, picture_stats
from library.store import Library
from records.log import EpisodeHeader, EpisodeWriter, read_episode
from tests.library.dataset import psnr, rows
from tests.library.recorded import make_library, make_record, write_episode


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return make_library(tmp_path / "demos")


def test_every_number_is_that_of_the_record(library: Library, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report = export_episodes(library.episodes, out, quiet=True)
    assert (report.exported, report.episodes, report.frames) == (3, 3, 36)
    frames = rows(out)
    assert [row["index"] for row in frames] == list(range(36))
    records = [record for each in library.episodes for record in read_episode(each.path).records]
    for row, record in zip(frames, records, strict=True):
        assert np.array_equal(np.float32(row["action"]), record.action)
        assert np.array_equal(np.float32(row["commanded_action"]), record.commanded)
        assert np.array_equal(np.float32(row["policy_action"]), record.proposal)
        assert np.array_equal(np.float32(row["observation.state"]), record.observation.proprio)
        assert row["policy_action_valid"] and row["control_source"] == record.control_source
        assert row["intervention"] == (record.control_source == "human")
        assert row["planner.tokens"] == [-1] * 7 and row["control_step"] == record.step
        assert row["next.done"] == row["next.success"] == (record.outcome == "success")
        assert row["timestamp"] == np.float32(row["frame_index"] / 20)
        assert read_tasks(out)[row["task_index"]] == record.instruction


def test_several_episodes_share_a_video_and_each_is_found_in_it(library: Library, tmp_path: Path) -> None:
    export_episodes(library.episodes, tmp_path / "out", quiet=True)
    assert len(list((tmp_path / "out").glob("videos/*/*/*.mp4"))) == 2
    for episode, row in zip(library.episodes, read_episodes(tmp_path / "out"), strict=True):
        seen = [record.observation for record in read_episode(episode.path).records]
        for camera in ("front", "wrist"):
            path = tmp_path / "out" / VIDEO_PATH.format(video_key=camera_key(camera), chunk_index=0, file_index=0)
            begin = row[f"videos/{camera_key(camera)}/from_timestamp"]
            shown = list(video.read_pictures(path, begin, row["length"]))
            assert min(psnr(one, getattr(two, camera)) for one, two in zip(shown, seen, strict=True)) > 30
            shifted = [psnr(one, getattr(two, camera)) for one, two in zip(shown[1:], seen, strict=False)]
            assert np.mean(shifted) < 30, "these pictures differ from frame to frame"


def test_the_description_is_what_lerobot_wants(library: Library, tmp_path: Path) -> None:
    export_episodes(library.episodes, tmp_path / "out", quiet=True)
    info = read_info(tmp_path / "out")
    assert (info["codebase_version"], info["fps"], info["total_episodes"], info["total_frames"]) == ("v3.0", 20, 3, 36)
    columns = {*pq.read_schema(next((tmp_path / "out").glob("data/*/*.parquet"))).names}
    assert columns | {"observation.images.front", "observation.images.wrist"} == {*info["features"]}
    index = json.loads(pq.read_schema(tmp_path / "out/meta/tasks.parquet").metadata[b"pandas"])["index_columns"]
    assert index == ["task"]
    stats = json.loads((tmp_path / "out/meta/stats.json").read_text())
    actions = np.array([row["action"] for row in rows(tmp_path / "out")])
    assert np.allclose(stats["action"]["mean"], actions.mean(0)) and np.allclose(stats["action"]["std"], actions.std(0))
    assert np.shape(stats["observation.images.front"]["mean"]) == (3, 1, 1)
    assert "3 episodes, 36 frames" in (tmp_path / "out/README.md").read_text()


def test_statistics_of_parts_are_those_of_the_whole() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(3, 2, (90, 4))
    both = aggregate([column_stats(values[:30]), column_stats(values[30:])])
    whole = column_stats(values)
    for name in ("min", "max", "mean", "std", "count"):
        assert np.allclose(both[name], whole[name])
    pictures = list(rng.integers(0, 256, (5, 8, 8, 3)).astype(np.uint8))
    found = picture_stats(pictures)
    assert np.allclose(np.ravel(found["mean"]), np.mean(pictures, (0, 1, 2)) / 255)
    assert np.allclose(np.ravel(found["std"]), np.std(np.array(pictures) / 255, (0, 1, 2)))


def test_what_is_there_is_not_exported_again_and_what_is_new_is_appended(library: Library, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_episodes(library.episodes[:2], out, quiet=True)
    before = {path: path.read_bytes() for path in out.glob("videos/*/*/*")}
    report = export_episodes(library.episodes, out, quiet=True)
    assert (report.exported, report.there, report.episodes) == (1, 2, 3)
    assert all(path.read_bytes() == data for path, data in before.items())
    assert [row["index"] for row in rows(out)] == list(range(36))
    assert [row["data/file_index"] for row in read_episodes(out)] == [0, 0, 1]


def test_an_export_that_was_interrupted_goes_on(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    monkeypatch.setattr(dataset, "BATCH", 1)

    class Killed(BaseException):
        pass

    def stop(path: Path) -> None:
        if "episodes" in str(path) and "file-001" in str(path):
            raise Killed

    monkeypatch.setattr(dataset, "_confirm", stop)
    with pytest.raises(Killed):
        export_episodes(library.episodes, out, quiet=True)
    (out / "data/chunk-000/file-007.parquet").write_bytes(b"left over")
    monkeypatch.undo()
    assert export_episodes(library.episodes, out, quiet=True).there == 1
    assert [row["index"] for row in rows(out)] == list(range(36))
    assert not list(out.rglob("*.unfinished")) and read_info(out)["total_episodes"] == 3


def test_an_export_that_was_killed_in_its_first_batch_begins_anew(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(dataset, "_confirm", stop)
    with pytest.raises(KeyboardInterrupt):
        export_episodes(library.episodes, tmp_path / "out", quiet=True)
    monkeypatch.undo()
    (tmp_path / "out/meta/tasks.parquet").unlink()  # as if it was killed while it drew
    assert export_episodes(library.episodes, tmp_path / "out", quiet=True).exported == 3


def test_rows_that_were_committed_before_the_description_are_kept(library: Library, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_episodes(library.episodes[:2], out, quiet=True)
    info = read_info(out)
    (out / "meta/info.json").write_text(json.dumps({**info, "total_episodes": 0}))
    assert export_episodes(library.episodes[:2], out, quiet=True).there == 2
    assert read_info(out) == info


@pytest.mark.parametrize(
    ("lost", "sentence"),
    [
        ("meta/episodes", "they have 0 episodes, in order, of 3"),
        ("meta/episodes/chunk-000/file-001.parquet", "they have 2 episodes, not in order, of 3"),
        ("meta/episodes/chunk-000/file-002.parquet", "they have 2 episodes, in order, of 3"),
        ("data/chunk-000/file-000.parquet", "lacks .*file-000.parquet"),
        ("videos/observation.images.wrist", r"lacks .*file-000\.mp4 and 2 more files"),
    ],
)
def test_a_data_set_that_lost_something_is_refused_and_nothing_is_deleted(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: str, sentence: str
) -> None:
    out = tmp_path / "out"
    monkeypatch.setattr(dataset, "BATCH", 1)
    export_episodes(library.episodes, out, quiet=True)
    path = out / lost
    path.unlink() if path.is_file() else shutil.rmtree(path)
    before = {each: each.read_bytes() for each in out.rglob("*") if each.is_file()}
    with pytest.raises(LibraryError, match=sentence):
        export_episodes(library.episodes, out, quiet=True)
    assert {each: each.read_bytes() for each in out.rglob("*") if each.is_file()} == before


def test_trimmed_deleted_and_relabelled_episodes_are_exported_as_they_are_now(library: Library, tmp_path: Path) -> None:
    library.trim("episode-001", 3, 9)
    library.delete("episode-002")
    library.label("episode-003", "failure")
    export_episodes(library.episodes, tmp_path / "out", quiet=True)
    frames = rows(tmp_path / "out")
    assert [row["control_step"] for row in frames] == [*range(3, 9), *range(12)]
    assert [row["next.success"] for row in frames if row["next.done"]] == [False, False], "neither's end is a success"


def test_an_episode_ends_in_success_only_where_its_end_is_exported(library: Library, tmp_path: Path) -> None:
    write_episode(library.root / "held.arrow", EpisodeHeader("held", "go", 1, 9.0), ["policy"] * 5 + ["hold"] * 2)
    library.refresh()
    library.trim("episode-001", 3, None)
    library.trim("episode-002", None, 11)
    export_episodes(library.episodes, tmp_path / "out", quiet=True)
    ends = [row["next.success"] for row in rows(tmp_path / "out") if row["next.done"]]
    assert ends == [True, False, True, True], "after the last picture nothing is exported anyway"


def test_what_was_changed_since_it_was_exported_is_said(
    library: Library, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_episode(library.root / "held.arrow", EpisodeHeader("held", "go", 1, 9.0), ["hold"] + ["policy"] * 5)
    library.refresh()
    library.trim("episode-001", 2, 9)
    library.trim("held", 0, 5)
    export_episodes(library.episodes, tmp_path / "out", quiet=True)
    assert export_episodes(library.episodes, tmp_path / "out", quiet=True).changed == []
    library.trim("held", 1, 5)
    assert export_episodes(library.episodes, tmp_path / "out", quiet=True).changed == [], "it has no picture at 0"
    library.trim("episode-001", 3, 10)
    library.label("episode-002", "failure")
    library.trim("held", 1, 4)
    report = export_episodes(library.episodes, tmp_path / "out", quiet=True)
    assert (report.exported, report.there) == (0, 4)
    assert report.changed == ["episode-001", "episode-002", "held"]
    assert main(["export", str(library.root), str(tmp_path / "out")]) == 0
    assert "episode-001, episode-002, held. Export to a new folder" in capsys.readouterr().out


def test_episodes_without_outcome_are_refused_or_left_out(library: Library, tmp_path: Path) -> None:
    write_episode(library.root / "cut.arrow", EpisodeHeader("cut", "go", 1, 9.0), ["policy"] * 5, outcome=None)
    (library.root / "foreign.arrow").write_bytes(b"?")
    library.refresh()
    with pytest.raises(LibraryError, match=r"1 episodes have no outcome \(cut\).*--skip-unlabelled"):
        export_episodes(library.episodes, tmp_path / "out", quiet=True)
    assert not (tmp_path / "out").exists()
    report = export_episodes(library.episodes, tmp_path / "out", skip_unlabelled=True, quiet=True)
    assert (report.exported, report.unlabelled) == (3, ["cut"]) and "no episode log" in report.refused["foreign"]
    library.label("cut", "failure")
    assert export_episodes(library.episodes, tmp_path / "out", quiet=True).exported == 1


def test_another_data_set_is_not_touched(library: Library, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").touch()
    with pytest.raises(LibraryError, match="no data set"):
        export_episodes(library.episodes, other, quiet=True)
    export_episodes(library.episodes[:1], tmp_path / "out", quiet=True)
    path = tmp_path / "out/meta/info.json"
    good = path.read_text()
    for change, reason in (({"fps": 30}, "30 frames a second"), ({"codebase_version": "v2.1"}, "version v2.1")):
        path.write_text(json.dumps({**json.loads(good), **change}))
        with pytest.raises(LibraryError, match=reason):
            export_episodes(library.episodes, tmp_path / "out", quiet=True)
    info = json.loads(good)
    info["features"]["action"]["shape"] = [6]
    path.write_text(json.dumps(info))
    with pytest.raises(LibraryError, match="its action has shape"):
        export_episodes(library.episodes, tmp_path / "out", quiet=True)
    path.write_text(good)
    with only_writer(tmp_path / "out", "data set"), pytest.raises(LibraryError, match="Another process"):
        export_episodes(library.episodes, tmp_path / "out", quiet=True)
    with pytest.raises(LibraryError, match="No episode is meant"):
        export_episodes([], tmp_path / "out", quiet=True)


def test_pictures_of_another_size_are_refused_and_hide_no_other(library: Library, tmp_path: Path) -> None:
    export_episodes(library.episodes[:1], tmp_path / "out", quiet=True)
    writer = EpisodeWriter(library.root / "large.arrow", EpisodeHeader("large", "go", 1, 0.5))
    record = make_record("large", 0, "policy", "go", outcome="success")
    large = np.zeros((64, 64, 3), np.uint8)
    record.observation = replace(record.observation, front=large, wrist=large)
    writer.append(record)
    writer.close()
    library.refresh()
    report = export_episodes(library.episodes, tmp_path / "out", quiet=True)
    assert report.exported == 2 and "pictures of 64 pixels" in report.refused["large"]


def test_what_is_not_of_this_arm_is_refused_and_hides_no_other(library: Library, tmp_path: Path) -> None:
    flat = np.zeros((24, 32, 3), np.uint8)
    square = np.zeros((32, 32, 3), np.uint8)
    cases = {
        "wide": ({"front": flat, "wrist": flat}, "32 x 24 pixels"),
        "unlike": ({"front": square, "wrist": square[:16, :16]}, "16 x 16 and 32 x 32 pixels"),
        "numb": ({"proprio": np.zeros(6, np.float32)}, r"shape (6,)"),
        "foreign": ({}, "cannot be replayed here"),
    }
    for name, (change, _) in cases.items():
        schedule = "imported" if name == "foreign" else ""
        writer = EpisodeWriter(library.root / f"{name}.arrow", EpisodeHeader(name, "go", 1, 0.5, schedule))
        record = make_record(name, 0, "policy", "go", outcome="success")
        record.observation = replace(record.observation, **change)
        record.state = np.empty(0) if name == "foreign" else record.state
        writer.append(record)
        writer.close()
    library.refresh()
    report = export_episodes(library.episodes, tmp_path / "out", quiet=True)
    assert report.exported == 3 and {*report.refused} == {*cases}
    for name, (_, sentence) in cases.items():
        assert sentence in report.refused[name]
