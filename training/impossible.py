"""Instructions that a scene cannot fulfil: what is not there, where it could not go, what does not exist, no task."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from scenes.constants import SHAPES
from scenes.goals import FAMILIES, Goal, all_goals
from scenes.language import TEMPLATES, phrase
from scenes.layout import draw_layout

KINDS = ("absent", "unknown", "no task", "no place")
STRANGE_COLORS = ("charcoal", "beige", "ivory", "bronze", "ebony")
STRANGE_THINGS = (
    "candle", "wallet", "onion", "stapler", "toothbrush", "lightbulb", "guitar", "umbrella", "pineapple", "screwdriver",
)  # fmt: skip
"""words that training never heard, neither of things that are there nor of things that are not"""
CHATTER = (
    "recite the alphabet", "what time is it", "how do you feel", "tell me about your family", "count to a hundred",
    "play some music", "remember my birthday", "is it raining in Paris", "translate this letter", "feed the cat",
    "book a flight to Rome", "call my mother",
)  # fmt: skip


def impossible(number: int, seed: int, families: Sequence[str] = FAMILIES) -> tuple[str, str]:
    """Kind and words of something that the scene of a seed cannot fulfil; kinds take turns with the number."""
    rng = np.random.default_rng([seed, 0x1177])
    kind = KINDS[number % len(KINDS)]
    if kind == "no task":
        return kind, CHATTER[number // len(KINDS) % len(CHATTER)]
    missing = {"absent": _absent, "no place": _no_place}
    absent = missing[kind](seed, families) if kind in missing else []
    if not absent:
        return "unknown", _unknown(families, rng)
    family = rng.choice(sorted({goal.family for goal in absent}))
    mine = [goal for goal in absent if goal.family == family]
    return kind, phrase(mine[rng.integers(len(mine))], rng)


def _absent(seed: int, families: Sequence[str]) -> list[Goal]:
    """Tasks about something that exists, but not in this scene."""
    present = draw_layout(seed).names
    return [
        goal
        for goal in all_goals()
        if goal.family in families
        and goal.target not in present
        and (goal.container is None or goal.container in present)
    ]


def _no_place(seed: int, families: Sequence[str]) -> list[Goal]:
    """Tasks about something that is there, but to go where this scene has nothing."""
    present = draw_layout(seed).names
    return [
        goal
        for goal in all_goals()
        if goal.family in families
        and goal.target in present
        and goal.container is not None
        and goal.container not in present
    ]


def _unknown(families: Sequence[str], rng: Generator) -> str:
    """A task about something that exists in no scene."""
    simple = [family for family in families if family in ("pick", "bowl", "plate", "button")] or ["pick"]
    templates = TEMPLATES[simple[rng.integers(len(simple))]]
    color, shape = rng.choice(STRANGE_COLORS), rng.choice(SHAPES)
    strange = rng.choice(STRANGE_THINGS) if rng.random() < 0.5 else f"{color} {shape}"
    return templates[rng.integers(len(templates))].format(target=strange)
