"""From nothing to a checkpoint: which stages there are, with which settings, and what each is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from policy.config import PolicyConfig
from policy.tasks import TASKS
from training.plan import Stage
from training.planning import Drive, Plan

_HARD_WHEN_LATE = "drawer open,drawer close,stack,bowl,push left,push right,push front,push back"
"""tasks that suffer when the planner is late, as `libra dagger --tasks` has them"""


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
    refiner_steps: int = 700
    planner_steps: int = 2400
    rounds: tuple[Round, ...] = (
        Round((Drive(300),), 1300, 1100),
        Round((Drive(200), Drive(200, _HARD_WHEN_LATE, "1,3,5,8,12,16")), 0, 3100),
    )
    recent_share: tuple[float, float] = (0.5, 0.75)
    """of each batch of planner and refiner in a round: from all but the first data set"""
    planned_blocks: int = 8
    """so many blocks of each data set the refiner sees with the planner's tokens"""
    shards: int = 2
    """single-threaded processes that share every batch, whatever the machine: weights depend on it a little"""
    ways: int = 80
    """phrases that every goal is asked for in while pictures are learned"""
    word_steps: int = 4000
    """of words alone, at the end (`training.words`)"""
    word_ways: int = 400
    """sentences for every goal there"""
    head_steps: int = 400
    """after them, of the planner's head alone: what the words mean has moved a little under it"""
    without: tuple[str, ...] = ()
    """families of which there is no frame"""
    late_intents: bool = True
    """whether the refiner learns from intents that come late, too; without them it copies tokens of any age"""

    def shorter(self) -> Recipe:
        """About half the time, for a policy that is a little less good."""
        return replace(
            self, scenes=500, turning_scenes=150, refiner_steps=600, planner_steps=1400,
            rounds=(Round((Drive(200),), 700, 800),),
        )  # fmt: skip

    def smaller(self) -> Recipe:
        """A few minutes of the same, to see that everything runs; its policy is not good."""
        return replace(
            self,
            scenes=25,
            turning_scenes=10,
            refiner_steps=10,
            planner_steps=20,
            rounds=(Round((Drive(10),), 10, 10),),
            word_steps=10,
            head_steps=10,
            word_ways=4,
        )

    def kinds(self, asked: str = "all") -> str:
        """Kinds of task with commas between: what is asked, without what is left out."""
        if not self.without:
            return asked
        known = TASKS[:-1] if asked == "all" else asked.split(",")
        return ",".join(kind for kind in known if kind.split()[0] not in self.without)


def stages(recipe: Recipe, runs: Path, out: Path) -> list[Stage]:
    """Every stage of the recipe, each after what it is made from.

    Args:
        recipe: what to make.
        runs: folder of data sets (`data/`) and training stages (`train/`).
        out: folder of the checkpoint.
    """
    plan = Plan(runs, runs / "train", recipe.shards, recipe.ways)
    left = ("--tasks", recipe.kinds()) if recipe.without else ()
    late: dict[str, Any] = {} if recipe.late_intents else {"max_age": PolicyConfig().trusted_steps - 1}
    used = () if recipe.late_intents else ("--trusted-steps", str(PolicyConfig().horizon))
    plan.collect("expert", recipe.scenes, 0, *left)
    plan.collect("turning", recipe.turning_scenes, 10_000, "--turning", *left)
    sets = ["expert", "turning"]
    plan.learn("prepare", "prepare", sets, ways=recipe.ways)
    plan.learn("refiner1", "refiner", sets, recipe.refiner_steps, rate=3e-3, seed=1, muon=1, **late)
    plan.learn("planner1", "planner", sets, recipe.planner_steps, rate=3e-3, seed=0, muon=1)
    planner, refiner = "planner1", "refiner1"
    for_planner, for_refiner = recipe.recent_share
    for number, each in enumerate(recipe.rounds, start=1):
        driver, tokens = f"driver{number}", f"tokens{number}"
        plan.export(driver, planner, refiner, runs / "train" / driver, *used)
        for place, drive in enumerate(each.drives):
            driven = f"dagger{number}" + "abcdefgh"[place]
            asked = replace(drive, tasks=recipe.kinds(drive.tasks))
            plan.drive(driven, driver, asked, 190_000 + 10_000 * number + 1000 * place)
            sets = [*sets, driven]
        seed = number + 1
        if each.planner_steps:
            start, planner = planner, f"planner{seed}"
            plan.learn(
                planner, "planner", sets, each.planner_steps, start, rate=1.5e-3, seed=seed, muon=1,
                recent_share=for_planner,
            )  # fmt: skip
        plan.learn(tokens, "tokens", sets, start=planner, blocks=recipe.planned_blocks)
        start, refiner = refiner, f"refiner{seed}"
        plan.learn(
            refiner, "refiner", sets, each.refiner_steps, start, planned=tokens, rate=2e-3, seed=seed, muon=1,
            recent_share=for_refiner, blocks=recipe.planned_blocks, **late,
        )  # fmt: skip
    plan.words("words", sets, recipe.word_steps, recipe.word_ways, planner)
    plan.learn(
        "head", "planner", sets, recipe.head_steps, "words", learns="head.", rate=3e-4, seed=9, recent_share=for_planner
    )
    plan.export("checkpoint", "head", refiner, out, *_families(recipe.without), *used)
    return plan.stages


def _families(without: Sequence[str]) -> tuple[str, ...]:
    """What the checkpoint is told of what it has learned, where that is not everything."""
    known = [family for family in PolicyConfig().families if family not in without]
    return ("--families", ",".join(known)) if without else ()
