"""Which episodes an evaluation plays."""

from __future__ import annotations

from collections import Counter

import pytest

from scenes.goals import FAMILIES, Goal, goals_for, is_held_out
from scenes.language import interpret
from scenes.layout import draw_layout
from training.tasks import NothingToPlay, assign_phrases, assign_tasks, canonical


def test_families_are_spread_evenly_over_scenes_that_can_fulfil_them() -> None:
    tasks = assign_tasks(90, 860_000)
    counts = Counter(task.goal.family for task in tasks)
    assert len(tasks) == 90 and max(counts.values()) - min(counts.values()) <= 2
    assert len({task.seed for task in tasks}) == 90
    for task in tasks:
        assert interpret(task.instruction, draw_layout(task.seed).names) == task.goal


def test_scenes_go_on_until_there_are_enough_episodes() -> None:
    tasks = assign_tasks(20, 860_000, ("drawer",))
    assert len(tasks) == 20
    assert all(task.goal in goals_for(draw_layout(task.seed).spots) for task in tasks)


def test_held_out_episodes_ask_only_for_what_training_never_does() -> None:
    tasks = assign_tasks(40, 860_000, held_out=True)
    assert len(tasks) == 40 and all(is_held_out(task.goal) for task in tasks)
    assert {task.goal.family for task in tasks} == set(FAMILIES) - {"drawer", "button"}


def test_what_no_scene_can_fulfil_is_said_so() -> None:
    with pytest.raises(NothingToPlay, match="No scene from seed 5 on"):
        assign_tasks(1, 5, ("button",), held_out=True)


def test_phrases_take_turns_on_scenes_that_can_fulfil_them() -> None:
    phrases = [
        (Goal("pick", "red cube"), "grab that crimson thing"),
        (Goal("drawer", "drawer", "open"), "drawer, open up"),
        (Goal("stack", "red cube", "blue cube"), "red above blue"),
    ]
    tasks = assign_phrases(30, 860_000, phrases)
    said = Counter((task.goal, task.instruction) for task in tasks)
    assert set(said) == set(phrases) and max(said.values()) - min(said.values()) <= 1
    assert len({task.instruction for task in assign_phrases(3, 860_000, phrases)}) == 3, "each is said once"
    assert all(task.goal in goals_for(draw_layout(task.seed).spots) for task in tasks)
    assert canonical(tasks[0]).instruction == tasks[0].goal.instruction


def test_perturbed_episodes_ask_for_what_the_perturbed_scene_can_fulfil() -> None:
    for task in assign_tasks(20, 860_000, perturbation="layout"):
        assert task.goal in goals_for(task.layout.spots) and task.goal.target in task.layout.names
