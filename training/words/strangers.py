"""What is never on the table and what is no task: thousands of nouns, colours that nothing has, small talk."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from numpy.random import Generator
from wonderwords import Defaults, RandomWord

from scenes.colors import survey_names
from scenes.constants import OBJECT_NAMES
from scenes.goals import Goal
from scenes.language import COLOR_WORDS, SHAPE_WORDS
from training.impossible import STRANGE_COLORS, STRANGE_THINGS
from training.paraphrase import DO, FRAMES, INTO, SO, WISHES, one
from training.phrases import NO_TASK, UNKNOWN_COLORS, UNKNOWN_THINGS
from training.words import speech

_OURS: Final = re.compile(
    r"block|box|cube|brick|cylind|\bcan\b|tube|\btin\b|canister|drum|barrel|pipe|roll|column|pillar|rod|post|button|knob|"
    r"switch|key|buzz|bowl|plate|dish|basin|saucer|platter|tray|drawer|cabinet|cupboard|dice|\bdie\b|chunk|thing|object|"
    r"item|piece|stuff|shape|square|block|container|toy|solid|bar|stick|vessel|table|hand|arm|grip|finger|side|left|right|"
    r"front|back|top|push|press|lift|pull|grab|hold|place|spot|color|colour|red|green|blue|yellow|gold|lime|lemon|olive|"
    r"navy|amber|cherry|mustard|honey|mint|moss|jade|emerald|ruby|sapphire|controller|handle|lever|slot|chest|locker|"
    r"\b(peg|log|keg|cask|tub|stub|stump|reel|pole|bell|stud|lump|slab|lego|shaft|silo|baton)\b|dowel|spool|roller|bobbin|"
    r"cartridge|crate|carton|parcel|package|hexahedron|clicker|plunger|trigger|toggle|actuator|pushbutton"
)
"""what might be said of something that is there"""
_ODD_DEEDS: Final = (
    "eat", "paint", "cut", "melt", "burn", "break", "crush", "wash", "clean", "dry", "cook", "boil", "bake", "sell",
    "buy", "bend", "fold", "tear", "drink", "lick", "smell", "describe", "measure", "weigh", "photograph", "draw",
    "talk to",
    "love", "kiss", "marry", "dye", "polish", "sharpen", "unscrew", "repair", "shoot", "freeze", "inflate", "charge",
    "download", "delete", "print", "scan", "program", "hug", "taste", "swallow", "chew", "fry", "peel", "slice",
    "chop",
    "juggle", "explain", "translate", "count", "ignore", "forget", "admire", "sing about", "write about",
    "think about",
)  # fmt: skip
"""nothing that this robot can do with a thing"""
_TALK: Final = (
    "what is {n}", "what is a {n}", "tell me about {n}", "where is the nearest {n}", "who invented the {n}",
    "why is the {n} {a}", "how much does a {n} cost", "sing a song about the {n}", "write a story about {n}",
    "I like the {n}", "my {n} is {a}", "the {n} is {a}", "is the {n} {a}?", "do you have a {n}?", "{n}", "{a} {n}",
    "have you ever seen a {n}", "search the web for {n}", "call the {n}", "order a {n} online", "buy me a {n}",
    "turn on the {n}", "turn off the {n}", "start the {n}", "go to the {n}", "drive me to the {n}", "{v} me",
    "please {v}", "let us {v}", "can you {v}?", "I want to {v}", "do you like {n}?", "{v} and {v}",
    "how do I {v} a {n}",
    "{n} or {n}?", "what do you think of the {n}", "remind me to {v} the {n}", "cook me some {n}",
    "{v} the {n} tomorrow", "good {n}",
    "water the {n}", "wash my {n}", "clean the {n}", "vacuum the {n}", "feed the {n}", "iron my {n}", "fix my {n}",
)  # fmt: skip


@cache
def nouns() -> tuple[str, ...]:
    """Names of what is never there, some of them no things at all; those that measure refusals are left out."""
    return _words(Defaults.NOUNS)


@cache
def _words(kind: Defaults) -> tuple[str, ...]:
    kept = {*STRANGE_THINGS, *STRANGE_COLORS}
    return tuple(word for word in RandomWord(word=kind).filter() if word not in kept and not _OURS.search(word))


@cache
def _unknown_names() -> tuple[str, ...]:
    return tuple(name for name in survey_names("") if not set(name.split()) & set(STRANGE_COLORS))


def stranger(rng: Generator) -> str:
    """A thing that no scene has: another thing, or a known one in a colour that nothing has."""
    kind = rng.random()
    shapes = [word for words in SHAPE_WORDS.values() for word in words]
    if kind < 0.35:
        said = f"{one((*UNKNOWN_COLORS, *_unknown_names()), rng)} {one(shapes, rng)}"
    else:
        thing = one(UNKNOWN_THINGS if kind < 0.5 else nouns(), rng)
        colors = [word for words in COLOR_WORDS.values() for word in words] + list(UNKNOWN_COLORS)
        said = f"{one(colors, rng)} {thing}" if rng.random() < 0.5 else thing
    return f"{one(('the', 'the', 'that', 'a', ''), rng)} {said}".strip()


def ask_for_stranger(goal: Goal, rng: Generator) -> str:
    """The goal's verb about a thing that no scene has."""
    return _ask(goal, stranger(rng), _container(goal, rng), rng)


def ask_with_strange_container(goal: Goal, rng: Generator) -> str:
    """What the goal asks for, but into or onto a thing that no scene has."""
    return _ask(goal, speech.name(goal.target, rng), stranger(rng), rng)


def _ask(goal: Goal, target: str, container: str, rng: Generator) -> str:
    words = {"t": target, "c": container}
    words["d"] = one(speech.DIRECTIONS[goal.detail], rng) if goal.family == "push" else ""
    words["p"] = one(INTO[goal.family], rng) if goal.family in INTO else ""
    if rng.random() < 0.15:
        said = one(WISHES, rng).format(so=one(SO[goal.family], rng).format(**words))
    else:
        said = one(FRAMES, rng).format(do=one(DO[goal.family], rng).format(**words))
    return " ".join(said.split())


def _container(goal: Goal, rng: Generator) -> str:
    if goal.container is None:
        return ""
    return f"the {goal.container}" if goal.family != "stack" else speech.name(goal.container, rng)


def idle(rng: Generator) -> str:
    """A sentence that asks for nothing that this robot does."""
    kind = rng.random()
    if kind < 0.25:
        return one(NO_TASK, rng)
    if kind < 0.4:
        return " ".join(_gibberish(rng) for _ in range(int(rng.integers(1, 5))))
    if kind < 0.6:
        return one(FRAMES, rng).format(do=f"{one(_ODD_DEEDS, rng)} {speech.name(one(OBJECT_NAMES, rng), rng)}")
    blanks = {"n": nouns(), "v": _words(Defaults.VERBS), "a": _words(Defaults.ADJECTIVES)}
    return re.sub(r"\{(\w)\}", lambda blank: one(blanks[blank[1]], rng), one(_TALK, rng))


def _gibberish(rng: Generator) -> str:
    letters = rng.choice(list("abcdefghijklmnopqrstuvwxyz"), int(rng.integers(2, 8)))
    return "".join(letters)
