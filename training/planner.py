"""Training the planner: tokens, grounding of every name in every frame, and where things are from the hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from tqdm import trange

from policy.config import PolicyConfig
from policy.grounding import grounding_loss
from policy.planner import PlannerModel
from policy.sentences import SentenceEncoder
from policy.vision import channels_last
from training.frames import Frames
from training.loop import RunSettings, photometric, train
from training.phrases import PhraseBank
from training.targets import Targets

GROUNDING_WEIGHT, STATE_WEIGHT = 0.25, 3.0
_DIMENSION_WEIGHT = torch.tensor((1.5, 1.5, 1.5, 0.4, 0.4, 0.8, 1.2))


class PlannerBatches:
    """Draws batches and computes the planner's losses on them."""

    def __init__(
        self, model: PlannerModel, frames: Frames, bank: PhraseBank, mean: Tensor, spread: Tensor, batch: int = 64,
        distinct: int = 48, extra: int = 6, seed: int = 0, recent: int = 0, recent_share: float = 0.0,
    ) -> None:  # fmt: skip
        self.model, self.frames, self.bank = model, frames, bank
        self.targets = Targets.of(frames, model.config.bins)
        self.mean, self.spread = mean, spread
        self.batch, self.distinct, self.extra = batch, distinct, extra
        self.seed = seed
        self.recent, self.recent_share = recent, recent_share
        self.named = np.array(bank.named)
        self.thing = np.array(bank.thing)

    def losses(self, step: int) -> dict[str, Tensor]:
        """One batch, decided by the step alone so that a resumed run continues as it would have."""
        rng = np.random.default_rng([self.seed, step])
        torch.manual_seed(self.seed * 1_000_003 + step)
        rows = rng.integers(len(self.frames), size=self.batch)
        if self.recent_share:
            newer = rng.random(self.batch) < self.recent_share
            rows = np.where(newer, rng.integers(self.recent, len(self.frames), size=self.batch), rows)
        columns, bank = self.frames.columns, self.bank
        front = photometric(torch.from_numpy(self.frames.picture("front", rows)))
        wrist = photometric(torch.from_numpy(self.frames.picture("wrist", rows)))
        proprio = (torch.from_numpy(columns["proprio"][rows]) - self.mean) / self.spread
        proprio = proprio + torch.randn_like(proprio) * 0.02
        phrases = bank.goal_phrases(columns["target"][rows], columns["container"][rows], rng)
        pool = rng.choice(len(self.named), size=self.distinct, replace=False)
        asked = rng.integers(self.distinct, size=(self.batch, self.extra))
        extra = (bank.features[self.named[pool]].float(), bank.masks[self.named[pool]], torch.from_numpy(asked))
        output = self.model(front, wrist, proprio, bank.features[phrases].float(), bank.masks[phrases], extra)
        tokens = token_loss(output.tokens, *self.targets.token_targets(rows, self.model.config.horizon))
        pixels = self._pixels(rows, self.thing[pool][asked])
        grounding = sum(
            (
                grounding_loss(output.groundings[camera].float(), pixels[:, :, i])
                for i, camera in enumerate(("front", "wrist"))
            ),
            torch.zeros(()),
        )
        state = state_loss(output.state, self.frames, rows)
        total = tokens + GROUNDING_WEIGHT * grounding + STATE_WEIGHT * state
        return {"total": total, "tokens": tokens, "grounding": grounding, "state": state}

    def _pixels(self, rows: np.ndarray, things: np.ndarray) -> Tensor:
        """(B, 2 + Q, cameras, 2) where the roles and the extra phrases are, NaN for none."""
        columns = self.frames.columns
        roles = np.stack((columns["target"][rows], columns["container"][rows]), 1)
        wanted = np.concatenate((roles, things), 1).astype(np.int64)
        pixels = np.take_along_axis(columns["pixels"][rows], np.maximum(wanted, 0)[..., None, None], 1)
        return torch.from_numpy(np.where((wanted < 0)[..., None, None], np.nan, pixels).astype(np.float32))


def token_loss(logits: Tensor, tokens: NDArray[np.uint8], valid: NDArray[np.bool_]) -> Tensor:
    """Cross-entropy of logits (B, L, 7, N) with tokens (B, L, 7) where they are valid (B, L), near steps first."""
    cross = F.cross_entropy(logits.flatten(0, 2), torch.from_numpy(tokens).long().flatten(), reduction="none")
    near = torch.linspace(1.3, 0.7, logits.shape[1])
    weight = torch.from_numpy(valid).float()[..., None] * _DIMENSION_WEIGHT * near[:, None]
    return (cross.view_as(weight) * weight).sum() / weight.sum()


def state_loss(state: Tensor, frames: Frames, rows: NDArray[np.int64]) -> Tensor:
    """How far the auxiliary state (B, STATE_SIZE) is from the simulator's, smooth L1 in decimetres."""
    columns = frames.columns
    index = np.arange(len(rows))
    container = columns["container"][rows]
    positions = columns["positions"][rows]
    target_at = positions[index, columns["target"][rows]] * 10
    container_at = np.where((container >= 0)[:, None], positions[index, container] * 10, 0.0)
    truth = np.concatenate(
        (target_at, container_at, columns["closing"][rows] * 0.3, columns["held"][rows] * 0.3), 1
    ).astype(np.float32)
    return F.smooth_l1_loss(state, torch.from_numpy(truth), beta=0.1)


def train_planner(
    config: PolicyConfig, frames: Frames, bank: PhraseBank, mean: Tensor, spread: Tensor, folder: Path,
    settings: RunSettings, start: dict[str, Tensor] | None = None, **batches: float,
) -> dict[str, Tensor]:  # fmt: skip
    """Train a planner (from `start` weights if given) and return its averaged weights."""
    torch.manual_seed(0)
    model = channels_last(PlannerModel(config))
    if start is not None:
        model.load_state_dict(start, strict=False)
    source = PlannerBatches(model, frames, bank, mean, spread, **batches)  # type: ignore[arg-type]
    return train(model, source.losses, folder, settings, "planner")


def plan_frames(
    config: PolicyConfig, frames: Frames, mean: Tensor, spread: Tensor, weights: dict[str, Tensor], out: Path,
    threads: int = 1,
) -> None:  # fmt: skip
    """Write the planner's tokens (N, L, 7) uint8 for every frame to `OUT/tokens.npy`: the refiner's curriculum."""
    torch.set_num_threads(threads)
    model = channels_last(PlannerModel(config)).eval()
    model.load_state_dict(weights)
    encoder = SentenceEncoder()
    features, masks = encoder.encode(frames.instructions)
    out.mkdir(parents=True, exist_ok=True)
    tokens = np.lib.format.open_memmap(
        out / "tokens.npy", "w+", np.uint8, (len(frames), config.horizon, config.action_size)
    )
    columns = frames.columns
    with torch.inference_mode():
        for start in trange(0, len(frames), 64, desc="planning", unit="batch"):
            rows = np.arange(start, min(start + 64, len(frames)))
            episodes = torch.from_numpy(columns["episode"][rows]).long()
            output = model(
                torch.from_numpy(frames.picture("front", rows)),
                torch.from_numpy(frames.picture("wrist", rows)),
                (torch.from_numpy(columns["proprio"][rows]) - mean) / spread,
                features[episodes],
                masks[episodes],
            )
            tokens[rows] = output.tokens.argmax(-1).numpy().astype(np.uint8)
    tokens.flush()
