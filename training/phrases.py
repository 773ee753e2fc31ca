"""Sentences to ground: ways to ask for every goal, names of every object, and things that are not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from policy.sentences import SentenceEncoder
from policy.tasks import TASKS, task_of
from scenes.colors import survey_names
from scenes.constants import BUTTON_NAMES, CONTAINERS, DRAWER, OBJECT_NAMES
from scenes.goals import DIRECTIONS, all_goals, is_held_out, mirrored
from scenes.labels import THINGS
from scenes.language import COLOR_WORDS, SHAPE_WORDS, TEMPLATES, phrase
from training.paraphrase import paraphrase
from training.targets import goal_kinds

UNKNOWN_COLORS = ("purple", "orange", "black", "white", "pink", "brown", "grey", "violet", "silver", "turquoise")
UNKNOWN_THINGS = (
    "banana", "mug", "apple", "ball", "sphere", "spoon", "cup", "teddy bear", "phone", "pyramid", "bottle", "pen",
    "cone", "book", "hammer", "star", "ring", "sponge", "shoe", "key", "fork", "egg", "car", "duck", "towel",
)  # fmt: skip
NO_TASK = (
    "hello", "what is the weather today", "tell me a joke", "asdf qwer zxcv", "dance", "sing a song", "who are you",
    "do something", "stop", "thank you", "lorem ipsum dolor", "how much is two plus two", "xkcd blorp",
    "open the window", "open the door", "close the fridge", "close your eyes", "push harder",
    "press on", "stack overflow",
    "switch the lights off", "write a poem about the sea", "the", "go home", "make me a sandwich", "bla bla bla",
    "wash the dishes", "why", "good morning robot", "drive to the station", "1234 5678", "move", "nothing",
    "play chess", "how are you today", "what can you do", "which day is it", "explain gravity", "order a pizza",
    "sing me to sleep", "turn the music down", "water the plants", "call a taxi", "where are my keys", "good night",
    "read the newspaper to me", "is anybody there", "who won the match", "buy some milk", "spell your name",
    "what do you see", "draw a horse", "set an alarm for seven", "book a table for two", "run", "jump up and down",
    "walk the dog", "I am hungry", "this is a test", "tell me the time", "shut up", "shut down", "open sesame",
    "push yourself", "pick a number", "pick me up at eight", "take a break", "take it easy", "hold on a second",
    "put on some music", "put yourself in my place", "press release", "raise your hand", "lift your spirits",
    "grab a coffee", "get lost", "stack up well", "close the deal", "open your mind", "never mind", "yes", "no",
    "how old are you", "where is Paris", "fly to the moon", "cook dinner", "clean your room", "stand still",
)  # fmt: skip


@dataclass
class PhraseBank:
    """Encoded phrases: those that ask for a goal, and those that name a thing (or nothing that exists)."""

    features: Tensor
    """(P, W, 384) float16"""
    masks: Tensor
    """(P, W)"""
    by_goal: list[list[int]]
    """phrases that ask for each of `all_goals`; none for what is held out of training"""
    mirrored: NDArray[np.int64]
    """number of each goal's mirror image"""
    task: NDArray[np.int64]
    """row in `policy.tasks.TASKS` of each goal"""
    named: NDArray[np.int64]
    """phrases for extra queries"""
    thing: NDArray[np.int64]
    """for each of `named`: row of the thing in the label tables, -1 for what is never there"""
    asking: NDArray[np.int64]
    """phrases that ask for a task, about things that there are and about others"""
    asked: NDArray[np.int64]
    """row in `policy.tasks.TASKS` of each of `asking`"""
    idle: NDArray[np.int64]
    """phrases that ask for no task at all"""

    @classmethod
    def build(cls, encoder: SentenceEncoder, seed: int = 0, ways: int = 60) -> PhraseBank:
        """Encode everything once (about a minute)."""
        rng = np.random.default_rng(seed)
        texts: list[str] = []
        by_goal: list[list[int]] = []
        named: list[int] = []
        thing: list[int] = []
        goals = all_goals()
        for goal in goals:
            said = {goal.instruction, *(say(goal, rng) for say in (phrase, paraphrase) for _ in range(ways))}
            said = set() if is_held_out(goal) else said
            numbers = list(range(len(texts), len(texts) + len(said)))
            by_goal.append(numbers)
            texts += sorted(said)
            some = numbers[:: 6 if goal.family in ("drawer", "button") else 24]
            named += some
            thing += [THINGS.index(goal.target)] * len(some)
        kinds = goal_kinds()
        asking = [number for numbers in by_goal for number in numbers]
        asked = [kind for kind, numbers in zip(kinds, by_goal, strict=True) for _ in numbers]
        for text, task in _strange(ways, rng):
            asking.append(len(texts))
            asked.append(task)
            texts.append(text)
        for text, row in _names(rng):
            named.append(len(texts))
            thing.append(row)
            texts.append(text)
        idle = np.arange(len(texts), len(texts) + len(NO_TASK))
        features, masks = encoder.encode([*texts, *NO_TASK])
        return cls(
            features.half(),
            masks,
            by_goal,
            np.array([goals.index(mirrored(goal)) for goal in goals]),
            kinds,
            np.array(named),
            np.array(thing),
            np.array(asking),
            np.array(asked),
            idle,
        )

    def goal_phrases(self, goals: NDArray[np.int64], rng: Generator) -> NDArray[np.int64]:
        """A random phrase for each sample's goal (its number among `all_goals`)."""
        return np.array([self.by_goal[goal][rng.integers(len(self.by_goal[goal]))] for goal in goals])


