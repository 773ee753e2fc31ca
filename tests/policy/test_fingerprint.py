"""The record names the policy that drove."""

from __future__ import annotations

from pathlib import Path

from app import DEFAULT_CHECKPOINT
from policy.fingerprint import fingerprint


def test_other_weights_or_another_configuration_have_another_fingerprint_and_none_have_none(tmp_path: Path) -> None:
    shipped = fingerprint(DEFAULT_CHECKPOINT)
    assert len(shipped) == 16 and shipped == fingerprint(DEFAULT_CHECKPOINT)
    (tmp_path / "model.safetensors").write_bytes(b"other")
    assert fingerprint(tmp_path) == ""
    (tmp_path / "config.json").write_text("{}")
    other = fingerprint(tmp_path)
    (tmp_path / "config.json").write_text('{"trusted_steps": -1}')
    assert len({"", shipped, other, fingerprint(tmp_path)}) == 4
