"""A stage of the recipe: what is to be made of what, how far it is, and whether what lies there was made as asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from training.files import write_json
from training.frames import check_format


class State(StrEnum):
    """How far a stage is."""

    DONE = "done"
    PART = "part"
    MISSING = "missing"
    OTHER = "other"
    """made with other settings than are asked for now"""


class OtherSettings(ValueError):
    """What lies in a folder was made with other settings; the message names the first one and the fix."""


@dataclass(frozen=True)
class Stage:
    """One thing to make, in a folder of its own, by `python -m module arguments` in a process of its own."""

    name: str
    kind: str
    """stages of a kind take about the same time per unit of work: collect, dagger, planner, refiner, ..."""
    folder: Path
    result: str
    """file that is there when the stage is done; of a data set, in each of its blocks"""
    work: int
    """optimiser steps or scenes"""
    unit: str
    module: str
    arguments: tuple[str, ...]
    settings: dict[str, Any]
    """what the result depends on; kept beside it as `settings.json`"""
    needs: tuple[str, ...] = ()
    """names of stages that must be done before"""
    cores: int | None = None
    """as many as it can use; None: all there are"""
    blocks: tuple[str, ...] = field(default=("",), repr=False)
    """parts that are complete one by one"""

    @property
    def fingerprint(self) -> str:
        """Short hash of the settings, those of everything it is made from among them."""
        return hashlib.sha256(json.dumps(self.settings, sort_keys=True).encode()).hexdigest()[:12]

    def done(self) -> int:
        """Units of work whose result is safely on disk."""
        complete = sum((self.folder / block / self.result).is_file() for block in self.blocks)
        if complete == len(self.blocks):
            return self.work
        return max(self.work * complete // len(self.blocks), min(self._saved_step(), self.work))

    def _saved_step(self) -> int:
        path = self.folder / "state.safetensors"
        if not path.is_file():
            return 0
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, "np") as file:
                return int((file.metadata() or {}).get("step", 0))
        except (OSError, SafetensorError):
            return 0  # the stage itself will say what is wrong with it

    def state(self) -> State:
        """How far the stage is."""
        done = self.done()
        if done and self.difference():
            return State.OTHER
        return State.DONE if done == self.work else State.PART if done else State.MISSING

    def difference(self) -> str | None:
        """One sentence about the first setting in which what lies in the folder differs from what is asked for."""
        fix = f"Remove {self.folder} to make it again, or keep it and name another folder with --runs."
        path = self.folder / "settings.json"
        try:
            found = json.loads(path.read_text())
        except FileNotFoundError:
            return f"{self.folder} was not made by this recipe (it has no settings.json). {fix}"
        except (ValueError, OSError) as error:
            return f"{path} cannot be read ({error}). {fix}"
        if other := first_difference(self.settings, found):
            name, was, asked = other
            if name.startswith("made from "):
                return f"{self.folder} was {name} that was since made with other settings. {fix}"
            return f"{self.folder} was made with {name} = {was!r}, the recipe now asks for {asked!r}. {fix}"
        if self.kind in ("collect", "dagger"):
            try:
                check_format(self.folder)
            except ValueError as error:
                return f"{error} {fix}"
        return None

    def begin(self) -> None:
        """Write the settings into the folder, before anything else is there.

        Raises:
            WriteError: the disk is full; settings that were there are untouched.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(self.settings, self.folder / "settings.json")


def first_difference(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[str, Any, Any] | None:
    """Name, found value and wanted value of the first setting that differs."""
    wanted = json.loads(json.dumps(wanted))  # as it comes back from a file: lists, no tuples
    for name in (*wanted, *found):
        if wanted.get(name) != found.get(name):
            return name, found.get(name), wanted.get(name)
    return None


def check(stages: Iterable[Stage]) -> None:
    """Refuse to build on what was made with other settings.

    Raises:
        OtherSettings: names the first stage and setting that differs.
    """
    for stage in stages:
        if stage.kind != "export" and stage.state() is State.OTHER:
            raise OtherSettings(stage.difference())


def table(stages: Iterable[Stage]) -> str:
    """All stages with their work, seeds and states, a line each."""
    lines = [("stage", "kind", "work", "seed", "after", "state")]
    for stage in stages:
        state, done = stage.state(), stage.done()
        part = f" ({done} of {stage.work})" if state is State.PART else ""
        seed = str(stage.settings.get("seed", "-"))
        needs = ", ".join(stage.needs) or "-"
        lines.append((stage.name, stage.kind, f"{stage.work} {stage.unit}", seed, needs, f"{state}{part}"))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines)
