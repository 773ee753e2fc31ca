"""Sentences that pictures are learned with."""

from __future__ import annotations

import numpy as np

from scenes.constants import OBJECT_NAMES
from scenes.goals import all_goals, is_held_out
from scenes.language import interpret, phrase
from training.phrases import _strange


def test_templates_ask_for_every_goal_in_many_ways() -> None:
    rng = np.random.default_rng(0)
    said = [phrase(goal, rng) for goal in all_goals() for _ in range(30)]
    assert len(set(said)) > 150


def test_sentences_about_strange_things_ask_for_nothing_that_is_held_out() -> None:
    held_out = {goal.instruction for goal in all_goals() if is_held_out(goal)}
    for seed in range(5):
        said = [text for text, _ in _strange(80, np.random.default_rng(seed))]
        assert len(said) > 500 and not held_out & set(said)
        assert not [text for text in said if (goal := interpret(text, OBJECT_NAMES)) is not None and is_held_out(goal)]
