"""From the averaged weights of the two stages to a checkpoint."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor

from policy import LibraPolicy, PolicyConfig


def averaged(folder: Path) -> dict[str, Tensor]:
    """Averaged weights of a stage: the finished ones, or those of its last saved state."""
    if (folder / "weights.safetensors").is_file():
        return load_file(folder / "weights.safetensors")
    state = load_file(folder / "state.safetensors")
    return {key.removeprefix("average."): value for key, value in state.items() if key.startswith("average.")}


def export(planner: Path, refiner: Path, norm: dict[str, Tensor], out: Path) -> None:
    """Write a checkpoint of both systems; `norm` holds `mean` and `spread` of proprioception."""
    policy = LibraPolicy.create(PolicyConfig(), norm["mean"], norm["spread"])
    policy.planner_model.load_state_dict(averaged(planner))
    policy.refiner_model.load_state_dict(averaged(refiner))
    policy.save_pretrained(out)
