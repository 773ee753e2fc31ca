"""Fine-tuning: from a checkpoint and corrections to the next checkpoint, in stages like those of the recipe.

Half of every batch is what humans did, whatever their number, the other half is old data (intervention-weighted
regression, Mandlekar et al., 2020), and what comes out is averaged with the old weights (WiSE-FT, Wortsman et al.,
2022), so that nothing is forgotten. Old data are kept by `libra train`, or collected
again from the same seeds, for the families that the checkpoint has learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from library.store import Episode
from policy import PolicyConfig
from policy.fingerprint import fingerprint
from training.corrections import BEFORE_TAKE_OVER, DONE, HUMAN_WEIGHT, POLICY_WEIGHT
from training.plan import Stage
from training.planning import Drive, Plan, digest
from training.recipe import Recipe


@dataclass(frozen=True)
class Tuning:
    """How a checkpoint learns from corrections; steps are optimiser steps of 64 samples. Made for 20 minutes."""

    scenes: int = 150
    """of the recipe's expert demonstrations, from the same seeds on"""
    turning_scenes: int = 50
    driven_scenes: int = 45
    """in which the checkpoint itself drives, and the expert labels"""
    planner_steps: int = 280
    refiner_steps: int = 300
    warmup: int = 50
    """steps of each of the two until the full rate"""
    planner_rate: float = 4e-4
    refiner_rate: float = 5e-4
    human_share: tuple[float, float] = (0.6, 0.5)
    """of each batch of planner and refiner; the planner draws some rows for another reason, too (`_turning` there)"""
    blocks: int = 8
    """of each old data set"""
    save_every: int = 50
    """optimiser steps: what a cancelled run loses at most"""
    shards: int = 2
    ways: int = 24
    """phrases that every goal is asked for in"""
    word_steps: int = 220
    """of words alone, at the end: what else the planner learned must not cost it the words that it knew"""
    word_ways: int = 40
    head_steps: int = 60
    """after them, of the planner's head alone: what the words mean has moved a little under it"""
    share: float = 0.6
    """of the way from the old weights to those that came out: less is forgotten, see `training.export.between`"""

    def smaller(self) -> Tuning:
        """A minute of the same, to see that everything runs."""
        return Tuning(2, 1, 1, 4, 4, ways=1, save_every=2, word_steps=4, word_ways=1, head_steps=2)


@dataclass(frozen=True)
class Source:
    """What a checkpoint is made from."""

    base: Path
    config: PolicyConfig
    """of the base"""
    library: Path
    episodes: tuple[Episode, ...]
    families: tuple[str, ...]
    """that the episodes are of"""

    @property
    def learned(self) -> tuple[str, ...]:
        """Families that the new checkpoint has learned."""
        return tuple(each for each in PolicyConfig().families if each in (*self.config.families, *self.families))

    @property
    def settings(self) -> dict[str, Any]:
        """What the frames of its episodes depend on."""
        said = [[each.id, each.facts.started if each.facts else 0.0, *each.span] for each in self.episodes]
        return {
            "library": str(self.library.resolve()),
            "episodes": said,
            "weights": [HUMAN_WEIGHT, POLICY_WEIGHT, BEFORE_TAKE_OVER],
        }


def stages(tuning: Tuning, source: Source, runs: Path, out: Path, kept: Path | None = None) -> list[Stage]:
    """Every stage, each after what it is made from.

    Args:
        tuning: how.
        source: from what.
        runs: folder of old data and stages, which lie apart when they depend on different things.
        out: folder of the checkpoint.
        kept: folder of data sets that `libra train` has left, `runs/data`.
    """
    base = {"fingerprint": fingerprint(source.base)}
    work = work_folder(tuning, source, runs)
    kinds = Recipe(
        without=tuple(each for each in PolicyConfig().families if each not in source.config.families)
    ).kinds()
    old = ("--tasks", kinds) if kinds != "all" else ()
    plan = Plan(runs, work, tuning.shards, tuning.ways, norm="base", kept=kept, apart=True)
    unpacked = ("--checkpoint", str(source.base), "--out", str(work / "base"))
    plan.add("base", "unpack", work / "base", "norm.safetensors", 1, "file", "training.unpack", unpacked, base, (), 1)
    plan.collect("expert", tuning.scenes, 0, *old)
    plan.collect("turning", tuning.turning_scenes, 10_000, "--turning", *old)
    plan.drive("driven", source.base, Drive(tuning.driven_scenes, kinds), 200_000)
    sets = ["expert", "turning", "driven"]
    folder = work / "corrections"
    names = [each.id for each in source.episodes]
    line = ("--library", str(source.library), "--out", str(folder), "--episodes", *names)
    plan.add(
        "corrections", "corrections", folder, DONE, len(names), "episodes", "training.corrections", line,
        source.settings, (), 1,
    )  # fmt: skip
    plan.learn("prepare", "prepare", sets, ways=tuning.ways, blocks=tuning.blocks)
    sets = [*sets, "corrections"]
    common: dict[str, Any] = {"blocks": tuning.blocks, "old_sets": 3}
    trained = {**common, "save_every": tuning.save_every, "seed": 11, "warmup": tuning.warmup}
    for_planner, for_refiner = tuning.human_share
    plan.learn(
        "planner", "planner", sets, tuning.planner_steps, "base/planner", rate=tuning.planner_rate,
        recent_share=for_planner, **trained,
    )  # fmt: skip
    plan.learn("tokens", "tokens", sets, start="planner", **common)
    plan.learn(
        "refiner", "refiner", sets, tuning.refiner_steps, "base/refiner", "tokens", rate=tuning.refiner_rate,
        recent_share=for_refiner, **trained,
    )  # fmt: skip
    plan.words("words", sets, tuning.word_steps, tuning.word_ways, "planner")
    plan.learn(
        "head", "planner", sets, tuning.head_steps, "words", rate=3e-4, learns="head.", recent_share=for_planner,
        **trained,
    )  # fmt: skip
    more = (
        "--families", ",".join(source.learned), "--like", str(source.base), "--lineage", str(work / "lineage.json"),
        "--before", str(work / "base"), "--share", str(tuning.share),
    )  # fmt: skip
    plan.export("checkpoint", "head", "refiner", out, *more)
    return plan.stages


def work_folder(tuning: Tuning, source: Source, runs: Path) -> Path:
    """Of the stages of one fine-tuning: the same for the same checkpoint, episodes and settings."""
    base = {"fingerprint": fingerprint(source.base)}
    return runs / "train" / digest({**base, **source.settings, **asdict(tuning)})


def human_steps(episodes: Sequence[Episode]) -> int:
    """Control steps that somebody else than the policy drove or steered."""
    counted = 0
    for each in episodes:
        if each.facts is not None:
            drivers = each.facts.drivers
            counted += drivers.get("human", 0) + drivers.get("expert", 0) + each.facts.steered
    return counted