def _strange(ways: int, rng: Generator) -> Iterator[tuple[str, int]]:
    """Tasks about things that do not exist, with their rows in `TASKS`: the verb tells what is asked, not the noun."""
    often = max(1, ways // 10)
    for name, templates in TEMPLATES.items():
        details = tuple(DIRECTIONS) if name == "push" else ("",)
        for template in templates:
            if "{target}" not in template:
                continue
            for detail in details * (max(1, often // len(details))):
                lower = detail or _strange_name(rng)
                row = TASKS.index(task_of(name, detail))
                yield template.format(target=_strange_name(rng), detail=lower), row


def _strange_name(rng: Generator) -> str:
    if rng.random() < 0.3:
        return str(rng.choice(UNKNOWN_THINGS))
    colors = (*UNKNOWN_COLORS, *COLOR_WORDS, *rng.choice(survey_names(""), 4))
    things = (*UNKNOWN_THINGS, *(word for words in SHAPE_WORDS.values() for word in words))
    while (name := f"{rng.choice(colors)} {rng.choice(things)}") in _names_of_real_things():
        pass  # a task about it may be held out
    return name


@cache
def _names_of_real_things() -> frozenset[str]:
    pairs = (name.split() for name in (*OBJECT_NAMES, *BUTTON_NAMES))
    return frozenset(
        f"{color_word} {shape_word}"
        for color, shape in pairs
        for color_word in (*COLOR_WORDS[color], *survey_names(color))
        for shape_word in SHAPE_WORDS[shape]
    )


def _names(rng: Generator) -> list[tuple[str, int]]:
    pairs: list[tuple[str, int]] = []
    for name in (*OBJECT_NAMES, *BUTTON_NAMES):
        color, shape = name.split()
        for c in dict.fromkeys((*COLOR_WORDS[color], *survey_names(color))):
            shapes = list(dict.fromkeys(SHAPE_WORDS[shape]))
            for s in shapes if c in COLOR_WORDS[color] else rng.choice(shapes, 2, replace=False):
                pairs.append((f"the {c} {s}" if rng.random() < 0.5 else f"{c} {s}", THINGS.index(name)))
    pairs += [(text.format(name), THINGS.index(name)) for name in CONTAINERS for text in ("{}", "the {}", "a {}") * 3]
    handles = ("the drawer", "drawer", "a drawer", "the handle of the drawer", "the drawer of the cabinet")
    pairs += [(text, THINGS.index(DRAWER)) for text in handles * 2]
    for c in survey_names(""):
        shape = str(rng.choice(list(SHAPE_WORDS)))
        pairs += [(f"the {c} {SHAPE_WORDS[shape][rng.integers(len(SHAPE_WORDS[shape]))]}", -1) for _ in range(2)]
    templates = [template for ways in TEMPLATES.values() for template in ways if "{target}" in template]
    absent = [f"{c} {s}" for c in UNKNOWN_COLORS for shape in SHAPE_WORDS for s in SHAPE_WORDS[shape][2:5]]
    absent += [f"{c} {thing}" for thing in UNKNOWN_THINGS for c in ("", "red", "blue", "green", "yellow", "big")]
    for thing in absent:
        thing = thing.strip()
        pairs.append((f"the {thing}", -1))
        pairs += [
            (templates[rng.integers(len(templates))].format(target=thing, detail=_any_detail(rng)), -1)
            for _ in range(2)
        ]
    return pairs + [(text, -1) for text in NO_TASK for _ in range(6)]


def _any_detail(rng: Generator) -> str:
    return str(rng.choice(("left", "right", "front", "back", *(f"{name}" for name in OBJECT_NAMES))))


def encode_bank() -> PhraseBank:
    """The bank with the shipped sentence encoder."""
    with torch.inference_mode():
        return PhraseBank.build(SentenceEncoder())
