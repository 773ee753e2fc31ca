"""Instructions and what they ask for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenes.constants import BUTTON_NAMES, OBJECT_NAMES
from scenes.goals import Goal, all_goals
from scenes.language import interpret, phrase

SCENE = [*OBJECT_NAMES, "bowl", "plate", "drawer", *BUTTON_NAMES]


@given(st.sampled_from(all_goals()), st.integers(0, 10_000))
def test_every_phrase_of_a_goal_is_understood_as_that_goal(goal: Goal, seed: int) -> None:
    text = phrase(goal, np.random.default_rng(seed))
    assert interpret(text, SCENE) == goal, text


@pytest.mark.parametrize("goal", all_goals(), ids=lambda goal: goal.instruction)
def test_the_canonical_wording_is_understood(goal: Goal) -> None:
    assert interpret(goal.instruction, SCENE) == goal


@pytest.mark.parametrize(
    "text",
    [
        "", "hello", "pick up the purple cube", "pick up the cube", "put the red cube in the sink and the bowl plate",
        "press the purple button", "push the red cube to the left and the right", "stack the red cube on the red cube",
        "stack the red cube on the blue cylinder", "press the button",
    ],
)  # fmt: skip
def test_what_names_no_single_object_or_task_sets_no_goal(text: str) -> None:
    assert interpret(text, SCENE) is None


@pytest.mark.parametrize("text", ["put the red cube in the bowl", "open the drawer", "press the red button"])
def test_a_thing_that_is_not_there_sets_no_goal(text: str) -> None:
    assert interpret(text, ["red cube", "plate"]) is None


@pytest.mark.parametrize(
    ("text", "goal"),
    [
        ("could you grab the crimson block for me", Goal("pick", "red cube")),
        ("shove the azure tin away from you", Goal("push", "blue cylinder", "front")),
        ("set the sapphire dice on top of the lime brick", Goal("stack", "blue cube", "green cube")),
        ("on top of the lime brick set the sapphire dice", Goal("stack", "blue cube", "green cube")),
        ("shut that drawer again", Goal("drawer", "drawer", "close")),
    ],
)
def test_words_from_outside_the_templates_are_scored_too(text: str, goal: Goal) -> None:
    assert interpret(text, SCENE) == goal


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("please lift the gren cube", "pick up the green cube"),
        ("go ahead and grab that golden cube", "pick up the yellow cube"),
        ("can the golden block go in the bowl", "put the yellow cube in the bowl"),
        ("see the red cube? put the azure cylinder on it", "stack the blue cylinder on the red cube"),
        ("set the lime block on the platter", "put the green cube on the plate"),
        ("put azure cylinder on palte", "put the blue cylinder on the plate"),
        ("clsoe the drawer now", "close the drawer"),
        ("place the red can on the plate", "put the red cylinder on the plate"),
    ],
)
def test_slips_and_turns_of_phrase_are_understood(said: str, meant: str) -> None:
    goal = interpret(said, SCENE)
    assert goal is not None and goal.instruction == meant
