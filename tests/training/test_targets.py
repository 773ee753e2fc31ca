"""Which labels hold for how long, and data sets that are refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.frames import BlockWriter, Frames, write_format
from training.targets import Targets


def frames_of(clean: list[list[bool]]) -> Frames:
    flat = np.array([step for episode in clean for step in episode])
    episode = np.array([i for i, steps in enumerate(clean) for _ in steps])
    expert = np.linspace(-1, 1, len(flat) * 7, dtype=np.float32).reshape(-1, 7)
    columns = {"clean": flat, "episode": episode, "expert": expert, "executed": expert}
    return Frames({"front": [], "wrist": []}, columns, ["words"] * len(clean), np.array([0, len(flat)]))


EPISODES = st.lists(st.lists(st.booleans(), min_size=1, max_size=20), min_size=1, max_size=5)


@given(EPISODES)
def test_labels_hold_up_to_the_first_step_that_was_not_clean(clean: list[list[bool]]) -> None:
    targets = Targets.of(frames_of(clean), 10)
    row = 0
    for episode in clean:
        for i in range(len(episode)):
            expected = 1
            while i + expected < len(episode) and episode[i + expected - 1]:
                expected += 1
            assert targets.ahead[row] == expected
            row += 1


@given(EPISODES, st.integers(0, 2))
def test_chunks_hold_within_their_episode_and_while_the_expert_was_obeyed(clean: list[list[bool]], delay: int) -> None:
    frames = frames_of(clean)
    targets = Targets.of(frames, 10)
    episode, obeyed = frames.columns["episode"], frames.columns["clean"]
    rows = np.arange(len(episode))
    steps, holds = targets.chunk_steps(rows, 5, delay)
    assert (episode[steps] == episode[rows][:, None]).all()
    for row in rows:
        begins = row + delay
        there = begins < len(episode) and episode[begins] == episode[row]
        assert holds[row, 0] == there
        for j in np.flatnonzero(holds[row]):
            assert steps[row, j] == begins + j and obeyed[begins : begins + j].all()


def frame(step: int) -> dict[str, np.ndarray]:
    picture = np.full((8, 8, 3), step, np.uint8)
    return {"front": picture, "wrist": picture + 100, "step": np.array(step)}


def test_frames_come_back_as_they_were_written(tmp_path: Path) -> None:
    write_format(tmp_path)
    for block, words in ((0, "first"), (1, "second")):
        writer = BlockWriter()
        writer.add(words, [frame(block * 10 + i) for i in range(4)])
        writer.write(tmp_path / f"block_{block:07d}")
    frames = Frames.open([tmp_path])
    assert len(frames) == 8 and frames.instructions == ["first", "second"]
    assert frames.columns["episode"].tolist() == [0] * 4 + [1] * 4
    rows = np.array([6, 1, 7])
    assert frames.picture("wrist", rows)[:, 0, 0, 0].tolist() == [112, 101, 113]


def test_a_block_without_its_columns_is_not_there(tmp_path: Path) -> None:
    write_format(tmp_path)
    writer = BlockWriter()
    writer.add("words", [frame(0)])
    writer.write(tmp_path / "block_0")
    (tmp_path / "block_0" / "columns.npz").unlink()
    with pytest.raises(ValueError, match="libra collect --frames"):
        Frames.open([tmp_path])


def test_frames_that_are_made_otherwise_are_not_added_to_a_data_set(tmp_path: Path) -> None:
    write_format(tmp_path, seed=0, tasks=["button"])
    write_format(tmp_path, seed=1000, tasks=["button"])
    with pytest.raises(ValueError, match=r"made with tasks = \['button'\], not \[\]: name another folder"):
        write_format(tmp_path, seed=0, tasks=[])


@pytest.mark.parametrize("text", [None, "", "[1]", '{"tasks": []}'])
def test_frames_of_which_nobody_knows_how_they_were_made_are_not_added_to(tmp_path: Path, text: str | None) -> None:
    (tmp_path / "block_0").mkdir()
    if text is not None:
        (tmp_path / "format.json").write_text(text)
    with pytest.raises(ValueError, match="name another folder with --out, or remove this one"):
        write_format(tmp_path, seed=0, tasks=[])
    assert (tmp_path / "format.json").exists() == (text is not None)
    assert text is None or (tmp_path / "format.json").read_text() == text


@pytest.mark.parametrize(("field", "value"), [("control_hz", 10), ("action_names", ["x"])])
def test_a_data_set_of_another_kind_is_refused_by_the_field_that_differs(
    tmp_path: Path, field: str, value: object
) -> None:
    write_format(tmp_path)
    found = json.loads((tmp_path / "format.json").read_text())
    (tmp_path / "format.json").write_text(json.dumps({**found, field: value}))
    with pytest.raises(ValueError, match=field):
        Frames.open([tmp_path])
