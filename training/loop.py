"""What every training run needs: schedule, EMA, bf16, resumable state, a log, and an end to NaN."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from tqdm import tqdm


@dataclass(frozen=True)
class RunSettings:
    """How long and how fast one stage trains."""

    steps: int
    rate: float = 8e-4
    warmup: int = 200
    weight_decay: float = 0.02
    ema: float = 0.998
    save_every: int = 250
    threads: int = 1


class TrainingError(RuntimeError):
    """Training cannot go on; the message names what was wrong and where it resumes."""


def train(
    model: nn.Module, losses: Callable[[int], dict[str, Tensor]], folder: Path, settings: RunSettings, label: str
) -> dict[str, Tensor]:
    """Minimise `losses(step)["total"]` and return the averaged (EMA) weights.

    State is saved every `save_every` steps in `folder` and the run resumes from there; `log.jsonl` gets a line every
    25 steps. A batch whose loss or gradient is not finite is an error that names the step.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(settings.threads)
    model.train()
    bf16 = torch.cpu._is_amx_tile_supported()  # without AMX bfloat16 is emulated, and slower than float32
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.rate, weight_decay=settings.weight_decay)
    average = {key: value.detach().clone() for key, value in model.state_dict().items()}
    first = _resume(folder, model, optimizer, average)
    log = (folder / "log.jsonl").open("a")
    started = time.monotonic()
    sums: dict[str, float] = {}
    bar = tqdm(range(first, settings.steps), initial=first, total=settings.steps, desc=label, dynamic_ncols=True)
    for step in bar:
        rate = settings.rate * _schedule(step, settings)
        for group in optimizer.param_groups:
            group["lr"] = rate
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            parts = losses(step)
        optimizer.zero_grad(set_to_none=True)
        parts["total"].backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        if not torch.isfinite(norm):
            raise TrainingError(
                f"{label}: the loss or its gradient is not finite at step {step}; start again to resume."
            )
        optimizer.step()
        decay = min(settings.ema, (step + 1) / (step + 10))
        with torch.no_grad():
            for key, value in model.state_dict().items():
                if value.is_floating_point():
                    average[key].lerp_(value, 1 - decay)
        for key, value in parts.items():
            sums[key] = sums.get(key, 0.0) + float(value.detach())
        if (step + 1) % 25 == 0:
            line = {key: round(value / 25, 5) for key, value in sums.items()}
            elapsed = round(time.monotonic() - started, 1)
            log.write(json.dumps({"step": step + 1, "rate": rate, "seconds": elapsed, **line}) + "\n")
            log.flush()
            bar.set_postfix({key: f"{value:.3f}" for key, value in line.items()}, refresh=False)
            sums = {}
        if (step + 1) % settings.save_every == 0 or step + 1 == settings.steps:
            _save(folder, model, optimizer, average, step + 1)
    log.close()
    return average


def _schedule(step: int, settings: RunSettings) -> float:
    if step < settings.warmup:
        return (step + 1) / settings.warmup
    share = (step - settings.warmup) / max(settings.steps - settings.warmup, 1)
    return 0.02 + 0.98 * 0.5 * (1 + float(torch.cos(torch.tensor(share * torch.pi))))


def _save(folder: Path, model: nn.Module, optimizer: torch.optim.AdamW, average: dict[str, Tensor], step: int) -> None:
    tensors = {f"model.{key}": value.detach().contiguous().clone() for key, value in model.state_dict().items()}
    tensors |= {f"average.{key}": value.contiguous().clone() for key, value in average.items()}
    for i, parameter in enumerate(optimizer.param_groups[0]["params"]):
        for key in ("exp_avg", "exp_avg_sq"):
            if parameter in optimizer.state:
                tensors[f"optimizer.{i}.{key}"] = optimizer.state[parameter][key].contiguous().clone()
    unfinished = folder / "state.unfinished"
    save_file(tensors, unfinished, metadata={"step": str(step)})
    unfinished.rename(folder / "state.safetensors")


def _resume(folder: Path, model: nn.Module, optimizer: torch.optim.AdamW, average: dict[str, Tensor]) -> int:
    path = folder / "state.safetensors"
    if not path.is_file():
        return 0
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        step = int(file.metadata()["step"])
    tensors = load_file(path)
    model.load_state_dict({key.removeprefix("model."): v for key, v in tensors.items() if key.startswith("model.")})
    average.update({key.removeprefix("average."): v for key, v in tensors.items() if key.startswith("average.")})
    for i, parameter in enumerate(optimizer.param_groups[0]["params"]):
        if f"optimizer.{i}.exp_avg" in tensors:
            optimizer.state[parameter] = {
                "step": torch.tensor(float(step)),
                "exp_avg": tensors[f"optimizer.{i}.exp_avg"],
                "exp_avg_sq": tensors[f"optimizer.{i}.exp_avg_sq"],
            }
    return step


def draw_rows(count: int, batch: int, recent: int, recent_share: float, rng: Generator) -> NDArray[np.int64]:
    """Rows of a batch: any of `count`, but a `recent_share` of them from row `recent` on."""
    rows = rng.integers(count, size=batch)
    if recent_share:
        rows = np.where(rng.random(batch) < recent_share, rng.integers(recent, count, size=batch), rows)
    return rows


def photometric(pictures: Tensor, strength: float = 1.0) -> Tensor:
    """Brightness, contrast, tint and noise of (B, S, S, 3) uint8 pictures, drawn per picture."""
    batch = len(pictures)
    x = pictures.float()
    gain = 1 + (torch.rand(batch, 1, 1, 1) - 0.5) * 0.5 * strength
    tint = 1 + (torch.rand(batch, 1, 1, 3) - 0.5) * 0.12 * strength
    offset = (torch.rand(batch, 1, 1, 1) - 0.5) * 40 * strength
    noise = torch.randn(x.shape[1:]) * (torch.rand(batch, 1, 1, 1) * 8 * strength)
    return (x * gain * tint + offset + noise).clamp_(0, 255).to(torch.uint8)
