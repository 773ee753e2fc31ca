"""From nothing to a checkpoint: every stage in a process of its own, skipped when its result is there."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import load_file

from training.export import export
from training.stage import ALLOCATOR


@dataclass(frozen=True)
class Recipe:
    """How the shipped checkpoint is made; steps are optimiser steps of 64 samples (the head's: 256)."""

    scenes: int = 1325
    """expert demonstrations from these many scene seeds, from 0 on"""
    planner_steps: int = 2000
    refiner_steps: int = 750
    dagger_scenes: int = 150
    """scenes per DAgger round, seeds from 200000 on"""
    head_steps: int = 1500
    head_blocks: int = 24
    """blocks per data set on which the head is trained"""

    def smaller(self) -> Recipe:
        """A few minutes of the same, to see that everything runs; its policy is not good."""
        return Recipe(25, 20, 20, 10, 20, 1)


def make(recipe: Recipe, runs: Path, out: Path, workers: int) -> None:
    """Run what is still missing and write the checkpoint to `out`.

    Raises:
        subprocess.CalledProcessError: a stage failed; starting again resumes it.
    """
    data, train = runs / "data", runs / "train"
    expert, dagger = data / "expert", data / "dagger1"
    norm = train / "refiner1" / "norm.safetensors"
    collected = ("--episodes", recipe.scenes, "--out", expert, "--workers", workers)
    _libra("collect", *collected)
    first = ("--data", expert, "--threads", workers)
    _stage("refiner", train / "refiner1", *first, "--steps", recipe.refiner_steps, "--seed", 1)
    _stage("planner", train / "planner1", *first, "--steps", recipe.planner_steps, "--norm", norm)
    export(train / "planner1", train / "refiner1", load_file(norm), train / "driver")
    driven = ("--episodes", recipe.dagger_scenes, "--out", dagger, "--workers", workers)
    _libra("dagger", "--checkpoint", train / "driver", *driven)
    both = ("--data", expert, dagger, "--blocks", recipe.head_blocks, "--norm", norm, "--threads", workers)
    _stage(
        "head", train / "head1", *both, "--start", train / "planner1", "--steps", recipe.head_steps, "--rate", 1.5e-3
    )
    export(train / "head1", train / "refiner1", load_file(norm), out)


def _stage(system: str, out: Path, *arguments: object) -> None:
    if not (out / "weights.safetensors").is_file():
        _python("training.stage", system, "--out", out, *arguments)


def _libra(command: str, *arguments: object) -> None:
    _python("app.cli", command, *arguments)


def _python(module: str, *arguments: object) -> None:
    line = [sys.executable, "-m", module, *map(str, arguments)]
    subprocess.run(line, check=True, env={**os.environ, **ALLOCATOR})
