"""Checkpoints: `config.json`, `model.safetensors` and a card in one folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from policy.config import USED, PolicyConfig
from policy.planner import Planner, PlannerModel
from policy.refiner import Refiner, RefinerModel
from policy.sentences import SentenceEncoder
from policy.vision import channels_last

CONFIG, WEIGHTS = "config.json", "model.safetensors"


class CheckpointError(ValueError):
    """A checkpoint that cannot be used; the message names the fix."""


@dataclass
class LibraPolicy:
    """Both systems with their normalisation."""

    config: PolicyConfig
    planner_model: PlannerModel
    refiner_model: RefinerModel
    mean: Tensor
    """(P,) of proprioception"""
    spread: Tensor
    """(P,)"""

    def __post_init__(self) -> None:
        self._sentences: SentenceEncoder | None = None

    @classmethod
    def create(cls, config: PolicyConfig, mean: Tensor, spread: Tensor) -> LibraPolicy:
        """A policy with fresh weights."""
        return cls(config, PlannerModel(config), RefinerModel(config), mean, spread)

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> LibraPolicy:
        """Load a checkpoint.

        Raises:
            CheckpointError: missing, truncated or of another configuration; names the fix.
        """
        folder = Path(folder)
        advice = "Restore it with `git checkout -- assets/checkpoints`, or name another with --checkpoint."
        for name in (CONFIG, WEIGHTS):
            if not (folder / name).is_file():
                raise CheckpointError(f"The checkpoint {folder} has no {name}. {advice}")
        try:
            config = PolicyConfig.from_dict(json.loads((folder / CONFIG).read_text()))
            weights = load_file(folder / WEIGHTS)
            with safe_open(folder / WEIGHTS, "pt") as file:
                trained = json.loads((file.metadata() or {}).get("config", "{}"))
        except (SafetensorError, json.JSONDecodeError, TypeError, ValueError) as error:
            raise CheckpointError(f"The checkpoint {folder} is damaged ({error}). {advice}") from error
        if different := _differences(config, trained):
            raise CheckpointError(f"The checkpoint {folder} does not fit its config.json ({different}). {advice}")
        try:
            policy = cls.create(config, torch.zeros(config.proprio_size), torch.ones(config.proprio_size))
            policy.load_weights(weights)
        except (RuntimeError, KeyError, AssertionError, ZeroDivisionError) as error:  # weights that do not say
            reason = str(error).splitlines()[-1].strip()
            raise CheckpointError(
                f"The checkpoint {folder} does not fit its config.json ({reason}). {advice}"
            ) from error
        return policy

    def load_weights(self, weights: dict[str, Tensor]) -> None:
        """Take weights named as in `weights()`."""
        for prefix, model in (("planner.", self.planner_model), ("refiner.", self.refiner_model)):
            part = {key.removeprefix(prefix): value.float() for key, value in weights.items() if key.startswith(prefix)}
            model.load_state_dict(part)
        self.mean, self.spread = weights["proprio.mean"].float(), weights["proprio.spread"].float()

    def weights(self) -> dict[str, Tensor]:
        """All weights, float16 to keep the checkpoint small; normalisation in float32."""
        named = {f"planner.{key}": value for key, value in self.planner_model.state_dict().items()}
        named |= {f"refiner.{key}": value for key, value in self.refiner_model.state_dict().items()}
        half = {key: value.detach().half().contiguous() for key, value in named.items()}
        return {**half, "proprio.mean": self.mean, "proprio.spread": self.spread}

    def save_pretrained(self, folder: str | Path) -> None:
        """Write the checkpoint; a half-written one never replaces a whole one."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = {name: folder / f"{name}.unfinished" for name in (CONFIG, WEIGHTS)}
        config = json.dumps(self.config.to_dict(), indent=1)
        try:
            unfinished[CONFIG].write_text(config + "\n")
            save_file(self.weights(), unfinished[WEIGHTS], metadata={"config": config})
            for name, path in unfinished.items():
                path.replace(folder / name)
        finally:
            for path in unfinished.values():
                path.unlink(missing_ok=True)

    @property
    def planner(self) -> Planner:
        """Ready to plan."""
        if self._sentences is None:
            self._sentences = SentenceEncoder(batch=1)
        return Planner(channels_last(self.planner_model), self._sentences, self.mean, self.spread)

    @property
    def refiner(self) -> Refiner:
        """Ready to refine."""
        return Refiner(channels_last(self.refiner_model), self.mean, self.spread)


def _differences(config: PolicyConfig, trained: dict[str, Any]) -> str:
    """The fields in which a configuration is another one than the weights were made with; "" if they do not say."""
    now = json.loads(json.dumps(config.to_dict()))
    return ", ".join(
        f"it says {name} = {now[name]!r}, the weights were made with {value!r}"
        for name, value in trained.items()
        if name not in USED and now.get(name, value) != value
    )


def load_policy(folder: str | Path) -> LibraPolicy:
    """Load a checkpoint, ready for the runtime (`.planner`, `.refiner`)."""
    return LibraPolicy.from_pretrained(folder)
