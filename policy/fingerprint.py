"""Which policy a checkpoint is, so that a record can say which one drove."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

PARTS: Final = ("model.safetensors", "config.json")
"""what a policy's answers follow from"""
_DIGITS = 16


def fingerprint(checkpoint: Path) -> str:
    """The first digits of the SHA-256 of its weights and its configuration; "" where there are none to be read."""
    digest = hashlib.sha256()
    try:
        for name in PARTS:
            with (checkpoint / name).open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    except OSError:
        return ""
    return digest.hexdigest()[:_DIGITS]
