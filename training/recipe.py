"""From nothing to a checkpoint: which stages there are, with which settings, and what each is made from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from policy.config import PolicyConfig
from training.commands import collect, dagger
from training.export import learned
from training.plan import Stage


@dataclass(frozen=True)
class Drive:
    """Scenes in which the policy drives."""

    scenes: int
    tasks: str = "all"
    delays: str = ""
    """of the planner, in control steps; empty: as `libra dagger` has them"""


@dataclass(frozen=True)
class Round:
    """The policy drives, the expert labels what it met (DAgger), and both systems learn on."""

    drives: tuple[Drive, ...]
    """seeds from 200000 on, 10000 a round, 1000 a drive"""
    planner_steps: int
    """0: the planner stays as it is"""
    refiner_steps: int
    """on the planner's own tokens (Libra-VLA's curriculum)"""


@dataclass(frozen=True)
class Recipe:
    """How a checkpoint is made; steps are optimiser steps of 64 samples."""

    scenes: int = 900
    """expert demonstrations from these many scene seeds, from 0 on"""
    turning_scenes: int = 300
    """and from these many, from 10000 on, in which the hand must turn much (`training.collect.TURNING`)"""
    refiner_steps: int = 800
    planner_steps: int = 2600
    rounds: tuple[Round, ...] = (
        Round((Drive(300),), 1100, 1100),
        Round((Drive(200), Drive(150, "drawer open,stack", "1,3,5,8,12,16")), 0, 1100),
    )
    recent_share: tuple[float, float] = (0.5, 0.75)
    """of each batch of planner and refiner in a round: from all but the first data set"""
    planned_blocks: int = 8
    """so many blocks of each data set the refiner sees with the planner's tokens"""
    shards: int = 2
    """single-threaded processes that share every batch, whatever the machine: weights depend on it a little"""
    ways: int = 80
    """phrases that every goal is asked for in while pictures are learned"""
    word_steps: int = 1500
    """of words alone, at the end (`training.words`)"""
    word_ways: int = 260
    """sentences for every goal there"""

    def smaller(self) -> Recipe:
        """A few minutes of the same, to see that everything runs; its policy is not good."""
        return Recipe(25, 10, 10, 20, (Round((Drive(10),), 10, 10),), word_steps=10, word_ways=4)


def stages(recipe: Recipe, runs: Path, out: Path) -> list[Stage]:
    """Every stage of the recipe, each after what it is made from.

    Args:
        recipe: what to make.
        runs: folder of data sets (`data/`) and training stages (`train/`).
        out: folder of the checkpoint.
    """
    plan = _Plan(recipe, runs)
    plan.collect("expert", recipe.scenes, 0)
    plan.collect("turning", recipe.turning_scenes, 10_000, "--turning")
    sets = ["expert", "turning"]
    plan.learn("prepare", "prepare", sets, ways=recipe.ways)
    plan.learn("refiner1", "refiner", sets, recipe.refiner_steps, rate=1.2e-3, seed=1)
    plan.learn("planner1", "planner", sets, recipe.planner_steps, rate=1.2e-3, seed=0)
    planner, refiner = "planner1", "refiner1"
    for_planner, for_refiner = recipe.recent_share
    for number, each in enumerate(recipe.rounds, start=1):
        driver, tokens = f"driver{number}", f"tokens{number}"
        plan.export(driver, planner, refiner, runs / "train" / driver)
        for place, drive in enumerate(each.drives):
            driven = f"dagger{number}" + "abcdefgh"[place]
            plan.drive(driven, driver, drive, 190_000 + 10_000 * number + 1000 * place)
            sets = [*sets, driven]
        seed = number + 1
        if each.planner_steps:
            start, planner = planner, f"planner{seed}"
            plan.learn(
                planner, "planner", sets, each.planner_steps, start, rate=6e-4, seed=seed, recent_share=for_planner
            )
        plan.learn(tokens, "tokens", sets, start=planner, blocks=recipe.planned_blocks)
        start, refiner = refiner, f"refiner{seed}"
        plan.learn(
            refiner, "refiner", sets, each.refiner_steps, start, planned=tokens, rate=8e-4, seed=seed,
            recent_share=for_refiner, blocks=recipe.planned_blocks,
        )  # fmt: skip
    plan.words("words", sets, recipe.word_steps, planner)
    plan.export("checkpoint", "words", refiner, out)
    return plan.stages


