"""What `libra eval` measures for its arguments."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from policy import load_policy
from scenes.goals import FAMILIES
from scenes.perturb import MOVED, PERTURBATIONS
from scenes.shove import FAMILIES as REACHED
from training import measures
from training.evaluate import Group, evaluate, pace
from training.faults import misword, with_fault
from training.kept import describe
from training.phrase_file import read_phrases
from training.refusals import measure_refusals
from training.rollout import Result
from training.setting import Misused, Setting, parse_setting
from training.tasks import Task, assign_phrases, assign_tasks


def measure(arguments: argparse.Namespace, quiet: bool = False) -> dict[str, Any]:
    """The report of a whole evaluation.

    Raises:
        CheckpointError: a checkpoint that cannot be used.
        Misused: arguments that mean nothing; one sentence.
    """
    checkpoints = [str(each) for each in arguments.checkpoint]
    setting = Setting(None if arguments.expert else checkpoints[0], arguments.schedule, arguments.planner_delay)
    if arguments.inject:
        setting = with_fault(setting, arguments.inject)
    compared = {words: parse_setting(words, setting) for words in arguments.compare or ()}
    if arguments.compare and len(set(compared.values())) < 2:
        raise Misused(f"--compare {' '.join(arguments.compare)} says the same twice: name two that differ.")
    drivers = list(compared.values()) or [setting, *(Setting(each) for each in checkpoints[1:])]
    families = choose_families(arguments.tasks, drivers)
    phrases = read_phrases(arguments.phrases) if arguments.phrases else []
    usable = [entry for entry in phrases if entry[0].family in families]
    if phrases and not usable:
        raise Misused(f"{arguments.phrases} asks for none of {', '.join(families)}.")
    started = time.monotonic()
    report: dict[str, Any] = {"seed": arguments.seed, "families": list(families), "held_out": arguments.held_out}
    if arguments.refusals:
        report |= measure_refusals(
            checkpoints[0], arguments.episodes, arguments.seed, families, arguments.workers, quiet
        )
        return {**report, "seconds": round(time.monotonic() - started, 1)}

    played: list[Result] = []

    def play(groups: Sequence[Group]) -> list[list[Result]]:
        keep = None if arguments.no_keep else arguments.keep
        results = evaluate(groups, arguments.workers, quiet, keep, command_line())
        if keep is not None:
            report["kept"] = [str(keep / describe(setting, tasks, "").id) for setting, tasks in groups]
        played.extend(result for group in results for result in group)
        return results

    def assign(perturbation: str | None = None) -> list[Task]:
        asked = [each for each in families if perturbation != MOVED or each in REACHED]
        tasks = assign_tasks(arguments.episodes, arguments.seed, asked, arguments.held_out, perturbation)
        return [misword(task) for task in tasks] if arguments.inject == "wrong-wording" else tasks

    if compared:
        report |= measures.compare(compared, assign(), play)
    elif arguments.delays:
        steps = list(dict.fromkeys(int(part) for part in arguments.delays.split(",")))
        report |= measures.delays(checkpoints, steps, setting, assign(), play)
    elif arguments.perturb == MOVED and not arguments.expert:
        report |= measures.moved(setting, assign(MOVED), play)
    elif arguments.perturb:
        kinds = PERTURBATIONS if arguments.perturb == "all" else (arguments.perturb,)
        report |= measures.perturbations(setting, {kind: assign(kind) for kind in kinds}, play)
    elif arguments.phrases:
        report |= measures.phrases(setting, assign_phrases(arguments.episodes, arguments.seed, usable), play)
        report["left_out"] = len(phrases) - len(usable)
    else:
        report |= measures.plain(setting, assign(), play)
    if before := sum(result.kept_before for result in played):
        report["kept_before"] = before
    return {**report, **pace(played, time.monotonic() - started)}


def command_line() -> str:
    """That this process was started with."""
    name = Path(sys.argv[0]).name
    return shlex.join(["libra" if name in ("cli.py", "libra", "__main__.py") else name, *sys.argv[1:]])


def choose_families(words: str, drivers: Iterable[Setting]) -> tuple[str, ...]:
    """The families that are named, or of `all` those that every checkpoint has learned; loads each of them once.

    Raises:
        CheckpointError: a checkpoint that cannot be used.
        Misused: there is no such family.
    """
    known = set(FAMILIES)
    for checkpoint in dict.fromkeys(driver.checkpoint for driver in drivers if driver.checkpoint is not None):
        known &= set(load_policy(checkpoint).config.families)
    if words == "all":
        return tuple(family for family in FAMILIES if family in known)
    named = tuple(dict.fromkeys(words.split(",")))
    if unknown := set(named) - set(FAMILIES):
        raise Misused(f"there is no task {', '.join(sorted(unknown))}; choose {', '.join(FAMILIES)} or all.")
    return named
