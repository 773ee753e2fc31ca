"""Many more ways to say a goal than its templates: verbs, frames and names put together at random, for training alone.

`assets/phrases.json` was written before and by itself; a test keeps its sentences out of here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from numpy.random import Generator

from scenes.colors import survey_names
from scenes.constants import DRAWER
from scenes.goals import Goal
from scenes.language import COLOR_WORDS, SHAPE_WORDS
from training.verbs import CARRY, GET, PUSH, TOUCH

T = TypeVar("T")
FRAMES = (
    "{do}", "{do}", "please {do}", "{do} please", "could you {do}", "could you please {do}", "will you {do}",
    "can you {do} for me", "I need you to {do}", "I'd like you to {do}", "your task is to {do}", "robot, {do}",
    "try to {do}", "{do} for me", "{do} now", "next, {do}", "let's {do}",
    "you should {do}", "kindly {do}", "ok, {do}", "hey, {do}", "the next step is to {do}", "I want you to {do} now",
    "would you please {do}", "do me a favour and {do}", "it is time to {do}", "carefully {do}", "quickly {do}",
    "now {do}, thanks", "be so kind as to {do}", "you may {do}", "start to {do}", "when you are ready, {do}",
)  # fmt: skip
WISHES = (
    "{so}", "I want {so}", "make sure that {so}", "see to it that {so}", "I would like it if {so}", "please, {so}",
    "it would be nice if {so}", "what I want is that {so}",
)  # fmt: skip
INTO = {
    "bowl": ("in", "into", "inside", "within"),
    "plate": ("on", "onto", "on top of", "upon"),
    "stack": ("on", "on top of", "onto", "upon", "over", "above"),
}
_PUT = (
    "put {t} {p} {c}", "place {t} {p} {c}", "set {t} down {p} {c}", "bring {t} and put it {p} {c}", "move {t} {p} {c}",
    "position {t} {p} {c}", "take {t} and leave it {p} {c}", "lower {t} {p} {c}", "release {t} {p} {c}",
    "pick {t} up and place it {p} {c}", "get {t} {p} {c}", "lay {t} {p} {c}", "arrange {t} {p} {c}",
    "grasp {t}, then put it {p} {c}", "lift {t} and set it {p} {c}", "drop {t} {p} {c}", "{p} {c} put {t}",
    *(f"{verb} {{t}} {{p}} {{c}}" for verb in CARRY),
)  # fmt: skip
_LIES = (
    "{t} is {p} {c}", "{t} lies {p} {c}", "{t} ends up {p} {c}", "{t} goes {p} {c}", "{t} rests {p} {c}",
    "{t} is put {p} {c}", "{t} lands {p} {c}",
)  # fmt: skip
DO = {
    "pick": (
        "pick up {t}", "pick {t} up", "lift {t}", "lift {t} off the table", "raise {t}", "raise {t} into the air",
        "grab {t}", "grasp {t} and lift it", "seize {t}", "take {t}", "take {t} off the table", "get {t}", "fetch {t}",
        "hold {t} up", "hold {t} above the table", "lift {t} up high", "bring {t} up", "scoop up {t}", "elevate {t}",
        "take {t} in your hand", "get a grip on {t} and raise it", "clutch {t} and lift", "pick up just {t}",
        *(f"{verb} {{t}}" for verb in GET), *(f"{verb} {{t}} off the table" for verb in GET[:22]),
    ),
    "bowl": _PUT, "plate": _PUT,
    "stack": (
        *_PUT, "stack {t} {p} {c}", "build a tower: {t} {p} {c}", "pile {t} {p} {c}", "balance {t} {p} {c}",
        "make a stack of {t} {p} {c}",
    ),
    "push": (
        "push {t} {d}", "shove {t} {d}", "slide {t} {d}", "move {t} {d}", "nudge {t} {d}", "shift {t} {d}",
        "press against {t} so that it moves {d}", "displace {t} {d}", "push {t} a bit {d}", "make {t} slide {d}",
        "move {t} over {d}", "push {t} further {d}", "drive {t} {d}", "slide {t} across the table {d}", "{d} push {t}",
        *(f"{verb} {{t}} {{d}}" for verb in PUSH), *(f"give {{t}} a {verb} {{d}}" for verb in PUSH[:5]),
    ),
    "drawer open": (
        "open {t}", "pull {t} open", "pull {t} out", "open up {t}", "slide {t} open", "draw {t} open", "pull on {t}",
        "get {t} open", "take the handle and pull {t}", "open {t} all the way", "pull {t} towards the middle",
    ),
    "drawer close": (
        "close {t}", "shut {t}", "push {t} in", "push {t} shut", "slide {t} shut", "push {t} closed", "push {t} back",
        "get {t} closed", "close {t} completely", "slide {t} back in", "close {t} again",
    ),
    "button": (
        "press {t}", "push {t}", "push {t} down", "press {t} down", "hit {t}", "tap {t}", "click {t}", "touch {t}",
        "press on {t}", "activate {t}", "trigger {t}", "push down {t}", "hold {t} down", "use {t}", "punch {t}",
        *(f"{verb} {{t}}" for verb in TOUCH), *(f"give {{t}} a {verb}" for verb in TOUCH[:19]),
    ),
}  # fmt: skip
SO = {
    "pick": ("{t} is in the air", "{t} is lifted", "{t} is held up", "{t} comes up", "{t} hangs above the table"),
    "bowl": _LIES, "plate": _LIES, "stack": (*_LIES, "{t} stands {p} {c}"),
    "push": ("{t} moves {d}", "{t} is further {d}", "{t} slides {d}", "{t} gets pushed {d}", "{t} goes {d}"),
    "drawer open": ("{t} is open", "{t} is pulled out", "{t} stands open", "{t} gets opened"),
    "drawer close": ("{t} is closed", "{t} is shut", "{t} is pushed in", "{t} gets closed"),
    "button": ("{t} is pressed", "{t} is down", "{t} gets pushed", "{t} is pushed down"),
}  # fmt: skip
DIRECTIONS = {
    "left": ("left", "to the left", "to your left", "leftwards", "to the left side", "towards the left"),
    "right": ("right", "to the right", "to your right", "rightwards", "to the right side", "towards the right"),
    "front": ("forward", "forwards", "to the front", "away from you", "to the far side", "further away", "ahead"),
    "back": ("back", "backward", "backwards", "to the back", "towards you", "closer to you", "to the near side"),
}
MORE_SHAPES = {
    "cube": ("cuboid", "dice", "cubic block", "building block"),
    "cylinder": ("tin", "canister", "drum", "barrel", "pipe", "tin can"),
    "button": ("push switch", "press button"),
}
ARTICLES = ("the", "the", "the", "the", "that", "this", "a", "my", "")
_NAMES = (
    "{c} {s}", "{c} {s}", "{c} {s}", "{c} {s}", "small {c} {s}", "{c} coloured {s}", "little {c} {s}"
)  # fmt: skip
CONTAINERS = {
    "bowl": ("the bowl", "the bowl", "that bowl", "the round bowl", "a bowl", "the basin"),
    "plate": ("the plate", "the plate", "that plate", "the flat plate", "a plate", "the dish", "the round dish"),
}
DRAWERS = ("the drawer", "the drawer", "that drawer", "the cabinet's drawer", "the drawer of the cabinet")


def paraphrase(goal: Goal, rng: Generator) -> str:
    """One of very many ways to ask for the goal."""
    kind = f"drawer {goal.detail}" if goal.family == "drawer" else goal.family
    wish = rng.random() < 0.2
    ways = (SO if wish else DO)[kind]
    frames = WISHES if wish else FRAMES
    words = {
        "t": one(DRAWERS, rng) if goal.target == DRAWER else _thing(goal.target, rng),
        "d": one(DIRECTIONS[goal.detail], rng) if goal.family == "push" else "",
        "p": one(INTO[goal.family], rng) if goal.family in INTO else "",
        "c": "",
    }
    if goal.container is not None:
        named = goal.container in CONTAINERS
        words["c"] = one(CONTAINERS[goal.container], rng) if named else _thing(goal.container, rng)
    said = one(ways, rng).format(**words)
    return " ".join(one(frames, rng).format(do=said, so=said).split())


def _thing(name: str, rng: Generator) -> str:
    color, shape = name.split()
    colors = survey_names(color) if rng.random() < 0.4 else COLOR_WORDS[color]
    shapes = MORE_SHAPES[shape] if rng.random() < 0.15 else SHAPE_WORDS[shape]
    said = one(_NAMES, rng).format(c=one(colors, rng), s=one(shapes, rng))
    return f"{one(ARTICLES, rng)} {said}"


def one(ways: Sequence[T], rng: Generator) -> T:
    """Any of them."""
    return ways[int(rng.integers(len(ways)))]
