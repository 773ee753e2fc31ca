"""Which episodes an evaluation plays: scenes, what is asked of them and in which words."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from policy.tasks import task_of
from scenes.goals import FAMILIES, Goal, goals_for, is_held_out
from scenes.language import phrase
from scenes.layout import Layout, draw_layout
from scenes.perturb import perturb
from training.setting import Misused

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_PATIENCE = 500
"""scenes in a row that allow nothing of what is asked for, after which there is no hope"""


class NothingToPlay(Misused):
    """No scene can fulfil what is asked for."""


@dataclass(frozen=True)
class Task:
    """One episode to evaluate: a scene, what is asked, how it is said, and what is changed about the scene."""

    seed: int
    goal: Goal
    instruction: str
    perturbation: str | None = None

    @property
    def layout(self) -> Layout:
        """What stands where."""
        return scene(self.seed, self.perturbation)


def scene(seed: int, perturbation: str | None) -> Layout:
    """The scene of a seed, perturbed or as it is."""
    layout = draw_layout(seed)
    return layout if perturbation is None else perturb(layout, perturbation)


def assign_tasks(
    episodes: int,
    seed: int,
    families: Sequence[str] = FAMILIES,
    held_out: bool = False,
    perturbation: str | None = None,
) -> list[Task]:
    """Episodes on scenes from `seed` on, families as even as the scenes allow, said in one of many ways.

    A scene that cannot fulfil any of the families is left out; `held_out` asks only for what training never did.

    Raises:
        NothingToPlay: there is no such scene.
    """

    def choices(number: int) -> dict[str, list[Goal]]:
        goals = goals_for(scene(number, perturbation).spots)
        goals = [goal for goal in goals if not held_out or is_held_out(goal)]
        return {family: mine for family in families if (mine := [goal for goal in goals if goal.family == family])}

    tasks = []
    for number, _, goals in _in_turns(episodes, seed, families, choices):
        rng = np.random.default_rng([number, 0xE7A1])
        goal = goals[rng.integers(len(goals))]
        tasks.append(Task(number, goal, phrase(goal, rng), perturbation))
    return tasks


def kind_of(goal: Goal) -> str:
    """What kind of task it is, of `policy.tasks.TASKS`."""
    return task_of(goal.family, goal.detail)


def assign_demonstrations(episodes: int, seed: int, kinds: Sequence[str]) -> list[Task]:
    """Episodes for training on scenes from `seed` on, kinds of task as even as the scenes allow.

    More episodes begin with the same ones. Nothing is asked for that is held out.

    Raises:
        NothingToPlay: there is no such scene.
    """

    def choices(number: int) -> dict[str, list[Goal]]:
        goals = [goal for goal in goals_for(draw_layout(number).spots) if not is_held_out(goal)]
        return {kind: mine for kind in kinds if (mine := [goal for goal in goals if kind_of(goal) == kind])}

    tasks = []
    for number, _, goals in _in_turns(episodes, seed, kinds, choices):
        rng = np.random.default_rng([number, 0xDE30])
        goal = goals[rng.integers(len(goals))]
        tasks.append(Task(number, goal, phrase(goal, rng)))
    return tasks


def assign_phrases(episodes: int, seed: int, phrases: Sequence[tuple[Goal, str]]) -> list[Task]:
    """Episodes that say these phrases in rounds, each on a scene from `seed` on that can fulfil its goal.

    As many episodes as phrases say each of them once, those aside that no scene can fulfil.

    Raises:
        NothingToPlay: there is no such scene.
    """

    def choices(number: int) -> dict[tuple[Goal, str], None]:
        goals = set(goals_for(draw_layout(number).spots))
        return {entry: None for entry in phrases if entry[0] in goals}

    return [Task(number, *entry) for number, entry, _ in _in_turns(episodes, seed, phrases, choices, evenly=True)]


def canonical(task: Task) -> Task:
    """The same task in the canonical words."""
    return replace(task, instruction=task.goal.instruction)


def _in_turns(
    episodes: int, seed: int, keys: Sequence[K], choices: Callable[[int], Mapping[K, V]], evenly: bool = False
) -> Iterator[tuple[int, K, V]]:
    """Scenes from `seed` on, each with the key that had the fewest until then among those that it allows.

    `evenly` leaves out scenes that allow only keys that are ahead of others, as long as others turn up.
    """
    used = dict.fromkeys(keys, 0)
    number, barren = seed, 0
    while sum(used.values()) < episodes:
        possible = choices(number)
        if evenly and barren <= _PATIENCE // 2:
            fewest = min(used.values())
            possible = {key: value for key, value in possible.items() if used[key] == fewest}
        if possible:
            key = min(possible, key=lambda each: used[each])
            used[key] += 1
            yield number, key, possible[key]
        barren = 0 if possible else barren + 1
        if barren > _PATIENCE:
            raise NothingToPlay(f"No scene from seed {seed} on can fulfil what is asked for.")
        number += 1
