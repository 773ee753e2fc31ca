"""What plans of training are made of: data sets, stages and checkpoints, each after what it is made from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from policy.config import PolicyConfig
from policy.fingerprint import fingerprint
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


@dataclass
class Plan:
    """Gathers stages; `needs` and the settings that a result depends on follow from what it is made from.

    Args:
        runs: folder of data sets (`data/`).
        work: folder of training stages.
        shards: processes that share every batch.
        ways: phrases that every goal is asked for in.
        norm: stage whose normalisation of proprioception counts.
        kept: folder of data sets that may be there already, see `collect`.
        apart: whether data sets of other settings lie beside each other.
    """

    runs: Path
    work: Path
    shards: int
    ways: int
    norm: str = "prepare"
    kept: Path | None = None
    apart: bool = False
    stages: list[Stage] = field(default_factory=list)

    def collect(self, name: str, scenes: int, seed: int, *flags: str) -> None:
        """Demonstrations of the expert; those of more scenes do as well, where they are kept already."""
        settings: dict[str, Any] = {"scenes": scenes, "seed": seed, "flags": list(flags)}
        folder = self._data(name, settings)
        if self.kept is not None and (found := _more(self.kept / name, settings)):
            folder, settings = self.kept / name, found
        line = ("collect", "--frames", "--out", str(folder), "--episodes", str(scenes), "--seed", str(seed), *flags)
        blocks = _blocks(seed, scenes, collect.BLOCK)
        self.add(
            name, "collect", folder, "columns.npz", scenes, "scenes", "app.cli", line, settings, (), len(blocks), blocks
        )

    def drive(self, name: str, driver: str | Path, drive: Drive, seed: int) -> None:
        """Episodes that a policy drives (a stage, or a checkpoint that is there) and the expert labels."""
        settings = {**asdict(drive), "seed": seed}
        if isinstance(driver, Path):
            settings["fingerprint"] = fingerprint(driver)
        folder = self._data(name, settings)
        checkpoint = self._folder(driver) if isinstance(driver, str) else driver
        line = ["dagger", "--checkpoint", str(checkpoint), "--out", str(folder), "--episodes", str(drive.scenes)]
        line += ["--seed", str(seed), "--tasks", drive.tasks]
        if drive.delays:
            line += ["--delays", drive.delays]
        needs = (driver,) if isinstance(driver, str) else ()
        blocks = _blocks(seed, drive.scenes, dagger.BLOCK)
        self.add(
            name, "dagger", folder, "columns.npz", drive.scenes, "scenes", "app.cli", tuple(line), settings, needs,
            len(blocks), blocks,
        )  # fmt: skip

    def learn(
        self, name: str, kind: str, sets: list[str], steps: int = 0, start: str = "", planned: str = "", **options: Any
    ) -> None:
        """A stage of `training.stage`: preparation, planner, refiner or the planner's tokens for every frame."""
        folder = self.work / name
        line = [kind, "--data", *(str(self._folder(each)) for each in sets), "--out", str(folder)]
        needs = [*sets]
        if kind != "prepare":
            line += ["--norm", str(self._folder(self.norm) / "norm.safetensors")]
            needs += dict.fromkeys(("prepare", self.norm))
        if kind == "planner":
            line += ["--phrases", str(self._folder("prepare") / "phrases"), "--ways", str(self.ways)]
        if start:
            line += ["--start", str(self._folder(start))]
            needs.append(start.partition("/")[0])
        if planned:
            line += ["--planned", str(self._folder(planned) / "tokens.npy")]
            needs.append(planned)
        trains = kind in ("planner", "refiner")
        if trains:
            options = {"steps": steps, **options, "shards": self.shards}
        for option, value in options.items():
            line += [f"--{option.replace('_', '-')}", str(value)]
        settings = {**options, **learned(PolicyConfig())}
        result = {"prepare": "norm.safetensors", "tokens": "tokens.npy"}.get(kind, "weights.safetensors")
        cores = self.shards if trains else None
        seen = [stage for stage in self.stages if stage.name in sets]
        share = [min(1.0, options.get("blocks", len(stage.blocks)) / len(stage.blocks)) for stage in seen]
        scenes = round(sum(stage.work * part for stage, part in zip(seen, share, strict=True)))
        work, unit = (steps, "steps") if trains else (scenes, "scenes")
        self.add(
            name, kind, folder, result, work, unit, "training.stage", tuple(line), settings,
            tuple(dict.fromkeys(needs)), cores,
        )  # fmt: skip

    def words(self, name: str, sets: list[str], steps: int, ways: int, start: str) -> None:
        """The planner learns more words, with pictures as it sees them by then (`training.words`)."""
        folder = self.work / name
        options = {"steps": steps, "ways": ways, "rate": 1e-3, "seed": 0, "shards": self.shards}
        line = ["words", "--data", *(str(self._folder(each)) for each in sets), "--out", str(folder)]
        line += ["--start", str(self._folder(start)), *(f"--{name}={value}" for name, value in options.items())]
        settings = {**options, **learned(PolicyConfig())}
        self.add(
            name, "words", folder, "weights.safetensors", steps, "steps", "training.stage", tuple(line), settings,
            (*sets, start), self.shards,
        )  # fmt: skip

    def export(self, name: str, planner: str, refiner: str, folder: Path, *more: str) -> None:
        """A checkpoint of two stages; `more` are options of `training.export`."""
        norm = self._folder(self.norm) / "norm.safetensors"
        line = ("--planner", self._folder(planner), "--refiner", self._folder(refiner), "--norm", norm, "--out", folder)
        needs = (planner, refiner, self.norm)
        words = (*map(str, line), *more)
        self.add(name, "export", folder, "model.safetensors", 1, "file", "training.export", words, {}, needs, 1)

    def _data(self, name: str, settings: dict[str, Any]) -> Path:
        return self.runs / "data" / (f"{name}-{digest(settings)}" if self.apart else name)

    def _folder(self, name: str) -> Path:
        name, _, below = name.partition("/")
        return next(stage.folder for stage in self.stages if stage.name == name) / below

    def add(
        self, name: str, kind: str, folder: Path, result: str, work: int, unit: str, module: str,
        line: tuple[str, ...], settings: dict[str, Any], needs: tuple[str, ...], cores: int | None,
        blocks: tuple[str, ...] = ("",),
    ) -> None:  # fmt: skip
        """A stage, see `training.plan.Stage`."""
        made_from = {f"made from {each.name}": each.fingerprint for each in self.stages if each.name in needs}
        settings = {**settings, **made_from}
        self.stages.append(Stage(name, kind, folder, result, work, unit, module, line, settings, needs, cores, blocks))


def digest(settings: dict[str, Any]) -> str:
    """Short hash of settings, for the name of a folder."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:10]


def _blocks(seed: int, scenes: int, size: int) -> tuple[str, ...]:
    return tuple(f"block_{start:07d}" for start in range(seed, seed + scenes, size))


def _more(folder: Path, settings: dict[str, Any]) -> dict[str, Any] | None:
    """The settings of a data set that begins with what is asked for and has all of it; None if there is none."""
    try:
        found = json.loads((folder / "settings.json").read_text())
    except (OSError, ValueError):
        return None
    wanted = _blocks(settings["seed"], settings["scenes"], collect.BLOCK)
    alike = isinstance(found, dict) and all(found.get(name) == settings[name] for name in ("seed", "flags"))
    whole = alike and all((folder / block / "columns.npz").is_file() for block in wanted)
    return found if whole and int(found.get("scenes", 0)) >= settings["scenes"] else None
