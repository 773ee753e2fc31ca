"""Encoded sentences kept on disk: encoding every phrase takes half a minute, and stages need the same again."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from policy.sentences import SentenceEncoder
from training.files import read_tensors, write_tensors


class KeptSentences(SentenceEncoder):
    """The sentence encoder, with a file in `folder` for every list of sentences that it was ever asked for."""

    def __init__(self, folder: Path) -> None:  # the encoder itself is loaded when there is something new to encode
        self.folder = folder

    def encode(self, sentences: list[str]) -> tuple[Tensor, Tensor]:
        """As the encoder's, in the precision of float16."""
        key = hashlib.sha256("\n".join(sentences).encode()).hexdigest()[:16]
        path = self.folder / f"{key}.safetensors"
        if not path.is_file():
            features, masks = SentenceEncoder().encode(sentences)
            self.folder.mkdir(parents=True, exist_ok=True)
            write_tensors({"features": features.half(), "masks": masks}, path)
        kept, _ = read_tensors(path)
        return kept["features"].float(), kept["masks"]


class Encoded(Protocol):
    """A bank of encoded sentences."""

    features: Tensor
    """(S, W, 384) float16"""
    masks: Tensor
    """(S, W)"""


def drawn(bank: Encoded, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    """Features (B, V, 384) float32 and masks (B, V) of some sentences, with no more words than the longest of them has.

    What is only padding says nothing, and costs as much as words do: a fifth of the planner's training.
    """
    masks = bank.masks[torch.from_numpy(rows)]
    words = int(masks.any(0).nonzero().max()) + 1
    return bank.features[torch.from_numpy(rows), :words].float(), masks[:, :words]
