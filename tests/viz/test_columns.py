"""Rows that are sent as columns are the rows that were logged, at their times, and none is kept back for long."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import rerun as rr
from hypothesis import given, settings
from hypothesis import strategies as st
from rerun.chunk import RrdReader

from viz import columns, paths
from viz.columns import BATCH_SECONDS, MOST_BATCH_SECONDS, ColumnLog

POINTS = st.lists(st.tuples(*[st.floats(-1, 1, width=32)] * 3), max_size=4)


def recording_at(path: Path) -> rr.RecordingStream:
    recording = rr.RecordingStream("libra-test", recording_id="columns")
    recording.set_sinks(rr.FileSink(path))
    recording.set_log_time_enabled(False)
    recording.set_log_tick_enabled(False)
    return recording


def points_of(path: Path) -> dict[int, list[list[float]]]:
    """By control step, of the only entity."""
    found = {}
    for chunk in RrdReader(path).stream().collect().stream():
        if chunk.entity_path == "/side/points":
            batch = chunk.to_record_batch().to_pydict()
            found.update(zip(batch[paths.STEP], batch["Points3D:positions"], strict=True))
    return found


@settings(max_examples=20, deadline=None)
@given(rows=st.lists(POINTS, min_size=1, max_size=12), cuts=st.sets(st.integers(0, 11)))
def test_rows_of_any_length_are_the_same_however_they_are_cut(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[tuple[float, ...]]], cuts: set[int]
) -> None:
    path = tmp_path_factory.mktemp("columns") / "rows.rrd"
    recording = recording_at(path)
    log = ColumnLog(recording, "side/")
    for step, row in enumerate(rows):
        log.at(step, 0.05 * step, 1.7e9 + step).row("points", rr.Points3D, positions=row)
        if step in cuts:
            log.flush()
    log.flush()
    recording.flush(timeout_sec=5)
    recording.disconnect()
    found = points_of(path)
    assert sorted(found) == list(range(len(rows)))
    for step, row in enumerate(rows):
        assert np.allclose(np.reshape(found[step] or [], (-1, 3)), np.reshape(row, (-1, 3)))


def test_rows_wait_for_others_of_their_kind_but_not_for_long(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sent: list[str] = []
    monkeypatch.setattr(rr, "send_columns", lambda path, *_, **__: sent.append(path))
    log = ColumnLog(recording_at(tmp_path / "rows.rrd"))
    log.at(0, 0.0, 0.0).row("a", rr.Scalars, scalars=[1.0])
    log.flush_if_due()
    assert sent == []
    time.sleep(BATCH_SECONDS)
    log.at(1, 0.05, 0.05).row("b", rr.Scalars, scalars=[1.0])
    log.flush_if_due()
    assert sent == ["a", "b"]
    log.flush_if_due()
    assert sent == ["a", "b"]


def test_where_sending_takes_long_it_is_done_less_often(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sent: list[str] = []
    now = [0.0]

    def send(path: str, *_: object, **__: object) -> None:
        sent.append(path)
        now[0] += MOST_BATCH_SECONDS / 20

    monkeypatch.setattr(rr, "send_columns", send)
    monkeypatch.setattr(columns.time, "monotonic", lambda: now[0])
    log = ColumnLog(recording_at(tmp_path / "rows.rrd"))
    for step, (wait, path) in enumerate([(BATCH_SECONDS, "a"), (BATCH_SECONDS, "b"), (MOST_BATCH_SECONDS, "c")]):
        log.at(step, 0.05 * step, 0.05 * step).row(path, rr.Scalars, scalars=[1.0])
        now[0] += wait
        log.flush_if_due()
        assert sent == (["a"] if path != "c" else ["a", "b", "c"]), path


def test_rows_that_cannot_be_sent_keep_back_no_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sent: list[str] = []

    def send(path: str, *_: object, **__: object) -> None:
        if path == "bad":
            raise ValueError(path)
        sent.append(path)

    monkeypatch.setattr(rr, "send_columns", send)
    log = ColumnLog(recording_at(tmp_path / "rows.rrd")).at(0, 0.0, 0.0)
    for path in ("a", "bad", "b"):
        log.row(path, rr.Scalars, scalars=[1.0])
    with pytest.raises(ValueError, match="bad"):
        log.flush()
    log.flush()
    assert sorted(sent) == ["a", "b"]
