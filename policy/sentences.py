"""A real pretrained sentence encoder (all-MiniLM-L6-v2) through transformers, from a package or a local folder."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from policy.encoder_files import find_encoder, verify_encoder

MAX_TOKENS = 32


class SentenceEncoder:
    """Token features of a sentence, frozen, with a cache: (MAX_TOKENS, 384), and which tokens are real.

    Args:
        folder: of the encoder; found without one.
        batch: new sentences per call. One at a time, what a sentence means depends on nothing but itself, bit for bit.
    """

    def __init__(self, folder: Path | None = None, batch: int = 256) -> None:
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()  # a second of "Loading weights" would be taken for the work that is asked for
        folder = folder or find_encoder()
        verify_encoder(folder)
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._model = AutoModel.from_pretrained(folder, local_files_only=True, use_safetensors=True).eval()
        self._batch = batch
        self._cache: dict[str, tuple[Tensor, Tensor]] = {}

    @torch.inference_mode()
    def encode(self, sentences: list[str]) -> tuple[Tensor, Tensor]:
        """Features (B, MAX_TOKENS, 384) float32 and mask (B, MAX_TOKENS) bool of lower-cased sentences."""
        words = [" ".join(sentence.lower().split()) for sentence in sentences]
        # Those of a length together: padding costs as much as words do.
        missing = sorted({word for word in words if word not in self._cache}, key=lambda word: (len(word), word))
        for start in range(0, len(missing), self._batch):
            part = missing[start : start + self._batch]
            batch = self._tokenizer(part, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
            features = self._model(**batch).last_hidden_state
            rest = MAX_TOKENS - features.shape[1]
            features, masks = F.pad(features, (0, 0, 0, rest)), F.pad(batch["attention_mask"].bool(), (0, rest))
            self._cache |= zip(part, zip(features, masks, strict=True), strict=True)
        return torch.stack([self._cache[w][0] for w in words]), torch.stack([self._cache[w][1] for w in words])
