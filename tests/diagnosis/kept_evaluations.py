"""Short episodes of the scripted expert, kept; some may have too little time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from training import rollout
from training.kept import Keeper, Kept, describe, read_kept
from training.setting import Setting
from training.side_by_side import SideBySide
from training.tasks import Task

ENOUGH, TOO_LITTLE = 110, 25
"""control steps"""


def keep_evaluation(
    root: Path, tasks: Sequence[Task], setting: Setting, limits: Sequence[int], only: Sequence[int] | None = None
) -> Kept:
    """Play and keep, every episode with a time limit of its own."""
    players = SideBySide(keep=True)
    manifest = describe(setting, tasks, "libra eval --expert")
    before = rollout.TIME_LIMIT
    try:
        with Keeper(root, manifest, tasks) as keeper:
            for number, task in enumerate(tasks):
                if number in keeper.known or (only is not None and number not in only):
                    continue
                rollout.TIME_LIMIT = limits[number]
                ((_, result),) = players.run(iter([(number, setting, task)]))
                keeper.add(number, result)
    finally:
        rollout.TIME_LIMIT = before
        players.close()
    return read_kept(root / manifest.id)
