"""A LeRobotDataset as a library: exact where it can be simulated again, to be looked at where not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.cli import main
from library.errors import LibraryError
from library.lerobot import dataset
from library.lerobot.exporting import export_episodes
from library.lerobot.importing import import_dataset
from library.lerobot.schema import VIDEO_PATH, camera_key
from library.store import Library
from records.log import EpisodeHeader, EpisodeWriter, read_episode
from scenes import TabletopEnv
from scenes.expert import expert_action
from tests.library.dataset import psnr, rows
from tests.library.recorded import make_library, make_record


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return make_library(tmp_path / "demos")


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
    assert (episode.outcome, episode.outcome_by) == ("failure", "human")
    assert re.fullmatch(r"out-[0-9a-f]{8}-000000", episode.id)
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


def change_rows(path: Path, change: Callable[[list[dict]], None]) -> None:
    """Rewrite a parquet file of a data set."""
    table = pq.read_table(path)
    changed = table.to_pylist()
    change(changed)
    pq.write_table(pa.Table.from_pylist(changed, table.schema), path)


def test_an_episode_that_comes_out_otherwise_has_no_states_at_all(tmp_path: Path) -> None:
    env = TabletopEnv()
    (tmp_path / "demos").mkdir()
    record_expert(tmp_path / "demos" / "episode-001.arrow", env, 24)
    env.close()
    export_episodes(Library(tmp_path / "demos").episodes, tmp_path / "out", quiet=True)

    def feel(frames: list[dict]) -> None:
        frames[15]["observation.state"][0] += 0.01

    change_rows(tmp_path / "out/data/chunk-000/file-000.parquet", feel)
    (tmp_path / "back").mkdir()
    back = Library(tmp_path / "back")
    report = import_dataset(tmp_path / "out", back, quiet=True)
    assert (report["imported"], report["replayed"]) == (1, 0) and "comes out otherwise" in report["sentence"]
    (episode,) = back.episodes
    assert episode.steps == 24 and not any(len(each.state) for each in read_episode(episode.path).records)
    report = export_episodes(back.episodes, tmp_path / "again", quiet=True)
    assert report.exported == 0 and "cannot be replayed here" in report.refused[episode.id]


def test_a_damaged_episode_hides_no_other(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dataset, "BATCH", 1)
    out, back = tmp_path / "out", tmp_path / "back"
    export_episodes(library.episodes, out, quiet=True)
    monkeypatch.undo()

    def forget(frames: list[dict]) -> None:
        frames[5]["task_index"] = 99

    change_rows(out / "data/chunk-000/file-000.parquet", forget)
    (out / VIDEO_PATH.format(video_key=camera_key("wrist"), chunk_index=0, file_index=2)).write_bytes(b"?")
    assert main(["library", str(back), "import", str(out)]) == 1
    said = capsys.readouterr()
    assert "1 episodes imported" in said.out
    assert "episode 0 was left out" in said.err and "IndexError" in said.err
    assert "episode 2 was left out" in said.err and "cannot be decoded" in said.err
    assert [each.id[-6:] for each in Library(back).episodes] == ["000001"] and not list(back.glob("*.unfinished"))
    assert main(["library", str(back), "import", str(out), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["imported"], report["skipped"]) == (0, 1) and {*report["refused"]} == {"0", "2"}


def test_a_data_set_that_does_not_say_who_judged_invents_nobody(library: Library, tmp_path: Path) -> None:
    export_episodes(library.episodes[:2], tmp_path / "out", quiet=True)

    def unsay(found: list[dict]) -> None:
        for row in found:
            row["libra/outcome_by"] = row["libra/outcome"] = ""

    change_rows(tmp_path / "out/meta/episodes/chunk-000/file-000.parquet", unsay)
    (tmp_path / "back").mkdir()
    back = Library(tmp_path / "back")
    import_dataset(tmp_path / "out", back, quiet=True)
    assert [(each.outcome, each.outcome_by) for each in back.episodes] == [("success", None)] * 2


def test_two_data_sets_of_the_same_name_are_two(library: Library, tmp_path: Path) -> None:
    (tmp_path / "back").mkdir()
    back = Library(tmp_path / "back")
    for place in ("one", "other"):
        export_episodes(library.episodes[:1], tmp_path / place / "dataset", quiet=True)
        assert import_dataset(tmp_path / place / "dataset", back, quiet=True)["imported"] == 1
    assert import_dataset(tmp_path / "one" / ".." / "one" / "dataset", back, quiet=True)["skipped"] == 1
    assert len(back.episodes) == 2
