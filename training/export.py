"""From the averaged weights of the two stages to a checkpoint: `python -m training.export --planner ... --out ...`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from torch import Tensor

from policy import LibraPolicy, PolicyConfig
from training.files import mismatch, read_tensors, write_error

IN_USE = ("denoising_steps", "second_look", "refusal_threshold")
"""fields of the configuration that decide how a policy is used, not what it has learned"""


def learned(config: PolicyConfig) -> dict[str, Any]:
    """The part of a configuration that trained weights depend on."""
    return {key: value for key, value in config.to_dict().items() if key not in IN_USE}


def other_configuration(folder: Path, config: PolicyConfig) -> str | None:
    """A sentence that names the first field in which what was trained in `folder` differs from `config`."""
    path = folder / "stage.json"
    if not path.is_file():
        return None
    found = json.loads(path.read_text()).get("config", {})
    for key, value in json.loads(json.dumps(learned(config))).items():  # as it comes back from a file: no tuples
        if key in found and found[key] != value:
            return f"{folder} was trained with {key} = {found[key]!r}, this policy has {value!r}."
    return None


def averaged(folder: Path) -> dict[str, Tensor]:
    """Averaged weights of a stage: the finished ones, or those of its last saved state.

    Raises:
        ValueError: there are none, or they are damaged.
    """
    if (folder / "weights.safetensors").is_file():
        return read_tensors(folder / "weights.safetensors")[0]
    if not (folder / "state.safetensors").is_file():
        raise ValueError(f"{folder} has neither weights.safetensors nor state.safetensors: train that stage first.")
    state, _ = read_tensors(folder / "state.safetensors")
    return {key.removeprefix("average."): value for key, value in state.items() if key.startswith("average.")}


def between(before: dict[str, Tensor], after: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    """Weights on the way from those before fine-tuning to those after it, `share` of the way (1: those after it).

    They keep more of what was known before and most of what was learned (WiSE-FT, Wortsman et al., 2022).

    Raises:
        ValueError: the two are of different models; names the first weight.
    """
    if difference := mismatch(after, before):
        raise ValueError(f"What was there before fine-tuning is of another model: {difference}.")
    return {
        name: before[name].lerp(value, share) if value.is_floating_point() else value for name, value in after.items()
    }


def export(
    planner: Path,
    refiner: Path,
    norm: dict[str, Tensor],
    out: Path,
    config: PolicyConfig | None = None,
    before: tuple[Path, float] | None = None,
) -> None:
    """Write a checkpoint of both systems; `norm` holds `mean` and `spread` of proprioception.

    Args:
        planner: folder of its last stage.
        refiner: folder of its stage.
        norm: see above.
        out: folder of the checkpoint.
        config: of the checkpoint.
        before: folder with `planner` and `refiner` as they were before fine-tuning, and the share of the way from
            there, see `between`.

    Raises:
        ValueError: a stage is of another configuration; names the first field.
        WriteError: the disk is full.
    """
    policy = LibraPolicy.create(config or PolicyConfig(), norm["mean"], norm["spread"])
    for name, folder, model in (
        ("planner", planner, policy.planner_model), ("refiner", refiner, policy.refiner_model)
    ):  # fmt: skip
        weights = averaged(folder)
        difference = other_configuration(folder, PolicyConfig()) or mismatch(model.state_dict(), weights)
        if difference:
            raise ValueError(f"{folder} is of another configuration: {difference.rstrip('.')}. Train it again.")
        if before is not None:
            weights = between(averaged(before[0] / name), weights, before[1])
        model.load_state_dict(weights)
    try:
        policy.save_pretrained(out)
    except (OSError, SafetensorError) as error:
        size = sum(value.nbytes for value in policy.weights().values())
        raise write_error(out / "model.safetensors", size, error) from error


def main(words: list[str] | None = None) -> int:
    """Write a checkpoint of two stages."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--planner", "--refiner", "--norm", "--out"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--like", type=Path, help="checkpoint that it is to be used like")
    parser.add_argument("--families", help="that it has learned, with commas between (default: all)")
    parser.add_argument("--trusted-steps", type=int, help="control steps for which tokens are followed")
    parser.add_argument("--before", type=Path, help="folder of both systems before fine-tuning")
    parser.add_argument("--share", type=float, default=1.0, help="of the way from there (default 1: all of it)")
    parser.add_argument("--lineage", type=Path, help="what to say of where it comes from, see `training.lineage`")
    arguments = parser.parse_args(words)
    try:
        norm, _ = read_tensors(arguments.norm)
        config = PolicyConfig()
        if arguments.like:
            config = PolicyConfig.from_dict(json.loads((arguments.like / "config.json").read_text()))
        if arguments.families:
            config = replace(config, families=tuple(arguments.families.split(",")))
        if arguments.trusted_steps is not None:
            config = replace(config, trusted_steps=arguments.trusted_steps)
        if arguments.lineage:
            from training.lineage import write_beside

            write_beside(arguments.lineage, arguments.out)
        before = (arguments.before, arguments.share) if arguments.before else None
        export(arguments.planner, arguments.refiner, norm, arguments.out, config, before)
    except (ValueError, OSError) as error:
        print(f"export: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
