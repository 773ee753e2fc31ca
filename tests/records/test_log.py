from __future__ import annotations

import time
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pytest

from records import Chunk, Grounding, Intent, Observation, StepRecord
from records.log import EpisodeHeader, EpisodeWriter, LogError, read_episode

HEADER = EpisodeHeader("episode-001", "pick up the red cube", 7, 1.5, "asynchronous", 250.0)
RNG = np.random.default_rng(0)


def make_intent(step: int) -> Intent:
    heat = RNG.random((24, 24), dtype=np.float32)
    return Intent(
        step=step,
        generation=1,
        tokens=RNG.integers(0, 10, (48, 7)).astype(np.uint8),
        probabilities=RNG.random((48, 7, 10), dtype=np.float32),
        proprio=RNG.random(21, dtype=np.float32),
        asked_at=1.25,
        ready_at=1.5,
        ready_step=step + 2,
        groundings=(Grounding("target", {"front": heat, "wrist": heat * 2}, {"front": 0.25, "wrist": 0.5}),),
    )


def make_records(count: int) -> list[StepRecord]:
    records = []
    for step in range(count):
        if step % 6 == 0:
            intent = make_intent(step)
        if step % 3 == 0:
            actions = RNG.random((5, 7), dtype=np.float32)
            chunk = Chunk(step, step + 1, 1, intent.step, actions, 2.0, 2.125)
        picture = np.full((96, 96, 3), (200, 60, 30), dtype=np.uint8)
        proprio = RNG.random(21, dtype=np.float32)
        driven = step % 4 != 0
        records.append(
            StepRecord(
                episode=HEADER.episode,
                step=step,
                generation=1,
                instruction="pick up the red cube",
                wall_time=1000.0 + step / 20,
                due_late=1e-4,
                sim_time=step * 0.05,
                state=RNG.standard_normal(450) * 10.0 ** RNG.integers(-12, 3, 450),
                action=RNG.random(7, dtype=np.float32),
                commanded=RNG.random(7, dtype=np.float32),
                proposal=RNG.random(7, dtype=np.float32) if driven else None,
                control_source="policy" if driven else "hold",
                hand=RNG.random(3, dtype=np.float32),
                staleness=step % 6 if driven else None,
                queue_depth=3,
                durations={"physics": 2.5, "render": 5.0},
                observation=Observation(step, 1, "pick up the red cube", picture, picture, proprio, 9.0),
                intent=intent if driven else None,
                token_row=step % 6 if driven else None,
                chunk=chunk if driven else None,
                coarse_path=RNG.random((6, 3), dtype=np.float32) if driven else None,
                refined_path=RNG.random((6, 3), dtype=np.float32) if driven else None,
                events=("a sentence",) if step == 2 else (),
                outcome="success" if step == count - 1 else None,
            )
        )
    return records


def write(path: Path, records: list[StepRecord]) -> None:
    writer = EpisodeWriter(path, HEADER)
    for record in records:
        writer.append(record)
    writer.close()


def assert_same(a: object, b: object, where: str = "") -> None:
    if is_dataclass(a):
        for each in fields(a):
            if each.name in ("front", "wrist"):
                continue
            assert_same(getattr(a, each.name), getattr(b, each.name), f"{where}.{each.name}")
    elif isinstance(a, np.ndarray):
        assert isinstance(b, np.ndarray) and a.dtype == b.dtype and a.tobytes() == b.tobytes(), where
    elif isinstance(a, dict):
        assert list(a) == list(b)
        for key in a:
            assert_same(a[key], b[key], f"{where}[{key}]")
    elif isinstance(a, tuple):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            assert_same(x, y, where)
    else:
        assert a == b, where


def test_what_is_read_back_is_bit_for_bit_what_was_written_images_nearly(tmp_path):
    records = make_records(14)
    write(tmp_path / "e.arrow", records)
    log = read_episode(tmp_path / "e.arrow")
    assert log.header == HEADER
    assert log.finished
    assert_same(tuple(records), tuple(log.records))
    for record in log.records:
        assert np.abs(record.observation.front.astype(int) - (200, 60, 30)).max() < 8
    assert log.records[1].intent is log.records[2].intent


def test_every_cut_of_the_file_leaves_the_whole_steps_before_it(tmp_path):
    records = make_records(8)
    path = tmp_path / "e.arrow"
    writer = EpisodeWriter(path, HEADER)
    sizes = []
    for record in records:
        writer.append(record)
        sizes.append(path.stat().st_size)  # nothing waits in a buffer of ours
    writer.close()
    data = path.read_bytes()
    cut = tmp_path / "cut.arrow"
    for size in range(sizes[0], len(data), 4999):
        cut.write_bytes(data[:size])
        log = read_episode(cut)
        assert len(log.records) == sum(end <= size for end in sizes)
        assert not log.finished or len(log.records) == 8


def test_a_file_that_is_no_log_is_refused_with_a_sentence(tmp_path):
    for content in (b"", b"hello", b"\x00" * 4000):
        (tmp_path / "bad.arrow").write_bytes(content)
        with pytest.raises(LogError, match="no episode log"):
            read_episode(tmp_path / "bad.arrow")


def test_a_step_takes_the_recorder_a_few_milliseconds_at_most(tmp_path):
    records = make_records(40)
    writer = EpisodeWriter(tmp_path / "e.arrow", HEADER)
    started = time.thread_time()  # others may use the machine
    for record in records:
        writer.append(record)
    assert (time.thread_time() - started) / len(records) < 0.006
    writer.close()
