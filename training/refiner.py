"""Training the refiner on intents of every age: first the expert's tokens, then the planner's own (the curriculum)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from policy.anchors import mirror_anchors, read_anchors
from policy.config import PolicyConfig
from policy.mirror import ACTION, mirror_pictures, mirror_proprio
from policy.refiner import RefinerModel, intent_motion, intent_window, pack_committed
from policy.tasks import TASKS
from policy.vision import channels_last
from training.frames import Frames
from training.loop import RunSettings, draw_rows, photometric, train
from training.targets import Targets, goal_kinds

MAX_AGE = 44
_YOUNG_SHARE = 0.5
"""of intents whose tokens are still trusted; the others are of any age and have only their anchors"""
_MISTIMED_SHARE, _MISTIMED, _MASKED_SHARE, _FRESH = 0.5, 14, 0.25, 2
"""Whoever may copy will: of many intents that are not fresh (older than so many steps) the tokens are of another moment
(up to so many steps away), of some there are none, so that what does not age, the anchors, and what the refiner sees
itself must serve. Fresh tokens are always right: they are there to be followed."""
_DIMENSION_WEIGHT = torch.tensor((1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 0.7))


class RefinerBatches:
    """Draws batches: an observation, an intent that is `age` steps old, committed actions, and the expert's chunk."""

    def __init__(
        self, model: RefinerModel, frames: Frames, mean: Tensor, spread: Tensor,
        planned: NDArray[np.uint8] | None = None, planned_anchors: NDArray[np.float32] | None = None,
        batch: int = 64, samples: int = 4, seed: int = 0,
        planned_share: float = 0.0, max_age: int = MAX_AGE, recent: int = 0, recent_share: float = 0.0,
    ) -> None:  # fmt: skip
        self.model, self.frames = model, frames
        self.config = model.config
        self.mean, self.spread = mean, spread
        self.planned, self.planned_share = planned, planned_share
        self.batch, self.samples, self.seed, self.max_age = batch, samples, seed, max_age
        self.late = max_age > self.config.trusted_steps
        """whether intents may come late; when none ever does, all tokens are right and always there"""
        self.targets = Targets.of(frames, self.config.bins)
        self.recent, self.recent_share, self.summed = recent, recent_share, frames.summed_weights
        felt = frames.columns["proprio"]
        self.proprio = (felt, mirror_proprio(felt))
        self.seen = planned_anchors
        self.true = true_anchors(frames)

    def losses(self, step: int) -> dict[str, Tensor]:
        """One batch, decided by the step alone."""
        rng = np.random.default_rng([self.seed, 7, step])
        torch.manual_seed(self.seed * 1_000_003 + step)
        delay = int(rng.choice((0, 1, 1, 2)))
        rows = draw_rows(len(self.frames), self.batch, self.recent, self.recent_share, rng, self.summed)
        flipped = rng.random(self.batch) < 0.5
        windows, ages, motions, committed, anchors, then = self._conditions(rows, flipped, delay, rng)
        felt = np.where(flipped[:, None], self.proprio[1][rows], self.proprio[0][rows])
        proprio = (torch.from_numpy(felt) - self.mean) / self.spread
        memory = self.model.remember(
            photometric(torch.from_numpy(self._pictures("front", rows, flipped))),
            photometric(torch.from_numpy(self._pictures("wrist", rows, flipped))),
            proprio + torch.randn_like(proprio) * 0.02,
            torch.from_numpy(windows),
            torch.from_numpy(ages),
            torch.from_numpy(motions),
            torch.from_numpy(committed),
            torch.from_numpy(read_anchors(anchors, felt, then)),
        )
        steps, holds = self.targets.chunk_steps(rows, self.config.chunk, delay)
        expert = self.targets.expert[steps] * np.where(flipped[:, None], ACTION, np.float32(1))[:, None]
        actions = torch.from_numpy(expert)[:, None].expand(-1, self.samples, -1, -1)
        noise = torch.randn(actions.shape)
        # More weight on early flow times, where the choice of direction is made.
        now = torch.rand(actions.shape[:2]) ** 1.3
        noisy = noise + now[..., None, None] * (actions - noise)
        velocity = self.model.velocity(memory, noisy, now)
        error = F.mse_loss(velocity, actions - noise, reduction="none")
        held = torch.from_numpy(holds).float()
        # Where a policy drove only the first action of a chunk is known: it must not count a fifth of the others.
        held = held / held.sum(1, keepdim=True).clamp_min(1)
        weight = held[:, None, :, None] * _DIMENSION_WEIGHT
        loss = (error * weight).sum() / (weight.sum() * self.samples)
        ended = noisy + (1 - now)[..., None, None] * velocity.detach()
        miss = (ended - actions)[:, :, 0, :3].abs().mean()
        return {"total": loss, "miss": miss}

    def _pictures(self, camera: str, rows: NDArray[np.int64], flipped: NDArray[np.bool_]) -> NDArray[np.uint8]:
        pictures = self.frames.picture(camera, rows)
        pictures[flipped] = mirror_pictures(pictures[flipped])
        return pictures

    def _conditions(
        self, rows: NDArray[np.int64], flipped: NDArray[np.bool_], delay: int, rng: Generator
    ) -> tuple[NDArray[Any], ...]:
        config, targets = self.config, self.targets
        windows, ages, motions, fixed, anchors, thens = [], [], [], [], [], []
        for row, flip in zip(rows, flipped, strict=True):
            proprio = self.proprio[int(flip)]
            young = rng.random() < _YOUNG_SHARE
            age = int(rng.integers(config.trusted_steps + 1 - delay if young else self.max_age + 1))
            age = min(age, self.max_age)
            since = max(int(row) - age, int(targets.first[row]))
            said = since
            if self.late and int(row) + delay - since > _FRESH and rng.random() < _MISTIMED_SHARE:
                said = int(np.clip(since + rng.integers(-_MISTIMED, _MISTIMED + 1), targets.first[row], row))
            if self.planned is not None and rng.random() < self.planned_share:
                tokens = self.planned[said]
                anchor = self._blur(self.true[since], rng) if self.seen is None else self.seen[since]
                if flip:
                    tokens = np.where(ACTION < 0, config.bins - 1 - tokens, tokens)
            else:
                tokens = self._expert_tokens(said, flip, rng)
                anchor = self._blur(self.true[since], rng)
            now = int(row) - since
            window = intent_window(tokens, now + delay, config)
            motion = intent_motion(tokens, now, now + delay, proprio[row], proprio[since], config)
            if self.late and rng.random() < _MASKED_SHARE:
                window[:] = config.bins
                motion[3:] = 0
            windows.append(window)
            anchors.append(mirror_anchors(anchor) if flip else anchor)
            thens.append(proprio[since])
            ages.append(float(now + delay))
            motions.append(motion)
            fixed.append(pack_committed(targets.executed[row : row + delay] * (ACTION if flip else 1), config))
        stacked = (np.stack(each) for each in (motions, fixed, anchors, thens))
        return np.stack(windows), np.array(ages, np.float32), *stacked

    def _blur(self, anchor: NDArray[np.float32], rng: Generator) -> NDArray[np.float32]:
        """(ANCHOR_SIZE,) as inexact as a planner sees it: millimetres, sometimes centimetres."""
        scale = 0.003 if rng.random() < 0.8 else 0.01
        noise = np.concatenate((rng.normal(0, scale, 6), rng.normal(0, 0.1, 2), np.zeros(len(anchor) - 8)))
        return (anchor + noise).astype(np.float32)

    def _expert_tokens(self, since: int, flip: bool, rng: Generator) -> NDArray[np.uint8]:
        """(L, 7) the expert's own tokens from a row on, blurred a little as a planner's would be."""
        config, targets = self.config, self.targets
        steps = np.minimum(np.arange(since, since + config.horizon), targets.last[since])
        tokens = (targets.mirrored if flip else targets.tokens)[steps].astype(np.int16)
        if rng.random() < 0.5:
            tokens += rng.choice((-1, 0, 1), p=(0.12, 0.76, 0.12), size=tokens.shape) * (1, 1, 1, 1, 1, 1, 0)
        return np.clip(tokens, 0, config.bins - 1).astype(np.uint8)


