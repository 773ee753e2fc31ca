"""Paraphrases for training: they say what they should, and never what the phrases for testing say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from scenes.goals import all_goals
from scenes.language import interpret
from training.paraphrase import paraphrase

PHRASES = Path(__file__).parents[2] / "assets" / "phrases.json"


def test_a_paraphrase_means_its_goal() -> None:
    rng = np.random.default_rng(0)
    for goal in all_goals():
        things = [name for name in (goal.target, goal.container) if name]
        for _ in range(20):
            assert interpret(said := paraphrase(goal, rng), things) == goal, said


def test_no_paraphrase_is_one_of_the_phrases_for_testing() -> None:
    rng = np.random.default_rng(1)
    kept = {entry["say"].lower().rstrip(".") for entry in json.loads(PHRASES.read_text())}
    assert not kept & {paraphrase(goal, rng).lower() for goal in all_goals() for _ in range(300)}
