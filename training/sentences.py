"""Encoded sentences kept on disk: encoding every phrase takes half a minute, and stages need the same again."""

from __future__ import annotations

import hashlib
from pathlib import Path

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
