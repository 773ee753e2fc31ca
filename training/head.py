"""Training the planner's head on what its frozen eyes and ears perceived: thousands of samples a second."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import trange

from policy.config import PolicyConfig
from policy.head import CoarseHead
from policy.planner import PlannerModel
from policy.sentences import SentenceEncoder
from policy.vision import channels_last
from training.frames import Frames
from training.loop import RunSettings, photometric, train
from training.planner import state_loss, token_loss
from training.targets import Targets


@dataclass
class Perceived:
    """What `PlannerModel.perceive` made of every frame: peaks (N, 4, 4 + C), pools (N, P), task (episodes, T)."""

    peaks: Tensor
    pools: Tensor
    task: Tensor

    @classmethod
    def of(cls, model: PlannerModel, frames: Frames, threads: int, augmented: bool) -> Perceived:
        """Perceive every frame with its episode's instruction, pictures augmented or as they are."""
        torch.set_num_threads(threads)
        channels_last(model).eval()
        words, masks = SentenceEncoder().encode(frames.instructions)
        peaks, pools = [], []
        with torch.inference_mode():
            task = torch.cat(
                [model.reader(words[i : i + 256], masks[i : i + 256])[1] for i in range(0, len(words), 256)]
            )
            for start in trange(0, len(frames), 64, desc="perceiving", unit="batch"):
                rows = np.arange(start, min(start + 64, len(frames)))
                episodes = torch.from_numpy(frames.columns["episode"][rows]).long()
                front = torch.from_numpy(frames.picture("front", rows))
                wrist = torch.from_numpy(frames.picture("wrist", rows))
                if augmented:
                    front, wrist = photometric(front), photometric(wrist)
                seen = model.perceive(front, wrist, words[episodes], masks[episodes])
                peaks.append(seen.peaks.half())
                pools.append(seen.pools.half())
        return cls(torch.cat(peaks), torch.cat(pools), task)


def train_head(
    config: PolicyConfig, model: PlannerModel, frames: Frames, perceived: Perceived, mean: Tensor, spread: Tensor,
    folder: Path, settings: RunSettings, batch: int = 256, seed: int = 0, early_share: float = 0.25,
) -> dict[str, Tensor]:  # fmt: skip
    """Train the head of `model` from its present weights; returns its averaged weights.

    `early_share` of each batch are frames of the first ten steps of an episode, where a wrong start is decided.
    """
    targets = Targets.of(frames, config.bins)
    early = np.flatnonzero(frames.columns["step"] < 10)
    head: CoarseHead = model.head
    proprio_of = torch.from_numpy(frames.columns["proprio"])

    def losses(step: int) -> dict[str, Tensor]:
        rng = np.random.default_rng([seed, 3, step])
        torch.manual_seed(seed * 1_000_003 + step)
        rows = rng.integers(len(frames), size=batch)
        rows[: int(batch * early_share)] = rng.choice(early, int(batch * early_share))
        proprio = (proprio_of[rows] - mean) / spread
        proprio = proprio + torch.randn_like(proprio) * 0.01
        task = perceived.task[torch.from_numpy(frames.columns["episode"][rows]).long()]
        tokens, state = head(perceived.peaks[rows].float(), perceived.pools[rows].float(), proprio, task)
        cross = token_loss(tokens, *targets.token_targets(rows, config.horizon))
        where = state_loss(state, frames, rows)
        return {"total": cross + 3.0 * where, "tokens": cross, "state": where}

    return train(head, losses, folder, settings, "head")
