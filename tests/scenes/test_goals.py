"""What can be asked of a scene."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scenes.constants import COLORS, SHAPES
from scenes.goals import DIRECTIONS, FAMILIES, Goal, Spot, all_goals, goals_for, is_held_out, mirrored

ROOM = {"red cube": Spot(0.5, 0.0, 0.02), "blue cube": Spot(0.4, -0.2, 0.02)}


def test_every_goal_is_listed_once_and_of_a_known_family() -> None:
    goals = all_goals()
    assert len(set(goals)) == len(goals) == 90
    assert {goal.family for goal in goals} == set(FAMILIES)


def test_the_mirror_of_the_mirror_is_the_goal_itself() -> None:
    assert all(mirrored(mirrored(goal)) == goal for goal in all_goals())
    assert mirrored(Goal("push", "red cube", "left")) == Goal("push", "red cube", "right")


def test_what_is_held_out_is_held_out_in_the_mirror_too() -> None:
    held_out = [goal for goal in all_goals() if is_held_out(goal)]
    assert {goal.family for goal in held_out} == {"pick", "bowl", "plate", "push", "stack"}
    assert all(is_held_out(mirrored(goal)) for goal in held_out)


def test_every_colour_and_shape_of_a_held_out_goal_is_trained_with_its_verb() -> None:
    trained = [goal for goal in all_goals() if not is_held_out(goal)]
    for family in ("pick", "bowl", "plate", "push"):
        words = {word for goal in trained if goal.family == family for word in goal.target.split()}
        assert words == {*COLORS, *SHAPES}


def test_an_object_is_pushed_only_where_there_is_room() -> None:
    free = {goal.detail for goal in goals_for(ROOM) if goal.family == "push" and goal.target == "red cube"}
    assert free == set(DIRECTIONS)
    blocked = goals_for({**ROOM, "bowl": Spot(0.5, 0.18, 0.0)})
    assert {g.detail for g in blocked if g.family == "push" and g.target == "red cube"} == set(DIRECTIONS) - {"left"}


@pytest.mark.parametrize(("opened", "move"), [(0.0, "open"), (1.0, "close")])
def test_a_drawer_is_opened_or_closed_whichever_it_is_not(opened: float, move: str) -> None:
    goals = goals_for({"drawer": Spot(0.4, 0.2, 0.03, moved=opened)})
    assert goals == [Goal("drawer", "drawer", move)]


def test_a_pressed_button_asks_for_nothing() -> None:
    button = Spot(0.4, 0.2, 0.03)
    assert goals_for({"red button": button}) == [Goal("button", "red button")]
    assert goals_for({"red button": replace(button, moved=1.0)}) == []


def test_nothing_is_stacked_on_what_carries_something_or_by_what_lies() -> None:
    tower = {**ROOM, "green cube": Spot(0.5, 0.0, 0.063), "red cylinder": Spot(0.6, 0.2, 0.02, lying=True)}
    stacks = [goal for goal in goals_for(tower) if goal.family == "stack"]
    assert {goal.detail for goal in stacks} == {"blue cube"}
    assert "red cylinder" not in {goal.target for goal in stacks}
