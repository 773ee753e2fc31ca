"""The planner's head may learn alone, after what it is told has changed."""

from __future__ import annotations

from pathlib import Path

import torch

from policy.config import PolicyConfig
from policy.planner import PlannerModel
from policy.sentences import SentenceEncoder
from training.commands.collect import write_block
from training.frames import Frames, write_format
from training.loop import RunSettings
from training.phrases import PhraseBank
from training.planner import train_planner
from training.stage import normalisation


def test_the_head_learns_and_nothing_else_changes_by_a_bit(tmp_path: Path) -> None:
    write_format(tmp_path / "data")
    write_block(862_000, 1, str(tmp_path / "data" / "block_0862000"))
    frames = Frames.open([tmp_path / "data"])
    torch.manual_seed(0)
    start = {key: value.clone() for key, value in PlannerModel(PolicyConfig()).state_dict().items()}
    with torch.inference_mode():
        bank = PhraseBank.build(SentenceEncoder(), ways=1)
    weights = train_planner(
        PolicyConfig(), frames, bank, *normalisation(frames), tmp_path / "out", RunSettings(2, 1e-3, warmup=1), start,
        learns="head.", batch=4,
    )  # fmt: skip
    changed = {key for key, value in weights.items() if not torch.equal(value, start[key])}
    assert changed and all(key.startswith("head.") for key in changed)