def true_anchors(frames: Frames) -> NDArray[np.float32]:
    """(N, ANCHOR_SIZE) of every frame, from the simulator's labels."""
    columns = frames.columns
    rows = np.arange(len(frames))
    target, container = columns["target"].astype(int), columns["container"].astype(int)
    hand = columns["proprio"][:, :3]
    there = (container >= 0).astype(np.float32)
    held = (hand + columns["positions"][rows, np.maximum(container, 0)]) * there[:, None]
    held = np.where(there[:, None] > 0, held, 0.0)
    places = hand + columns["positions"][rows, target], held
    kind = np.eye(len(TASKS))[goal_kinds()[columns["goal"].astype(int)]]
    return np.concatenate((*places, columns["closing"], there[:, None], kind), 1).astype(np.float32)


def train_refiner(
    config: PolicyConfig, frames: Frames, mean: Tensor, spread: Tensor, folder: Path, settings: RunSettings,
    start: dict[str, Tensor] | None = None, **batches: object,
) -> dict[str, Tensor]:  # fmt: skip
    """Train a refiner (from `start` weights if given) and return its averaged weights."""
    torch.manual_seed(1)
    model = channels_last(RefinerModel(config))
    if start is not None:
        fits = model.state_dict()
        model.load_state_dict({k: v for k, v in start.items() if v.shape == fits[k].shape}, strict=False)
    source = RefinerBatches(model, frames, mean, spread, **batches)  # type: ignore[arg-type]
    return train(model, source.losses, folder, settings, "refiner")
