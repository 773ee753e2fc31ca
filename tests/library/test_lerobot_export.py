"""A library as a LeRobotDataset and back: every number exact, every picture close, in whole batches."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from library.errors import LibraryError
from library.files import only_writer
from library.lerobot import dataset, video
from library.lerobot.dataset import read_episodes, read_info, read_tasks
from library.lerobot.exporting import export_episodes
from library.lerobot.importing import import_dataset
from library.lerobot.schema import VIDEO_PATH, camera_key
from library.lerobot.stats import aggregate, column_stats, picture_stats
from library.store import Library
from records.log import EpisodeHeader, EpisodeWriter, read_episode
from scenes import TabletopEnv
from scenes.expert import expert_action
from tests.library.recorded import make_library, make_record, write_episode


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return make_library(tmp_path / "demos")


def rows(root: Path) -> list[dict]:
    return [row for path in sorted(root.glob("data/*/*.parquet")) for row in pq.read_table(path).to_pylist()]


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / max(np.mean((one.astype(float) - other.astype(float)) ** 2), 1e-9)))


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


def test_trimmed_deleted_and_relabelled_episodes_are_exported_as_they_are_now(library: Library, tmp_path: Path) -> None:
    library.trim("episode-001", 3, 9)
    library.delete("episode-002")
    library.label("episode-003", "failure")
    export_episodes(library.episodes, tmp_path / "out", quiet=True)
    frames = rows(tmp_path / "out")
    assert [row["control_step"] for row in frames] == [*range(3, 9), *range(12)]
    assert [row["next.success"] for row in frames if row["next.done"]] == [True, False]


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


def record_expert(path: Path, env: TabletopEnv, steps: int) -> None:
    """A demonstration with a stretch of which nobody took pictures, and a nudge in it."""
    env.reset(seed=7)
    env.set_instruction(env.suggestions()[0])
    writer = EpisodeWriter(path, EpisodeHeader(path.stem, env.suggestions()[0], 7, 3.0))
    thing = env.movable[0]
    for step in range(steps):
        nudges = ((thing, (0.01, 0.0, 0.0)),) if step == 12 else ()
        for name, offset in nudges:
            env.nudge(name, offset)
        hold = 8 <= step < 14
        action = expert_action(env.world, env.goal)
        record = make_record(path.stem, step, "expert", env.suggestions()[0], action=action)
        seen = env.observe()
        record.observation = replace(
            record.observation, front=seen["front"], wrist=seen["wrist"], proprio=seen["proprio"]
        )
        record.state, record.hand, record.nudges = env.get_state(), env.hand_position.astype(np.float32), nudges
        if hold:
            record.control_source, record.observation = "hold", None
            record.action = np.float32([0, 0, 0, 0, 0, 0, -1])
        if step == steps - 1:
            record.outcome, record.outcome_by = "failure", "human"
        writer.append(record)
        env.world.step(record.action)
    writer.close()


def test_the_way_back_is_exact_and_gaps_were_drawn_from_the_state(tmp_path: Path) -> None:
    env = TabletopEnv()
    (tmp_path / "demos").mkdir()
    record_expert(tmp_path / "demos" / "episode-001.arrow", env, 24)
    env.close()
    export_episodes(Library(tmp_path / "demos").episodes, tmp_path / "out", quiet=True)
    assert len(rows(tmp_path / "out")) == 24
    (tmp_path / "back").mkdir()
    back = Library(tmp_path / "back")
    report = import_dataset(tmp_path / "out", back, quiet=True)
    assert (report["imported"], report["replayed"]) == (1, 1)
    (episode,) = back.episodes
    assert (episode.id, episode.outcome, episode.outcome_by) == ("out-000000", "failure", "human")
    old = read_episode(tmp_path / "demos" / "episode-001.arrow").records
    for before, after in zip(old, read_episode(episode.path).records, strict=True):
        assert np.array_equal(before.state, after.state) and np.array_equal(before.action, after.action)
        if before.observation is not None:
            assert psnr(before.observation.front, after.observation.front) > 30
    assert import_dataset(tmp_path / "out", back, quiet=True)["skipped"] == 1


def test_a_foreign_data_set_is_shown_and_never_replayed(library: Library, tmp_path: Path) -> None:
    export_episodes(library.episodes[:1], tmp_path / "out", quiet=True)
    path = tmp_path / "out/meta/info.json"
    info = json.loads(path.read_text())
    info["features"]["action"]["names"] = [f"motor_{i}" for i in range(7)]
    path.write_text(json.dumps(info))
    (tmp_path / "back").mkdir()
    report = import_dataset(tmp_path / "out", Library(tmp_path / "back"), quiet=True)
    assert (report["imported"], report["replayed"]) == (1, 0) and "motor_0" in report["sentence"]
    with pytest.raises(LibraryError, match=r"no LeRobotDataset v3\.0"):
        import_dataset(tmp_path, Library(tmp_path / "back"), quiet=True)
