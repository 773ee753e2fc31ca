"""What a colour's name means follows from its hue alone."""

from __future__ import annotations

import pytest

from scenes.colors import survey_names
from training.phrases import UNKNOWN_THINGS

BASIC = ("red", "yellow", "green", "blue")


@pytest.mark.parametrize(
    ("color", "name"), [("red", "scarlet"), ("yellow", "mustard"), ("green", "emerald"), ("blue", "cobalt")]
)
def test_a_name_stands_with_the_basic_colour_that_it_looks_like(color, name):
    assert [each for each in BASIC if name in survey_names(each)] == [color]


@pytest.mark.parametrize("color", BASIC)
def test_every_basic_colour_has_many_names_and_none_with_another_colours_word(color):
    names = survey_names(color)
    assert len(names) > 30
    assert not any(other in name for name in names for other in BASIC if other != color and other != "red")


def test_colours_that_no_object_has_are_in_no_other_list():
    absent = set(survey_names(""))
    assert {"hot pink", "burnt orange", "violet"} <= absent
    assert not absent & {name for color in BASIC for name in survey_names(color)}


def test_things_that_are_no_colours_are_left_out():
    assert not {name for color in (*BASIC, "") for name in survey_names(color)} & set(UNKNOWN_THINGS)
