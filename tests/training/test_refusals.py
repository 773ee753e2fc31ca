"""Impossible instructions, and how often they are refused."""

from __future__ import annotations

import pytest

from scenes.goals import FAMILIES
from scenes.language import interpret
from scenes.layout import draw_layout
from training import phrases
from training.commands.eval import SHIPPED
from training.impossible import CHATTER, KINDS, STRANGE_COLORS, STRANGE_THINGS, impossible
from training.refusals import first_intents, measure_refusals
from training.report import lines


def test_what_is_called_impossible_is_nothing_that_the_scene_can_fulfil() -> None:
    for number, seed in enumerate(range(860_000, 860_060)):
        kind, words = impossible(number, seed)
        assert kind in (KINDS[number % len(KINDS)], "unknown")
        assert (kind, words) == impossible(number, seed)
        if kind in ("absent", "no place"):
            assert interpret(words, draw_layout(seed).names) is None, words


def test_what_is_in_every_scene_cannot_be_absent() -> None:
    for seed in range(860_000, 860_020):
        kind, words = impossible(0, seed, ("drawer",))
        assert kind == ("unknown" if "drawer" in draw_layout(seed).names else "absent"), words


def test_training_never_hears_the_strange_words() -> None:
    assert not set(STRANGE_COLORS) & set(phrases.UNKNOWN_COLORS)
    assert not set(STRANGE_THINGS) & set(phrases.UNKNOWN_THINGS)
    assert not set(CHATTER) & set(phrases.NO_TASK)
    assert len(FAMILIES) == 7


def test_the_first_intent_of_the_shipped_planner_refuses_what_is_not_there() -> None:
    names = draw_layout(860_001).names
    present = next(name for name in names if name.endswith("cube"))
    asked = [(0, 860_001, f"pick up the {present}"), (1, 860_001, "pick up the purple banana")]
    assert dict(first_intents(str(SHIPPED), iter(asked))) == {0: False, 1: True}


@pytest.mark.slow
def test_refusals_are_reported_with_intervals() -> None:
    report = measure_refusals(str(SHIPPED), 15, 860_000, ("pick", "bowl", "plate"), 1, True)
    impossible, possible = report["refused_impossible"], report["refused_possible"]
    assert (impossible["instructions"], possible["instructions"]) == (3, 12)
    wrong = impossible["instructions"] - impossible["refused"] + possible["refused"]
    assert len(report["wrong"]) == wrong
    assert f"{possible['refused']} of 12" in "\n".join(lines({**report, "seconds": 1.0}))
