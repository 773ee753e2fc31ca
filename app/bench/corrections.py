"""Corrections by a scripted operator: a cockpit without a screen, a policy that tries, somebody who puts it right."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from app.bench.operator import PATIENCE, Page, Supervisor
from app.bench.watching import with_page
from app.session.protocol import SessionSettings
from library.store import Library
from scenes.goals import is_held_out
from training.corrections import why_not
from training.tasks import assign_tasks

FIRST_SEED: Final = 730_000
"""training uses seeds below 300000"""
_AT_ONCE: Final = 50
Say = Callable[[str], None]


def corrections_in(library: Path) -> int:
    """Episodes that something can be learned from."""
    return sum(why_not(each) is None for each in Library(library).episodes)


def make_corrections(
    checkpoint: Path, library: Path, family: str, wanted: int, say: Say,
    policy: str = SessionSettings.policy, patience: int = PATIENCE,
) -> dict[str, Any]:  # fmt: skip
    """Let a policy try scenes of a family, and correct it, until so many corrections are in the library.

    What is there counts; a run that was interrupted goes on with other scenes, in a folder of its own.

    Args:
        checkpoint: of the policy.
        library: folder that the episodes go to.
        family: of the tasks.
        wanted: corrections that shall be there.
        say: is told how far it is, a sentence.
        policy: `module:function` that loads it.
        patience: control steps that the policy has.

    Raises:
        BenchError: the session is gone.
    """
    library.mkdir(parents=True, exist_ok=True)
    there, began, before = corrections_in(library), time.monotonic(), len([*library.glob("run-*")])
    if there >= wanted:
        return {"corrections": there}
    folder = library / f"run-{before:02d}"
    with with_page(SessionSettings(checkpoint, policy=policy), folder) as (trial, _, address):
        trial.wait_for_policy()
        page = Page(address)
        operator = Supervisor(page, trial.call, lambda name: folder / f"{name}.arrow", patience)
        upcoming = scenes(family, FIRST_SEED + 1000 * before)
        operator.work(*next(upcoming))
        while there + operator.count["corrected"] < wanted:
            say(_sentence(there, wanted, operator.count, time.monotonic() - began))
            operator.go_on(*(scene := next(upcoming)))
            operator.work(*scene)
        say(_sentence(there, wanted, operator.count, time.monotonic() - began))
        operator.close()
        cost = trial.call("status")["corrections"]
        page.close()
    return {"corrections": corrections_in(library), **operator.count, "seconds_each": cost["seconds_each"]}


def scenes(family: str, seed: int) -> Iterator[tuple[int, str]]:
    """Scenes of the family from a seed on, each with what is asked of it; nothing that is held out of training."""
    for count in itertools.count(_AT_ONCE, _AT_ONCE):
        for task in assign_tasks(count, seed, (family,))[count - _AT_ONCE :]:
            if not is_held_out(task.goal):
                yield task.seed, task.goal.instruction


def _sentence(there: int, wanted: int, count: dict[str, int], seconds: float) -> str:
    done = there + count["corrected"]
    left = seconds / max(1, count["corrected"]) * (wanted - done)
    return (
        f"{done} of {wanted} corrections, {count['by_policy']} done by the policy alone, {count['failed']} not done by "
        f"hand; {seconds / 60:.1f} min gone, {left / 60:.1f} min left"
    )
