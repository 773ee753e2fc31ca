"""The training loop: it learns, resumes bit for bit, and ends with one sentence at NaN, a full disk, a wrong state."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from training.files import WriteError
from training.loop import RunSettings, TrainingError, train
from training.shards import Shard, ShardLost, sharded


class Toy(nn.Module):
    """Two inputs by name, a convolution in channels-last order and dropout, as the real ones have."""

    def __init__(self, channels: int = 4) -> None:
        super().__init__()
        self.look = nn.Conv2d(3, channels, 3).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.drop = nn.Dropout(0.1)
        self.out = nn.Linear(channels + 2, 1)

    def forward(self, front: Tensor, proprio: Tensor) -> Tensor:
        seen = self.drop(self.look(front).mean((2, 3)))
        return self.out(torch.cat((seen, proprio), 1))


class Interrupted(Exception):
    """As from Ctrl-C."""


def new_model(channels: int = 4) -> Toy:
    torch.manual_seed(0)
    return Toy(channels)


def fit(
    folder: Path, model: Toy, steps: int = 30, stops_at: int = -1, proprio_bad_at: int = -1, label_bad_at: int = -1,
    rank: int = 0, shard: Shard | None = None, muon: bool = False,
) -> dict[str, Tensor]:  # fmt: skip
    def losses(step: int) -> dict[str, Tensor]:
        if step == stops_at:
            raise Interrupted
        torch.manual_seed(step * 7 + rank)
        front, proprio = torch.randn(32, 3, 6, 6), torch.randn(32, 2)
        truth = proprio.sum(1, keepdim=True) + front.mean((1, 2, 3))[:, None]
        if step == proprio_bad_at:
            proprio[5:7] = float("nan")
        error = (model(front, proprio) - truth).square().mean()
        tokens = error * float("inf") if step == label_bad_at else error
        return {"total": tokens + 0.1 * error, "tokens": tokens}

    settings = RunSettings(steps=steps, rate=0.03, warmup=5, save_every=10, muon=muon, shard=shard)
    return train(model, losses, folder, settings, "toy")


def test_it_learns(tmp_path: Path) -> None:
    average = fit(tmp_path, new_model(), steps=150)
    assert torch.allclose(average["out.weight"][0, -2:], torch.ones(2), atol=0.2)


@pytest.mark.parametrize("muon", [False, True])
def test_an_interrupted_run_ends_bit_for_bit_where_an_uninterrupted_one_does(tmp_path: Path, muon: bool) -> None:
    whole, parts = new_model(16), new_model(16)
    averages = fit(tmp_path / "whole", whole, muon=muon)
    with pytest.raises(Interrupted):
        fit(tmp_path / "parts", parts, stops_at=17, muon=muon)
    other = Toy(16)
    resumed = fit(tmp_path / "parts", other, muon=muon)
    for key, value in whole.state_dict().items():
        assert torch.equal(value, other.state_dict()[key]), key
        assert torch.equal(averages[key], resumed[key]), f"average of {key}"
    states = [(tmp_path / name / "state.safetensors").read_bytes() for name in ("whole", "parts")]
    assert states[0] == states[1], "moments of the optimiser and all"


def test_the_log_has_every_step_once_however_often_a_run_resumes(tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        fit(tmp_path, new_model(), steps=100, stops_at=58)
    (tmp_path / "log.jsonl").open("a").write('{"step": 75, "ra')  # cut off as it was written
    fit(tmp_path, new_model(), steps=100)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [25, 50, 75, 100]
    assert all({"rate", "seconds", "steps_per_second", "total", "tokens"} <= set(line) for line in lines)


def test_an_input_that_is_not_finite_is_named_with_the_step_and_its_samples(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"step 3: the input proprio is not finite in 2 of 32 samples: 5, 6\."):
        fit(tmp_path, new_model(), proprio_bad_at=3)
    assert not (tmp_path / "state.safetensors").exists()


def test_a_loss_part_that_is_not_finite_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"the loss part tokens is not finite at step 12: every input .* is finite"):
        fit(tmp_path, new_model(), label_bad_at=12)
    assert (tmp_path / "state.safetensors").exists(), "the last state stays"


def test_a_weight_that_is_not_finite_is_named(tmp_path: Path) -> None:
    model = new_model()
    with torch.no_grad():
        model.out.weight[0, 0] = float("nan")
    with pytest.raises(TrainingError, match=r"the weight out\.weight is not finite"):
        fit(tmp_path, model)


def test_a_state_of_another_configuration_is_refused_by_the_first_field_that_differs(tmp_path: Path) -> None:
    fit(tmp_path, new_model(), steps=10)
    before = (tmp_path / "state.safetensors").read_bytes()
    with pytest.raises(TrainingError, match=r"its look\.weight has shape \(4, 3, 3, 3\), this model's \(6, 3, 3, 3\)"):
        fit(tmp_path, new_model(channels=6))
    assert (tmp_path / "state.safetensors").read_bytes() == before


def test_a_damaged_state_is_one_sentence(tmp_path: Path) -> None:
    fit(tmp_path, new_model(), steps=10)
    path = tmp_path / "state.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(TrainingError, match=r"state\.safetensors cannot be read .* remove it and start again"):
        fit(tmp_path, new_model())


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process can grow beyond a kilobyte: not pytest's own output either, so no longer than needed."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_the_last_state_and_nothing_half_written(tmp_path: Path) -> None:
    fit(tmp_path, new_model(), steps=10)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with (
        full_disk(),
        pytest.raises(WriteError, match=r"state\.safetensors could not be written .* needs 0\.0 MB in .*Make room"),
    ):
        fit(tmp_path, new_model())
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def _shard(shard: Shard, folder: Path, fails: bool, muon: bool = False) -> None:
    model, bad = new_model(16), 12 if fails and shard.rank else -1
    fit(folder / str(shard.rank), model, rank=shard.rank, shard=shard, label_bad_at=bad, muon=muon)
    (folder / f"{shard.rank}.txt").write_text(str([each.tolist() for each in model.parameters()]))


def _size() -> int:
    return sum(parameter.numel() for parameter in new_model(16).parameters())


@pytest.mark.parametrize("muon", [False, True])
def test_processes_that_share_batches_keep_the_same_weights_and_repeat(tmp_path: Path, muon: bool) -> None:
    for name in ("first", "again"):
        (tmp_path / name).mkdir()
        sharded(_shard, 2, _size(), tmp_path / name, False, muon)
    weights = [(tmp_path / name / f"{rank}.txt").read_text() for name in ("first", "again") for rank in (0, 1)]
    assert len(set(weights)) == 1
    assert (tmp_path / "first" / "0" / "state.safetensors").exists()
    assert not (tmp_path / "first" / "1" / "state.safetensors").exists(), "only the first one saves"


def test_a_process_that_stops_ends_the_others(tmp_path: Path) -> None:
    with pytest.raises(ShardLost):
        sharded(_shard, 2, _size(), tmp_path, True)
