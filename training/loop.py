"""What every training run needs: schedule, EMA, bf16, resumable state, a log, and an end to NaN."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from training.files import mismatch, read_tensors, whole, write_tensors
from training.finite import explain
from training.optimizer import Optimizer
from training.precision import fast
from training.shards import Shard

LOG_EVERY = 25
"""optimiser steps between two lines of `log.jsonl`"""


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
    muon: bool = False
    """whether matrices take Muon's steps, see `training.optimizer`"""
    shard: Shard | None = None
    """this process's place when several train the model together"""

    @property
    def leads(self) -> bool:
        """Whether this process is the one that saves, logs and shows progress."""
        return self.shard is None or self.shard.rank == 0


class TrainingError(RuntimeError):
    """Training cannot go on; the message names what was wrong and where it resumes."""


def train(
    model: nn.Module, losses: Callable[[int], dict[str, Tensor]], folder: Path, settings: RunSettings, label: str
) -> dict[str, Tensor]:
    """Minimise `losses(step)["total"]` and return the averaged (EMA) weights.

    State is saved every `save_every` steps in `folder` and the run resumes from there, bit for bit as if it had not
    stopped; `log.jsonl` gets a line every 25 steps: means of the loss parts, learning rate, steps per second.

    Raises:
        TrainingError: a loss or gradient is not finite (names the part, the input and the step), or the saved state is
            of another configuration (names the first field).
        WriteError: the disk is full; the last complete state stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(settings.threads)
    model.train()
    optimizer = Optimizer(model, settings.rate, settings.weight_decay, settings.muon, settings.shard)
    average = {key: value.detach().clone() for key, value in model.state_dict().items()}
    first = _resume(folder, model, optimizer, average)
    log = Log(folder / "log.jsonl", first) if settings.leads else None
    bar = tqdm(
        range(first, settings.steps), initial=first, total=settings.steps, desc=label, dynamic_ncols=True,
        disable=not settings.leads,
    )  # fmt: skip
    for step in bar:
        rate = settings.rate * _schedule(step, settings)
        with fast():
            parts = losses(step)
        values = {key: float(value.detach()) for key, value in parts.items()}
        if wrong := [key for key, value in values.items() if not math.isfinite(value)]:
            # What a sum is made of says more than the sum.
            part = next((key for key in wrong if key != "total"), wrong[0])
            raise _not_finite(label, step, f"the loss part {part}", explain(model, losses, step))
        model.zero_grad(set_to_none=True)
        parts["total"].backward()
        if settings.shard is not None:
            settings.shard.average(model.parameters())
        if not torch.isfinite(nn.utils.clip_grad_norm_(model.parameters(), 1.0)):
            names = (name for name, p in model.named_parameters() if p.grad is not None)
            bad = next((name for name in names if not _finite_gradient(model, name)), "all weights together")
            raise _not_finite(label, step, f"the gradient of {bad}", explain(model, losses, step))
        optimizer.step(rate)
        _follow(average, model, min(settings.ema, (step + 1) / (step + 10)))
        if log is not None and (line := log.add(step + 1, rate, values)):
            bar.set_postfix({key: f"{line[key]:.3f}" for key in values}, refresh=False)
        if (step + 1) % settings.save_every == 0 or step + 1 == settings.steps:
            moments = optimizer.tensors()
            if settings.leads:
                _save(folder, model, moments, average, step + 1)
    return average


def _not_finite(label: str, step: int, what: str, why: str) -> TrainingError:
    return TrainingError(
        f"{label}: {what} is not finite at step {step}: {why}. Start again to go on from the last state."
    )


def _finite_gradient(model: nn.Module, name: str) -> bool:
    gradient = model.get_parameter(name).grad
    return gradient is None or bool(torch.isfinite(gradient).all())


@torch.no_grad()
def _follow(average: dict[str, Tensor], model: nn.Module, decay: float) -> None:
    now = {key: value for key, value in model.state_dict().items() if value.is_floating_point()}
    torch._foreach_lerp_([average[key] for key in now], list(now.values()), 1 - decay)


class Log:
    """`log.jsonl` of a run: a line of means every 25 steps, and none beyond the step from which the run resumes."""

    def __init__(self, path: Path, first: int) -> None:
        kept = []
        if path.is_file():
            kept = [line for line in path.read_text().splitlines() if _step_of(line) <= first]
        text = "".join(f"{line}\n" for line in kept)
        with whole(path, len(text)) as unfinished:
            unfinished.write_text(text)
        self.path, self.sums, self.count = path, dict[str, float](), 0
        self.before = json.loads(kept[-1])["seconds"] if kept else 0.0
        self.started = self.last = time.monotonic()

    def add(self, step: int, rate: float, values: dict[str, float]) -> dict[str, float] | None:
        """Take the losses of one step, numbered from 1; returns the line when one is due."""
        self.count += 1
        for key, value in values.items():
            self.sums[key] = self.sums.get(key, 0.0) + value
        if step % LOG_EVERY:
            return None
        now = time.monotonic()
        line = {"step": step, "rate": rate, "seconds": round(self.before + now - self.started, 1)}
        line["steps_per_second"] = round(self.count / max(now - self.last, 1e-6), 3)
        line |= {key: round(value / self.count, 5) for key, value in self.sums.items()}
        try:
            with self.path.open("a") as file:
                file.write(json.dumps(line) + "\n")
        except OSError:
            pass  # curves are not worth a run: the state is saved, or says why it cannot be
        self.sums, self.count, self.last = {}, 0, now
        return line


def _step_of(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return math.inf  # a line that was cut off


def _schedule(step: int, settings: RunSettings) -> float:
    if step < settings.warmup:
        return (step + 1) / settings.warmup
    share = (step - settings.warmup) / max(settings.steps - settings.warmup, 1)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(share * math.pi))


def _save(
    folder: Path, model: nn.Module, moments: dict[str, Tensor], average: dict[str, Tensor], step: int
) -> None:  # fmt: skip
    tensors = {f"model.{key}": value for key, value in model.state_dict().items()}
    tensors |= {f"average.{key}": value for key, value in average.items()}
    tensors |= {f"optimizer.{key}": value for key, value in moments.items()}
    write_tensors(tensors, folder / "state.safetensors", step=str(step))


@torch.no_grad()
def _resume(folder: Path, model: nn.Module, optimizer: Optimizer, average: dict[str, Tensor]) -> int:
    path = folder / "state.safetensors"
    if not path.is_file():
        return 0
    try:
        tensors, details = read_tensors(path)
    except ValueError as error:
        raise TrainingError(str(error)) from error
    weights = _under("model.", tensors)
    if difference := mismatch(model.state_dict(), weights):
        raise TrainingError(
            f"{path} is of another configuration: {difference}. Remove {folder} to train it from the beginning, or "
            "train in another folder."
        )
    model.load_state_dict(weights)
    for key, value in _under("average.", tensors).items():
        average[key].copy_(value)
    optimizer.load(_under("optimizer.", tensors))
    return int(details["step"])


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


def draw_rows(
    count: int, batch: int, recent: int, recent_share: float, rng: Generator,
    summed: NDArray[np.float64] | None = None,
) -> NDArray[np.int64]:  # fmt: skip
    """Rows of a batch: any of `count`, but a `recent_share` of them from row `recent` on.

    `summed` (count,) are weights as in `Frames.summed_weights`: rows are drawn that often, None for evenly.
    """

    def draw(first: int) -> NDArray[np.int64]:
        if summed is None:
            return rng.integers(first, count, size=batch)
        low = summed[first - 1] if first else 0.0
        drawn = np.searchsorted(summed, low + rng.random(batch) * (summed[-1] - low), side="right")
        return np.minimum(drawn, count - 1)

    rows = draw(0)
    if recent_share:
        rows = np.where(rng.random(batch) < recent_share, draw(recent), rows)
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
