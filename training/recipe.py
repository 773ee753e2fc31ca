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
    """How a checkpoint is made; steps are optimiser steps of 64 samples.

    The planner learns from the expert's scenes; then, round by round, the policy drives, the expert labels what it
    met, and the planner learns on. At last the refiner learns from the planner's own tokens (Libra-VLA's curriculum).
    """

    scenes: int = 1325
    """expert demonstrations from these many scene seeds, from 0 on"""
    turning_scenes: int = 500
    """and from these many, from 10000 on, in which the hand must turn much (`training.collect.TURNING`)"""
    refiner_steps: int = 1250
    planner_steps: int = 5000
    rounds: tuple[tuple[int, int], ...] = ((250, 2500), (250, 1500))
    """DAgger rounds: scenes (seeds from 200000 on, 10000 a round) and planner steps after it"""
    recent_share: float = 0.4
    """of each batch in a round comes from driven episodes"""
    curriculum_steps: int = 900

    def smaller(self) -> Recipe:
        """A few minutes of the same, to see that everything runs; its policy is not good."""
        return Recipe(25, 10, 10, 20, ((10, 10),), 0.4, 10)


def make(recipe: Recipe, runs: Path, out: Path, workers: int) -> None:
    """Run what is still missing and write the checkpoint to `out`.

    Raises:
        subprocess.CalledProcessError: a stage failed; starting again resumes it.
    """
    data, train = runs / "data", runs / "train"
    norm = train / "refiner1" / "norm.safetensors"
    sets = [data / "expert", data / "turning"]
    some: tuple[object, ...] = ("--workers", workers, "--episodes")
    _libra("collect", "--out", sets[0], *some, recipe.scenes)
    _libra("collect", "--out", sets[1], *some, recipe.turning_scenes, "--turning", "--seed", 10_000)
    threads: tuple[object, ...] = ("--threads", workers)
    _stage("refiner", train / "refiner1", sets, *threads, "--steps", recipe.refiner_steps, "--seed", 1)
    threads = (*threads, "--norm", norm)
    planner = train / "planner1"
    _stage("planner", planner, sets, *threads, "--steps", recipe.planner_steps)
    for number, (scenes, steps) in enumerate(recipe.rounds, start=1):
        driver = train / f"driver{number}"
        export(planner, train / "refiner1", load_file(norm), driver)
        driven = data / f"dagger{number}"
        seed = 190_000 + 10_000 * number
        _libra("dagger", "--checkpoint", driver, "--seed", seed, "--out", driven, *some, scenes)
        sets.append(driven)
        start, planner = planner, train / f"planner{number + 1}"
        recent = ("--recent-share", recipe.recent_share, "--rate", 8e-4, "--seed", number + 1)
        _stage("planner", planner, sets, *threads, "--start", start, "--steps", steps, *recent)
    tokens = train / "tokens"
    if not (tokens / "tokens.npy").is_file():
        _stage("tokens", tokens, sets, *threads, "--start", planner, "--steps", 0)
    refiner = train / "refiner2"
    planned = ("--planned", tokens / "tokens.npy", "--recent-share", 0.6, "--rate", 8e-4, "--seed", 2)
    learnt = ("--start", train / "refiner1", "--steps", recipe.curriculum_steps)
    _stage("refiner", refiner, sets, *threads, *learnt, *planned)
    export(planner, refiner, load_file(norm), out)


def _stage(system: str, out: Path, data: list[Path], *arguments: object) -> None:
    if not (out / "weights.safetensors").is_file():
        _python("training.stage", system, "--data", *data, "--out", out, *arguments)


def _libra(command: str, *arguments: object) -> None:
    _python("app.cli", command, *arguments)


def _python(module: str, *arguments: object) -> None:
    line = [sys.executable, "-m", module, *map(str, arguments)]
    subprocess.run(line, check=True, env={**os.environ, **ALLOCATOR})
