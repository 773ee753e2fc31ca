"""Two kept evaluations on the same episodes: what the second fixes, breaks, leaves."""

from __future__ import annotations

from typing import Any

from diagnosis.contract import Comparison
from diagnosis.store import EvaluationError, Kept, evaluation_row
from training.intervals import paired
from training.kept import Manifest

_SETTING = (
    "fingerprint", "schedule", "planner_delay", "checks", "trusted_steps", "copies", "inject", "oracle", "plainly",
    "noise", "commit", "perturbations",
)  # fmt: skip


def compare(before: Kept, after: Kept) -> Comparison:
    """Pairs are episodes of the same scene and the same goal, in the order in which they come.

    Raises:
        EvaluationError: they have no episode in common, or are the same evaluation.
    """
    if before.manifest.id == after.manifest.id:
        raise EvaluationError(f"{before.manifest.id} is compared with itself: name two evaluations.")
    theirs: dict[tuple[Any, ...], list[int]] = {}
    for number in sorted(after.rows):
        theirs.setdefault(_key(after, number), []).append(number)
    pairs = []
    for number in sorted(before.rows):
        if partners := theirs.get(_key(before, number)):
            pairs.append((number, partners.pop(0)))
    if not pairs:
        raise EvaluationError(
            f"{before.manifest.id} and {after.manifest.id} have no episode in common (scenes {_seeds(before)} and "
            f"{_seeds(after)}): evaluate both with the same --seed, --episodes and --tasks, or use `libra eval "
            "--compare`."
        )
    old = [before.rows[one]["success"] for one, _ in pairs]
    new = [after.rows[other]["success"] for _, other in pairs]
    families: dict[str, dict[str, int]] = {}
    fixed: list[list[int]] = []
    broken: list[list[int]] = []
    same: list[list[int]] = []
    for (one, other), was, now in zip(pairs, old, new, strict=True):
        family = families.setdefault(before.tasks[one].goal.family, {"fixed": 0, "broken": 0, "unchanged": 0})
        family["unchanged" if was == now else "fixed" if now else "broken"] += 1
        (same if was == now else fixed if now else broken).append([one, other])
    left_out = [len(before.rows) - len(pairs), len(after.rows) - len(pairs)]
    return {
        "before": evaluation_row(before.folder),
        "after": evaluation_row(after.folder),
        "pairs": len(pairs),
        "fixed": fixed,
        "broken": broken,
        "unchanged": len(same),
        "same": same,
        "paired": paired(old, new),
        "families": families,
        "left_out": left_out,
        "problem": _problem(before.manifest, after.manifest, left_out),
    }


def _key(kept: Kept, number: int) -> tuple[Any, ...]:
    task = kept.tasks[number]
    return task.seed, task.goal


def _seeds(kept: Kept) -> str:
    seeds = [task.seed for task in kept.tasks]
    return f"{min(seeds)} to {max(seeds)}" if seeds else "none"


def _problem(before: Manifest, after: Manifest, left_out: list[int]) -> str | None:
    said = []
    if any(left_out):
        said.append(
            f"Only episodes that both have are compared: {left_out[0]} of the first and {left_out[1]} of the second "
            "are left out."
        )
    differ = [name for name in _SETTING if getattr(before, name) != getattr(after, name)]
    if len(differ) > 1:
        names = ", ".join(each.replace("_", " ").replace("fingerprint", "weights") for each in differ)
        said.append(f"They differ in more than one thing ({names}): a change cannot be put down to one of them.")
    return " ".join(said) or None
