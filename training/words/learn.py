"""Training what reads sentences: where their things are in pictures, what they ask for, and that many mean the same."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from policy.config import PolicyConfig
from policy.grounding import GroundingHead, grounding_losses
from policy.planner import PlannerModel
from policy.vision import channels_last
from training.frames import Frames
from training.loop import RunSettings, train
from training.sentences import drawn
from training.words.bank import NONE, UNSAID, WordBank
from training.words.looks import Looks

LEARNS: Final = ("reader.", "kind.", "ground_front.", "ground_wrist.")
"""parameters of the planner that learn; the others stay as they are, bit for bit"""
FRAMES, SENTENCES = 20, 112
"""of a batch: every sentence is asked of every frame"""
KEPT_FRAMES: Final = 3000
_PRESENT_SHARE, _KIND_WEIGHT, _MEANING_WEIGHT = 0.6, 0.5, 1.0


class WordBatches:
    """Draws batches of sentences and frames, and computes the losses on them."""

    def __init__(
        self, model: PlannerModel, looks: Looks, bank: WordBank, seed: int = 0, sentences: int = SENTENCES
    ) -> None:
        self.model, self.looks, self.bank, self.seed, self.sentences = model, looks, bank, seed, sentences
        with torch.inference_mode():  # what sentences in canonical words mean to the head must not move under its feet
            models = np.unique(bank.model[bank.model >= 0])
            self.row = {int(model): row for row, model in enumerate(models)}
            self.meant = model.reader(*drawn(bank, models))[1]
        self.meant = self.meant.clone()
        self.scale = float(self.meant.var(0).mean())

    def losses(self, step: int) -> dict[str, Tensor]:
        """One batch, decided by the step alone."""
        rng = np.random.default_rng([self.seed, 11, step])
        bank, looks = self.bank, self.looks
        said = rng.integers(len(bank), size=self.sentences)
        seen = rng.integers(len(looks), size=FRAMES)
        queries, task = self.model.reader(*drawn(bank, said))
        roles = bank.roles[said].T.ravel()  # all targets, then all containers
        asked = np.flatnonzero(roles != UNSAID)
        wanted = queries.transpose(0, 1).flatten(0, 1)[asked]
        grounding = torch.zeros(())
        for column, camera in enumerate(("front", "wrist")):
            pixels = looks.pixels[seen][:, np.maximum(roles[asked], 0), column]
            pixels[:, roles[asked] == NONE] = np.nan
            heads: dict[str, GroundingHead] = {"front": self.model.ground_front, "wrist": self.model.ground_wrist}
            logits = heads[camera](
                wanted.expand(FRAMES, -1, -1), looks.maps[camera][seen].float(), looks.pools[camera][seen]
            )
            each = grounding_losses(logits, torch.from_numpy(pixels))
            absent = torch.from_numpy(np.isnan(pixels[..., 0]))
            grounding = grounding + _PRESENT_SHARE * _mean(each, ~absent) + (1 - _PRESENT_SHARE) * _mean(each, absent)
        rows = bank.kind[said]
        assert self.model.kind is not None
        kind = F.cross_entropy(self.model.kind(task), torch.from_numpy(rows), ignore_index=UNSAID)
        means = bank.model[said]
        same = means >= 0
        meant = self.meant[[self.row[int(each)] for each in means[same]]]
        meaning = F.mse_loss(task[torch.from_numpy(same)], meant) / self.scale
        total = grounding + _KIND_WEIGHT * kind + _MEANING_WEIGHT * meaning
        return {"total": total, "grounding": grounding, "kind": kind, "meaning": meaning}


def _mean(values: Tensor, which: Tensor) -> Tensor:
    return (values * which).sum() / which.sum().clamp_min(1)


def train_words(
    config: PolicyConfig, frames: Frames, bank: WordBank, folder: Path, settings: RunSettings,
    start: dict[str, Tensor], seed: int = 0, sentences: int = SENTENCES,
) -> dict[str, Tensor]:  # fmt: skip
    """Train what reads sentences, from a planner's weights, and return all weights of the planner."""
    torch.manual_seed(0)
    torch.set_num_threads(settings.threads)
    model = channels_last(PlannerModel(config))
    model.load_state_dict(start)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith(LEARNS))
    looks = Looks.of(model.eval(), frames, min(KEPT_FRAMES, len(frames)), np.random.default_rng([seed, 0x100C]))
    batches = WordBatches(model, looks, bank, seed, sentences)
    return train(model, batches.losses, folder, settings, "words")
