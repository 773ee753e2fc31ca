"""A checkpoint taken apart into what stages of training start from: `python -m training.unpack --checkpoint A --out B`.

Leaves `planner/weights.safetensors`, `refiner/weights.safetensors` and, last, `norm.safetensors`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from policy import CheckpointError, LibraPolicy, PolicyConfig, load_policy
from training.export import learned
from training.files import write_tensors

_OF_ITS_OWN = ("families",)
"""what a checkpoint says of itself and no weight depends on"""


def difference(config: PolicyConfig) -> str | None:
    """The first field in which a checkpoint differs from what training makes, as a clause; None when it can go on."""
    now = learned(PolicyConfig())
    for name, value in learned(config).items():
        if name not in _OF_ITS_OWN and now[name] != value:
            return f"it has {name} = {value!r}, training makes {now[name]!r}"
    return None


def unpack(policy: LibraPolicy, out: Path) -> None:
    """Write its parts.

    Raises:
        ValueError: training cannot go on from it; names the field.
        WriteError: the disk is full.
    """
    if other := difference(policy.config):
        raise ValueError(f"The checkpoint cannot be trained on: {other}.")
    for name, model in (("planner", policy.planner_model), ("refiner", policy.refiner_model)):
        (out / name).mkdir(parents=True, exist_ok=True)
        write_tensors(model.state_dict(), out / name / "weights.safetensors")
    write_tensors({"mean": policy.mean, "spread": policy.spread}, out / "norm.safetensors")


def main(words: list[str] | None = None) -> int:
    """Take a checkpoint apart."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args(words)
    try:
        unpack(load_policy(arguments.checkpoint), arguments.out)
    except (CheckpointError, ValueError, OSError) as error:
        print(f"unpack: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
