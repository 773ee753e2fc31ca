"""Sentences to ground: ways to ask for every goal, names of every object, and things that are not there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from policy.sentences import SentenceEncoder
from scenes.constants import CONTAINERS, OBJECT_NAMES
from scenes.labels import THINGS
from scenes.language import COLOR_WORDS, FAMILIES, SHAPE_WORDS, TEMPLATES, Goal, phrase

UNKNOWN_COLORS = ("purple", "orange", "black", "white", "pink", "brown", "grey", "violet", "silver", "turquoise")
UNKNOWN_THINGS = (
    "banana", "mug", "apple", "ball", "sphere", "spoon", "cup", "teddy bear", "phone", "pyramid", "bottle", "pen",
    "cone", "book", "hammer", "star", "ring", "sponge", "shoe", "key", "fork", "egg", "car", "duck", "towel",
)  # fmt: skip
NO_TASK = (
    "hello", "what is the weather today", "tell me a joke", "asdf qwer zxcv", "dance", "sing a song", "who are you",
    "do something", "stop", "thank you", "lorem ipsum dolor", "how much is two plus two", "xkcd blorp",
    "open the window",
    "switch the lights off", "write a poem about the sea", "the", "go home", "make me a sandwich", "bla bla bla",
    "wash the dishes", "why", "good morning robot", "drive to the station", "1234 5678", "move", "nothing",
    "play chess",
)  # fmt: skip


@dataclass
class PhraseBank:
    """Encoded phrases: those that ask for a goal, and those that name a thing (or nothing that exists)."""

    features: Tensor
    """(P, W, 384) float16"""
    masks: Tensor
    """(P, W)"""
    by_goal: dict[tuple[int, int], list[int]]
    """(target row, container row or -1) -> phrases"""
    named: NDArray[np.int64]
    """phrases for extra queries"""
    thing: NDArray[np.int64]
    """for each of `named`: row of the thing in the label tables, -1 for what is never there"""

    @classmethod
    def build(cls, encoder: SentenceEncoder, seed: int = 0, ways: int = 80) -> PhraseBank:
        """Encode everything once (about a minute)."""
        rng = np.random.default_rng(seed)
        texts: list[str] = []
        by_goal: dict[tuple[int, int], list[int]] = {}
        for family in FAMILIES:
            for name in OBJECT_NAMES:
                goal = Goal(family, name)
                container = -1 if goal.container is None else THINGS.index(goal.container)
                said = {goal.instruction, *(phrase(goal, rng) for _ in range(ways))}
                by_goal[(THINGS.index(name), container)] = list(range(len(texts), len(texts) + len(said)))
                texts += sorted(said)
        named = [index for indices in by_goal.values() for index in indices[::6]]
        thing = [target for (target, _), indices in by_goal.items() for _ in indices[::6]]
        for text, row in _names(rng):
            named.append(len(texts))
            thing.append(row)
            texts.append(text)
        features, masks = encoder.encode(texts)
        return cls(features.half(), masks, by_goal, np.array(named), np.array(thing))

    def goal_phrases(self, targets: np.ndarray, containers: np.ndarray, rng: Generator) -> np.ndarray:
        """A random phrase for each sample's goal."""
        ways = [self.by_goal[(int(t), int(c))] for t, c in zip(targets, containers, strict=True)]
        return np.array([way[rng.integers(len(way))] for way in ways])


def _names(rng: Generator) -> list[tuple[str, int]]:
    pairs: list[tuple[str, int]] = []
    for name in OBJECT_NAMES:
        color, shape = name.split()
        for c in dict.fromkeys(COLOR_WORDS[color]):
            for s in dict.fromkeys(SHAPE_WORDS[shape]):
                pairs.append((f"the {c} {s}" if rng.random() < 0.5 else f"{c} {s}", THINGS.index(name)))
    pairs += [(text.format(name), THINGS.index(name)) for name in CONTAINERS for text in ("{}", "the {}", "a {}") * 3]
    templates = [template for family in FAMILIES for template in TEMPLATES[family]]
    absent = [f"{c} {s}" for c in UNKNOWN_COLORS for shape in SHAPE_WORDS for s in SHAPE_WORDS[shape][2:5]]
    absent += [f"{c} {thing}" for thing in UNKNOWN_THINGS for c in ("", "red", "blue", "green", "yellow", "big")]
    for thing in absent:
        thing = thing.strip()
        pairs.append((f"the {thing}", -1))
        pairs += [(templates[rng.integers(len(templates))].format(target=thing), -1) for _ in range(2)]
    return pairs + [(text, -1) for text in NO_TASK for _ in range(6)]


def encode_bank() -> PhraseBank:
    """The bank with the shipped sentence encoder."""
    with torch.inference_mode():
        return PhraseBank.build(SentenceEncoder())
