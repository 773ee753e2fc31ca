"""The training loop: it learns, resumes where it stopped, and stops at NaN."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from training.loop import RunSettings, TrainingError, train


def fit(folder: Path, model: nn.Linear, fails_at: int | None = None) -> dict[str, Tensor]:
    def losses(step: int) -> dict[str, Tensor]:
        torch.manual_seed(step)
        x = torch.randn(32, 3)
        total = (model(x) - x.sum(1, keepdim=True)).square().mean()
        return {"total": total * float("nan") if step == fails_at else total}

    return train(model, losses, folder, RunSettings(steps=100, rate=0.03, warmup=5, save_every=25), "toy")


def new_model() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(3, 1)


def test_it_learns(tmp_path: Path) -> None:
    average = fit(tmp_path, new_model())
    assert torch.allclose(average["weight"], torch.ones(1, 3), atol=0.2)


def test_an_interrupted_run_ends_where_an_uninterrupted_one_does(tmp_path: Path) -> None:
    whole = fit(tmp_path / "whole", new_model())
    with pytest.raises(TrainingError, match="step 60"):
        fit(tmp_path / "parts", new_model(), fails_at=60)
    resumed = fit(tmp_path / "parts", nn.Linear(3, 1))
    assert all(torch.allclose(whole[key], resumed[key], atol=1e-6) for key in whole)


def test_a_loss_that_is_no_number_stops_the_run_and_names_the_step(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="step 3"):
        fit(tmp_path, new_model(), fails_at=3)
    assert not (tmp_path / "state.safetensors").exists()