@dataclass
class _Plan:
    """Gathers stages; `needs` and the settings that a result depends on follow from what it is made from."""

    recipe: Recipe
    runs: Path
    stages: list[Stage] = field(default_factory=list)

    def collect(self, name: str, scenes: int, seed: int, *flags: str) -> None:
        """Demonstrations of the expert."""
        folder = self.runs / "data" / name
        settings = {"scenes": scenes, "seed": seed, "flags": list(flags)}
        line = ("collect", "--frames", "--out", str(folder), "--episodes", str(scenes), "--seed", str(seed), *flags)
        blocks = _blocks(seed, scenes, collect.BLOCK)
        self._add(
            name, "collect", folder, "columns.npz", scenes, "scenes", "app.cli", line, settings, (), len(blocks), blocks
        )

    def drive(self, name: str, driver: str, drive: Drive, seed: int) -> None:
        """Episodes that a policy drives and the expert labels."""
        folder = self.runs / "data" / name
        checkpoint = str(self._folder(driver))
        line = ["dagger", "--checkpoint", checkpoint, "--out", str(folder), "--episodes", str(drive.scenes)]
        line += ["--seed", str(seed), "--tasks", drive.tasks]
        if drive.delays:
            line += ["--delays", drive.delays]
        settings = {**asdict(drive), "seed": seed}
        blocks = _blocks(seed, drive.scenes, dagger.BLOCK)
        self._add(
            name, "dagger", folder, "columns.npz", drive.scenes, "scenes", "app.cli", tuple(line), settings, (driver,),
            len(blocks), blocks,
        )  # fmt: skip

    def learn(
        self, name: str, kind: str, sets: list[str], steps: int = 0, start: str = "", planned: str = "", **options: Any
    ) -> None:
        """A stage of `training.stage`: preparation, planner, refiner or the planner's tokens for every frame."""
        folder = self.runs / "train" / name
        line = [kind, "--data", *(str(self._folder(each)) for each in sets), "--out", str(folder)]
        needs = [*sets]
        if kind != "prepare":
            line += ["--norm", str(self._folder("prepare") / "norm.safetensors")]
            needs.append("prepare")
        if kind == "planner":
            line += ["--phrases", str(self._folder("prepare") / "phrases"), "--ways", str(self.recipe.ways)]
        if start:
            line += ["--start", str(self._folder(start))]
            needs.append(start)
        if planned:
            line += ["--planned", str(self._folder(planned) / "tokens.npy")]
            needs.append(planned)
        trains = kind in ("planner", "refiner")
        if trains:
            options = {"steps": steps, **options, "shards": self.recipe.shards}
        for option, value in options.items():
            line += [f"--{option.replace('_', '-')}", str(value)]
        settings = {**options, **learned(PolicyConfig())}
        result = {"prepare": "norm.safetensors", "tokens": "tokens.npy"}.get(kind, "weights.safetensors")
        cores = self.recipe.shards if trains else None
        seen = [stage for stage in self.stages if stage.name in sets]
        share = [min(1.0, options.get("blocks", len(stage.blocks)) / len(stage.blocks)) for stage in seen]
        scenes = round(sum(stage.work * part for stage, part in zip(seen, share, strict=True)))
        work, unit = (steps, "steps") if trains else (scenes, "scenes")
        self._add(
            name, kind, folder, result, work, unit, "training.stage", tuple(line), settings,
            tuple(needs), cores,
        )  # fmt: skip

    def words(self, name: str, sets: list[str], steps: int, start: str) -> None:
        """The planner learns more words, with pictures as it sees them by then."""
        folder = self.runs / "train" / name
        settings = {"steps": steps, "ways": self.recipe.word_ways, "rate": 1e-3, "seed": 0}
        line = ["words", "--data", *(str(self._folder(each)) for each in sets), "--out", str(folder)]
        line += ["--start", str(self._folder(start))]
        for option, value in settings.items():
            line += [f"--{option}", str(value)]
        needs = (*sets, start)
        settings |= learned(PolicyConfig())
        self._add(
            name,
            "words",
            folder,
            "weights.safetensors",
            steps,
            "steps",
            "training.stage",
            tuple(line),
            settings,
            needs,
            1,
        )

    def export(self, name: str, planner: str, refiner: str, folder: Path) -> None:
        """A checkpoint of two stages."""
        norm = self._folder("prepare") / "norm.safetensors"
        line = ("--planner", self._folder(planner), "--refiner", self._folder(refiner), "--norm", norm, "--out", folder)
        needs = (planner, refiner, "prepare")
        words = tuple(map(str, line))
        self._add(name, "export", folder, "model.safetensors", 1, "file", "training.export", words, {}, needs, 1)

    def _folder(self, name: str) -> Path:
        return next(stage.folder for stage in self.stages if stage.name == name)

    def _add(
        self, name: str, kind: str, folder: Path, result: str, work: int, unit: str, module: str,
        line: tuple[str, ...], settings: dict[str, Any], needs: tuple[str, ...], cores: int | None,
        blocks: tuple[str, ...] = ("",),
    ) -> None:  # fmt: skip
        made_from = {f"made from {each.name}": each.fingerprint for each in self.stages if each.name in needs}
        settings = {**settings, **made_from}
        self.stages.append(Stage(name, kind, folder, result, work, unit, module, line, settings, needs, cores, blocks))


def _blocks(seed: int, scenes: int, size: int) -> tuple[str, ...]:
    return tuple(f"block_{start:07d}" for start in range(seed, seed + scenes, size))
