"""How people ask for a task: terse, wordy, with the thing first and "it" after, in colours and shapes by many names."""

from __future__ import annotations

import re
from typing import Final

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
from training.words.slips import mistype

_POINTING: Final = (
    "see {t}? {do}", "do you see {t}? {do}", "you see {t} there, {do}", "{t}: {do}", "{t} - {do}", "{t}, {do}",
    "take a look at {t} and {do}", "look at {t}, then {do}", "find {t} and {do}", "go to {t} and {do}",
    "there is {t}; {do}", "about {t}: {do} please", "that thing there, {t}, {do}", "over there is {t}. {do}",
    "reach for {t} and {do}", "locate {t}, {do}", "{t} over there: {do}", "got {t}? {do}", "with {t}: {do}",
)  # fmt: skip
_MORE_FRAMES: Final = (
    "{do}, will you", "{do}, would you", "{do} if you can", "mind if you {do}?", "why don't you {do}",
    "{do} right away", "I'd love it if you could {do}", "I'd be glad if you {do}", "would you mind, {do}",
    "how about you {do}",
    "please go ahead and {do}", "go and {do}", "just {do}", "{do} ok?", "I think you should {do}", "hurry, {do}",
    "{do}, that would be great", "everyone is waiting, {do}", "for the demo, {do}", "first of all {do}", "{do} asap",
    "use your arm to {do}", "with your gripper {do}", "your next job: {do}", "what if you {do}", "be a dear and {do}",
)  # fmt: skip
_WANTED: Final = {
    "pick": (
        "{t} up", "{t} in the air", "{t} up in your hand", "{t} in your gripper", "{t} between your fingers",
        "up with {t}", "I need {t} in your hand", "I want to see {t} off the table", "could I have {t} please",
        "{t} should leave the table", "let {t} float above the table", "don't leave {t} on the table", "give me {t}",
        "bring me {t}", "show me {t} up close", "make {t} go up", "up, {t}",
    ),
    "push": (
        "{t} {d}", "{d} with {t}", "{t} must go {d}", "{t} needs to be {d}", "I want {t} {d}", "{t} more {d}",
        "a little push {d} for {t}", "{t} a bit more {d}", "let {t} travel {d}", "get {t} going {d}",
        "{t} is too close, send it {d}", "have {t} end up {d}", "{t} off {d}",
    ),
    "drawer open": (
        "I need to get into {t}", "let me see what is in {t}", "{t} open", "open, {t}", "{t} out",
        "{t} needs opening",
        "could {t} be opened", "leave {t} open", "have {t} opened up", "tug {t} open",
    ),
    "drawer close": (
        "{t} should not stay open", "{t} shut", "close, {t}", "{t} in", "{t} needs closing", "could {t} be closed",
        "leave {t} closed", "{t} is open, close it", "give {t} a push so it closes", "have {t} shut again",
    ),
    "button": (
        "{t} down", "{t} needs a press", "I need {t} pressed", "have {t} pressed", "give {t} a push", "{t} please",
        "put a finger on {t}", "push your finger on {t}", "{t} must be pushed", "could {t} be pressed", "go for {t}",
        "press {t} in", "{t}, press", "bump {t}", "do {t}",
    ),
}  # fmt: skip
_PUT: Final = (
    "{t} {p} {c}", "{t} belongs {p} {c}", "{t} must go {p} {c}", "I want {t} {p} {c}", "{t} needs to be {p} {c}",
    "let {t} end up {p} {c}", "have {t} sit {p} {c}", "{p} {c} goes {t}", "{p} {c} I want {t}", "{c} should hold {t}",
    "make {c} hold {t}", "find {t} a home {p} {c}", "{t} wants to be {p} {c}", "I would love to see {t} {p} {c}",
    "could {t} be moved {p} {c}", "{c} is where {t} belongs", "get {t} and leave it {p} {c}", "{t} then {p} {c}",
)  # fmt: skip
_SHAPES: Final = {
    "cube": ("wooden block", "toy block", "square", "square thing", "cubic object", "block", "cube shape"),
    "cylinder": ("column", "pillar", "rod", "post", "cylindrical block", "tubular thing", "cylinder shape", "soda can"),
    "button": ("buzzer", "key", "round button", "buzzer button", "control button", "pushbutton"),
}
_COLORS: Final = {
    "red": ("burgundy", "maroon", "cherry", "rose red", "blood red", "brick red", "wine red", "ruby red", "vermilion"),
    "green": ("olive", "olive green", "lime", "mint", "moss", "leaf green", "jade", "forest", "avocado"),
    "blue": ("azure", "indigo", "navy", "cobalt", "sapphire", "ultramarine", "midnight blue", "denim", "sky"),
    "yellow": ("amber", "gold", "golden", "lemon", "mustard", "canary", "honey", "sunny", "blond", "ochre"),
}
_SAID: Final = (
    "{c} {s}", "{c} {s}", "{c} {s}", "{c} {s}", "{c} {s}", "{c}-coloured {s}", "{c} colored {s}", "{s} that is {c}",
    "{s} in {c}", "{s} which is {c}", "{c} little {s}", "{s}, the {c} one", "{c} {s} there",
)  # fmt: skip
_MORE_CONTAINERS: Final = {
    "bowl": ("bowl", "the bowl over there", "the deep bowl", "the basin", "the round container", "the dish bowl"),
    "plate": ("plate", "the plate over there", "the saucer", "the dish", "the platter", "the tray"),
}
_MORE_DRAWERS: Final = ("drawer", "the drawer over there", "our drawer", "the drawer box", "the cabinet drawer")
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
        "t": one((*DRAWERS, *_MORE_DRAWERS), rng) if goal.target == DRAWER else name(goal.target, rng),
        "d": one(DIRECTIONS[goal.detail], rng) if goal.family == "push" else "",
        "p": one(INTO[goal.family], rng) if goal.family in INTO else "",
        "c": "",
    }
    if goal.container is not None:
        plain = goal.container in CONTAINERS
        words["c"] = (
            one((*CONTAINERS[goal.container], *_MORE_CONTAINERS[goal.container]), rng)
            if plain
            else name(goal.container, rng)
        )
    way = rng.random()
    if way < 0.08 and goal.container is not None:  # the place first, "it" after
        do = one(DO[kind], rng).format(**{**words, "c": "it"})
        return one(_POINTING, rng).format(t=words["c"], do=do)
    if way < 0.3:  # the thing first, "it" after
        do = one(DO[kind], rng).format(**{**words, "t": "it"})
        return one(_POINTING, rng).format(t=words["t"], do=do)
    if way < 0.6:
        return one((*FRAMES, *_MORE_FRAMES), rng).format(do=one(DO[kind], rng).format(**words))
    if way < 0.7:
        return one(WISHES, rng).format(so=one(SO[kind], rng).format(**words))
    said = one(_WANTED.get(kind, _PUT), rng).format(**words)
    return f"{said}, please" if rng.random() < 0.2 else said


def name(thing: str, rng: Generator) -> str:
    """An object or a button by its colour and shape, in one of many ways."""
    color, shape = thing.split()
    plain = rng.random()
    if plain < 0.4:
        said = color
    elif plain < 0.6:
        said = one(COLOR_WORDS[color], rng)
    elif plain < 0.85:
        said = one(_COLORS[color], rng)
    else:
        said = one(survey_names(color), rng)
    shapes = SHAPE_WORDS[shape] if rng.random() < 0.65 else (*MORE_SHAPES[shape], *_SHAPES[shape])
    return f"{one(ARTICLES, rng)} {one(_SAID, rng).format(c=said, s=one(shapes, rng))}".strip()
