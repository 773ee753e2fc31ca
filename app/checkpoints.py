"""Checkpoints that were made from corrections: where each comes from, and what it is worth beside its parent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import orjson

LINEAGE: Final = "lineage.json"
COMPARED: Final = "compared.json"
"""beside it, once both were measured on the same episodes"""
EVALUATIONS: Final = "evaluations"
"""folder within the library that keeps them"""
EPISODES: Final = 280
"""of a comparison"""
_SEED: Final = re.compile(r"--seed (\d+)")
_FRESH: Final = 820_000
"""seeds from here on are nobody's training"""

Answer = dict[str, Any]


class UnknownCheckpoint(ValueError):
    """There is no such checkpoint, or its lineage cannot be read; one sentence."""


def made(library: Path) -> list[Answer]:
    """Every checkpoint in a library that says where it comes from, the newest first; see `described`."""
    found = [described(path.parent) for path in library.glob(f"*/{LINEAGE}")]
    return sorted(found, key=lambda each: -each["made"])


def described(folder: Path) -> Answer:
    """One checkpoint, for people.

    `name`, `folder`, `made` (Unix seconds), `parent` (its name), `episodes` and `steps` by hand that it learned from,
    `families`, `commit`; `compared`: None, or `difference` in success, `interval_95`, `before`, `after` (successes),
    `episodes`, `fixed`, `broken`, and the two kept evaluations, `ids`; or `problem`, one sentence, instead of all that.
    """
    path = folder / LINEAGE
    known = {"name": folder.name, "folder": str(folder), "made": path.stat().st_mtime if path.is_file() else 0.0}
    try:
        said = orjson.loads(path.read_bytes())
        return {
            **known,
            "parent": Path(said["parent"]["checkpoint"]).name,
            "episodes": len(said["episodes"]),
            "steps": int(said["human_steps"]),
            "families": list(said["families"]),
            "commit": str(said["commit"])[:9],
            "compared": _compared(folder),
        }
    except (OSError, ValueError, KeyError, TypeError):
        return {**known, "problem": f"{path} cannot be read, or lacks something: make the checkpoint again."}


def comparison(library: Path, name: str) -> list[str]:
    """Words of the `libra` command that plays a checkpoint and its parent on the same fresh episodes.

    Raises:
        UnknownCheckpoint: there is nothing to compare.
    """
    folder = library / name
    if not name or folder.parent != library or not (folder / LINEAGE).is_file():
        raise UnknownCheckpoint(f"There is no checkpoint {name!r} in this library: choose one that is listed.")
    if problem := described(folder).get("problem"):
        raise UnknownCheckpoint(problem)
    said = orjson.loads((folder / LINEAGE).read_bytes())
    parent = Path(said["parent"]["checkpoint"])
    if not (parent / "config.json").is_file():
        raise UnknownCheckpoint(f"Its parent is no longer at {parent}: put it back there, then compare.")
    seed = _SEED.search(str(said.get("compare")))  # of episodes that nobody was shown
    words = ["eval", "--compare", str(parent), str(folder), "--tasks", ",".join(said["families"])]
    words += ["--episodes", str(EPISODES), "--seed", seed[1] if seed else str(_FRESH), "--workers", "1"]
    return [*words, "--keep", str(library / EVALUATIONS), "--json", str(folder / COMPARED)]


def _compared(folder: Path) -> Answer | None:
    path = folder / COMPARED
    if not path.is_file() or path.stat().st_mtime < (folder / LINEAGE).stat().st_mtime:  # of one before it
        return None
    said = orjson.loads(path.read_bytes())
    before, after = said["compared"]
    return {
        "difference": said["paired"]["difference"],
        "interval_95": said["paired"]["interval_95"],
        "fixed": said["paired"]["fixed"],
        "broken": said["paired"]["broken"],
        "before": before["successes"],
        "after": after["successes"],
        "episodes": after["episodes"],
        "ids": [Path(each).name for each in said["kept"]],
    }
