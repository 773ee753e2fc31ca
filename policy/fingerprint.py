"""Which weights a checkpoint has, so that a record can say which policy drove."""

from __future__ import annotations

import hashlib
from pathlib import Path

_DIGITS = 16


def fingerprint(checkpoint: Path) -> str:
    """The first digits of the SHA-256 of its weights; "" where there are none to be read."""
    try:
        with (checkpoint / "model.safetensors").open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:_DIGITS]
    except OSError:
        return ""
