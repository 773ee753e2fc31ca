"""How people ask for a task: terse, wordy, with the thing first and "it" after, in colours and shapes by many names."""

from __future__ import annotations

import re

from numpy.random import Generator

from scenes.colors import survey_names
from scenes.constants import DRAWER
from scenes.goals import Goal
from scenes.language import COLOR_WORDS, SHAPE_WORDS, phrase
from training.paraphrase import (
    ARTICLES,
    CONTAINERS,
    DIRECTIONS,
    DO,
    DRAWERS,
    FRAMES,
    INTO,
    MORE_SHAPES,
    SO,
    WISHES,
    one,
    paraphrase,
)
from training.words import lexicon, sayings
from training.words.slips import mistype

_ARTICLE = re.compile(r"\b(the|a|that|this) ")


def speak(goal: Goal, rng: Generator) -> str:
    """Words for the goal, by any of many habits; one in six is mistyped."""
    habit = rng.random()
    if habit < 0.15:
        said = phrase(goal, rng)
    elif habit < 0.4:
        said = paraphrase(goal, rng)
    else:
        said = _compose(goal, rng)
    if rng.random() < 0.15:
        said = _ARTICLE.sub("", said)
    while rng.random() < 0.16:
        said = mistype(said, rng)
    return " ".join(said.split())


def _compose(goal: Goal, rng: Generator) -> str:
    kind = f"drawer {goal.detail}" if goal.family == "drawer" else goal.family
    words = {
        "t": one((*DRAWERS, *lexicon.DRAWERS), rng) if goal.target == DRAWER else name(goal.target, rng),
        "d": one((*DIRECTIONS[goal.detail], *lexicon.DIRECTIONS[goal.detail]), rng) if goal.family == "push" else "",
        "p": one(INTO[goal.family], rng) if goal.family in INTO else "",
        "c": "",
    }
    if goal.container is not None:
        plain = goal.container in CONTAINERS
        words["c"] = (
            one((*CONTAINERS[goal.container], *lexicon.CONTAINERS[goal.container]), rng)
            if plain
            else name(goal.container, rng)
        )
    way = rng.random()
    if way < 0.08 and goal.container is not None:  # the place first, "it" after
        do = one(DO[kind], rng).format(**{**words, "c": "it"})
        return one(sayings.POINTING, rng).format(t=words["c"], do=do)
    if way < 0.25:  # the thing first, "it" after
        do = one(DO[kind], rng).format(**{**words, "t": "it"})
        return one(sayings.POINTING, rng).format(t=words["t"], do=do)
    if way < 0.5:
        return one((*FRAMES, *sayings.MORE_FRAMES), rng).format(do=one(DO[kind], rng).format(**words))
    if way < 0.57:
        return one(WISHES, rng).format(so=one(SO[kind], rng).format(**words))
    if way < 0.67:
        doing, did = one(sayings.FORMS.get(kind, sayings.FORMS["put"]), rng)
        if rng.random() < 0.5:
            return one(sayings.DOING, rng).format(ing=doing.format(**words))
        return one(sayings.DONE, rng).format(did=did.format(**words))
    said = one((*sayings.WANTED.get(kind, sayings.PUT), *sayings.PUT_THERE.get(kind, ())), rng).format(**words)
    return one((*FRAMES, *sayings.MORE_FRAMES), rng).format(do=said) if rng.random() < 0.3 else said


def name(thing: str, rng: Generator) -> str:
    """An object or a button by its colour and shape, in one of many ways."""
    color, shape = thing.split()
    plain = rng.random()
    if plain < 0.3:
        said = color
    elif plain < 0.45:
        said = one(COLOR_WORDS[color], rng)
    elif plain < 0.85:
        said = one(lexicon.COLORS[color], rng)
    else:
        said = one(survey_names(color), rng)
    shapes = SHAPE_WORDS[shape] if rng.random() < 0.45 else (*MORE_SHAPES[shape], *lexicon.SHAPES[shape])
    return f"{one(ARTICLES, rng)} {one(sayings.SAID, rng).format(c=said, s=one(shapes, rng))}".strip()
