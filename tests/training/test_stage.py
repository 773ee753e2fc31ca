"""Bad input to a stage: one sentence that names the field, exit code 1, and nothing half-written."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import training.frames
from policy import PolicyConfig
from policy.grounding import SentenceReader
from records import ACTION_NAMES, PROPRIO_NAMES
from training.curves import Curves, how_to_watch
from training.export import averaged, between, export
from training.files import WriteError
from training.frames import BlockWriter, Frames, write_format
from training.sentences import KeptSentences, drawn
from training.stage import main, normalisation


def data_set(root: Path, count: int = 6, **columns: np.ndarray) -> Path:
    """A block of frames whose pictures are as small as they can be; `columns` replace or add some."""
    write_format(root)
    writer, rng = BlockWriter(), np.random.default_rng(0)
    picture = np.zeros((4, 4, 3), np.uint8)
    frames = [
        {
            "front": picture,
            "wrist": picture,
            "proprio": rng.normal(size=len(PROPRIO_NAMES)).astype(np.float32),
            "expert": np.zeros(len(ACTION_NAMES), np.float32),
            **{name: column[i] for name, column in columns.items()},
        }
        for i in range(count)
    ]
    writer.add("words", frames)
    writer.write(root / "block_0000000")
    return root


def stage(system: str, data: Path, out: Path, *more: object) -> int:
    return main([system, "--data", str(data), "--out", str(out), "--steps", "1", *map(str, more)])


@pytest.mark.parametrize(("field", "value"), [("control_hz", 10), ("action_names", ["x", "y"]), ("format", "other")])
def test_a_data_set_of_another_kind_is_named_by_its_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], field: str, value: object
) -> None:
    data = data_set(tmp_path / "data")
    found = json.loads((data / "format.json").read_text())
    (data / "format.json").write_text(json.dumps({**found, field: value}))
    assert stage("refiner", data, tmp_path / "out") == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert field in last and "collect it again" in last
    assert not list((tmp_path / "out").glob("*.safetensors"))


def test_a_format_that_is_no_json_is_one_sentence(tmp_path: Path) -> None:
    data = data_set(tmp_path)
    (data / "format.json").write_text("{")
    with pytest.raises(ValueError, match=r"format\.json is damaged"):
        Frames.open([data])


def test_a_value_that_is_not_finite_is_named_with_its_column_and_row(tmp_path: Path) -> None:
    proprio = np.zeros((6, len(PROPRIO_NAMES)), np.float32)
    proprio[4, 2] = np.nan
    data = data_set(tmp_path, proprio=proprio)
    with pytest.raises(ValueError, match=r"block_0000000: proprio is not finite in 1 rows, the first is row 4"):
        Frames.open([data])


def test_labels_may_say_with_nan_that_something_is_not_there(tmp_path: Path) -> None:
    assert len(Frames.open([data_set(tmp_path, positions=np.full((6, 3), np.nan))])) == 6


def test_blocks_that_do_not_go_together_are_named(tmp_path: Path) -> None:
    one, other = data_set(tmp_path / "one"), data_set(tmp_path / "other", drawer=np.zeros(6))
    with pytest.raises(ValueError, match=r"other/block_0000000 has one column more \(drawer\)"):
        Frames.open([one, other])


def test_a_block_that_was_cut_off_is_named(tmp_path: Path) -> None:
    data = data_set(tmp_path)
    pictures = data / "block_0000000" / "wrist.npy"
    pictures.write_bytes(pictures.read_bytes()[:-10])
    with pytest.raises(ValueError, match=r"block_0000000 is damaged .*remove .* and collect it again"):
        Frames.open([data])


def test_a_block_that_does_not_fit_on_the_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(training.frames.np, "savez", full)
    with pytest.raises(WriteError, match=r"No space left .* it needs \d+\.\d MB in"):
        data_set(tmp_path)
    assert not (tmp_path / "block_0000000").exists()


def test_a_stage_of_another_configuration_is_named_by_its_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, start = data_set(tmp_path / "data"), tmp_path / "start"
    start.mkdir()
    (start / "stage.json").write_text(json.dumps({"config": {**PolicyConfig().to_dict(), "horizon": 10}}))
    save_file({"a": torch.zeros(1)}, start / "weights.safetensors")
    assert stage("refiner", data, tmp_path / "out", "--start", start) == 1
    assert "trained with horizon = 10, this policy has 48" in capsys.readouterr().err
    with pytest.raises(ValueError, match="horizon = 10"):
        export(start, start, {"mean": torch.zeros(21), "spread": torch.ones(21)}, tmp_path / "checkpoint")
    (start / "stage.json").unlink()
    with pytest.raises(ValueError, match="of another configuration: it has no "):
        export(start, start, {"mean": torch.zeros(21), "spread": torch.ones(21)}, tmp_path / "checkpoint")
    assert not (tmp_path / "checkpoint").exists()


def test_fine_tuned_weights_lie_between_those_before_and_those_that_came_out() -> None:
    before, after = {"w": torch.tensor([0.0, 2.0])}, {"w": torch.tensor([1.0, 0.0])}
    assert torch.allclose(between(before, after, 0.25)["w"], torch.tensor([0.25, 1.5]))
    assert torch.equal(between(before, after, 1.0)["w"], after["w"])
    with pytest.raises(ValueError, match="of another model: it has no w"):
        between({}, after, 0.5)


def test_a_stage_without_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="neither weights"):
        averaged(tmp_path)


def test_the_normalisation_never_divides_by_nothing(tmp_path: Path) -> None:
    frames = Frames.open([data_set(tmp_path, proprio=np.ones((6, len(PROPRIO_NAMES)), np.float32))])
    assert normalisation(frames)[1].min() > 0


def test_sentences_are_encoded_once(tmp_path: Path) -> None:
    first = KeptSentences(tmp_path).encode(["pick up the red cube", "push it"])
    written = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    again = KeptSentences(tmp_path).encode(["pick up the red cube", "push it"])
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == written


def test_padding_is_left_out_and_nothing_else(tmp_path: Path) -> None:
    features, masks = KeptSentences(tmp_path).encode(["push it", "pick up the red cube", "put it on the plate please"])
    few, among = drawn(SimpleNamespace(features=features, masks=masks), np.array([0, 1]))
    assert few.shape[1] == among.shape[1] == int(masks[:2].sum(1).max()) < masks.shape[1]
    torch.manual_seed(0)
    reader = SentenceReader(PolicyConfig())
    with torch.inference_mode():
        for one, other in zip(reader(few, among), reader(features[:2], masks[:2]), strict=True):
            assert torch.allclose(one, other, atol=1e-5)


def test_curves_that_cannot_be_drawn_are_reported_once_and_break_nothing(tmp_path: Path) -> None:
    (tmp_path / "curves.rrd").mkdir()  # where the recording should be
    with Curves(tmp_path) as curves:
        assert curves._process is not None
        assert curves._process.wait(60) != 0
        assert "training goes on" in str(curves.problem())
        assert curves.problem() is None
    assert "127.0.0.1:9877" in how_to_watch(9877)
