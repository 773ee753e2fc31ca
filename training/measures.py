"""What an evaluation can find out: each measure plays its episodes in one go and returns a report for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from training.evaluate import Evaluate, summarise, won
from training.intervals import paired, rate
from training.rollout import Result
from training.setting import Setting
from training.tasks import Task, canonical


def plain(setting: Setting, tasks: Sequence[Task], evaluate: Evaluate) -> dict[str, Any]:
    """How often it succeeds."""
    (results,) = evaluate([(setting, tasks)])
    return {**setting.to_dict(), **summarise(results)}


def compare(settings: Mapping[str, Setting], tasks: Sequence[Task], evaluate: Evaluate) -> dict[str, Any]:
    """Two settings on the same episodes: what the second fixes and breaks."""
    before, after = evaluate([(setting, tasks) for setting in settings.values()])
    return {
        "compared": [
            {"name": name, **setting.to_dict(), **summarise(results)}
            for (name, setting), results in zip(settings.items(), (before, after), strict=True)
        ],
        "paired": _paired(before, after),
        "families": {
            family: _paired(*(_of(family, results) for results in (before, after)))
            for family in dict.fromkeys(result.task.goal.family for result in before)
        },
        "changed": [
            {"seed": new.task.seed, "instruction": new.task.instruction, "fixed": new.success}
            for old, new in zip(before, after, strict=True)
            if old.success != new.success
        ],
    }


def _of(family: str, results: Sequence[Result]) -> list[Result]:
    return [result for result in results if result.task.goal.family == family]


def delays(
    checkpoints: Sequence[str], delays: Sequence[int], base: Setting, tasks: Sequence[Task], evaluate: Evaluate
) -> dict[str, Any]:
    """Success against the planner's delay, all on the same episodes; changes count from the first delay."""
    settings = [replace(base, checkpoint=each, planner_delay=delay) for each in checkpoints for delay in delays]
    played = iter(evaluate([(setting, tasks) for setting in settings]))
    curves = []
    for checkpoint in checkpoints:
        results = [next(played) for _ in delays]
        points = [
            {"planner_delay_steps": delay, **summarise(these), "paired": _paired(results[0], these)}
            for delay, these in zip(delays, results, strict=True)
        ]
        curves.append({"checkpoint": checkpoint, "schedule": base.schedule, "points": points})
    return {"curves": curves}


def perturbations(setting: Setting, tasks: Mapping[str, Sequence[Task]], evaluate: Evaluate) -> dict[str, Any]:
    """Success under every perturbation, and over all of them; each has as many episodes."""
    played = evaluate([(setting, these) for these in tasks.values()])
    return {
        **setting.to_dict(),
        "perturbations": {kind: summarise(results) for kind, results in zip(tasks, played, strict=True)},
        "average": rate([success for results in played for success in won(results)]),
    }


def moved(setting: Setting, tasks: Sequence[Task], evaluate: Evaluate) -> dict[str, Any]:
    """Success when the target is moved while the arm reaches for it, with checks of intents and without.

    The same tasks with nothing moved, checks on, say how often the checks are wrong.
    """
    on, off = replace(setting, checks=True), replace(setting, checks=False)
    calm = [replace(task, perturbation=None) for task in tasks]
    checked, unchecked, undisturbed = evaluate([(on, tasks), (off, tasks), (on, calm)])
    plans, alarms = (sum(getattr(result, name) for result in undisturbed) for name in ("plans", "alarms"))
    return {
        **setting.to_dict(),
        "moved": {
            "checks_on": {**summarise(checked), "reaction_steps": _reactions(checked)},
            "checks_off": {**summarise(unchecked), "reaction_steps": _reactions(unchecked)},
        },
        "undisturbed": {**summarise(undisturbed), "intents": plans, "false_alarms": alarms},
        "paired": _paired(unchecked, checked),
    }


def _reactions(results: Sequence[Result]) -> dict[str, float] | None:
    """Control steps from the shove to the first action that was planned after it."""
    steps = [result.reaction for result in results if result.reaction is not None]
    if not steps:
        return None
    middle, late = np.percentile(steps, (50, 95))
    return {"mean": float(np.mean(steps)), "p50": float(middle), "p95": float(late), "episodes": len(steps)}


def phrases(setting: Setting, tasks: Sequence[Task], evaluate: Evaluate) -> dict[str, Any]:
    """Success with these words, and with the canonical ones on the same scenes."""
    said, plainly = evaluate([(setting, tasks), (setting, [canonical(task) for task in tasks])])
    successes, possible = sum(won(said)), sum(won(plainly))
    by_phrase: dict[tuple[str, str], list[bool]] = {}
    for result in said:
        entry = (result.task.goal.instruction, result.task.instruction)
        by_phrase.setdefault(entry, []).append(result.success)
    return {
        **setting.to_dict(),
        "phrases": summarise(said),
        "canonical": summarise(plainly),
        "share_of_canonical": successes / possible if possible else None,
        "paired": _paired(plainly, said),
        "entries": [
            {"task": task, "say": say, "successes": sum(outcomes), "episodes": len(outcomes)}
            for (task, say), outcomes in by_phrase.items()
        ],
    }


def _paired(before: Sequence[Result], after: Sequence[Result]) -> dict[str, Any]:
    return paired(won(before), won(after))
