"""Instructions and what they ask for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenes.constants import OBJECT_NAMES
from scenes.language import FAMILIES, Goal, goals_for, instructions_for, interpret, phrase

SCENE = [*OBJECT_NAMES, "bowl", "plate"]


@given(st.sampled_from(FAMILIES), st.sampled_from(OBJECT_NAMES), st.integers(0, 10_000))
def test_every_phrase_of_a_goal_is_understood_as_that_goal(family: str, target: str, seed: int) -> None:
    goal = Goal(family, target)
    assert interpret(phrase(goal, np.random.default_rng(seed)), SCENE) == goal


def test_suggestions_are_fulfillable() -> None:
    objects = ["red cube", "blue cylinder", "plate"]
    assert {interpret(text, objects) for text in instructions_for(objects)} == set(goals_for(objects))
    assert not any("bowl" in text for text in instructions_for(objects))


@pytest.mark.parametrize(
    "text",
    ["", "hello", "pick up the purple cube", "pick up the cube", "put the red cube in the sink and the bowl plate"],
)
def test_what_names_no_single_object_or_task_sets_no_goal(text: str) -> None:
    assert interpret(text, SCENE) is None


def test_a_container_that_is_not_there_sets_no_goal() -> None:
    assert interpret("put the red cube in the bowl", ["red cube", "plate"]) is None


def test_words_from_outside_the_templates_are_scored_too() -> None:
    assert interpret("could you grab the crimson block for me", SCENE) == Goal("pick", "red cube")
