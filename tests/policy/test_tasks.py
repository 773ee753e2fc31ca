"""The planner's reading of what kind of task a sentence asks for."""

from __future__ import annotations

import pytest

from policy.tasks import TASKS, mirror_words, task_of
from scenes.goals import all_goals


def test_every_goal_has_a_class() -> None:
    assert {task_of(goal.family, goal.detail) for goal in all_goals()} == set(TASKS) - {"nothing"}


@pytest.mark.parametrize(
    ("said", "mirrored"),
    [
        ("push the red cube to the left", "push the red cube to the right"),
        ("Slide it rightwards, not left", "right"),
        ("pick up the red cube", "pick up the red cube"),
    ],
)
def test_left_and_right_change_places_in_the_mirror(said: str, mirrored: str) -> None:
    assert mirror_words(mirror_words(said)).lower() == said.lower()
    assert mirrored in mirror_words(said)
