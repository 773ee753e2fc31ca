"""Instructions: what can be asked of a scene, in how many words, and what a sentence asks for.

`interpret` serves the success test and the collector. The policy never calls it: it grounds words in pictures.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from numpy.random import Generator

from scenes.constants import COLORS, CONTAINERS, SHAPES

FAMILIES = ("pick", "bowl", "plate")
CANONICAL = {
    "pick": "pick up the {target}",
    "bowl": "put the {target} in the bowl",
    "plate": "put the {target} on the plate",
}
TEMPLATES: dict[str, tuple[str, ...]] = {
    "pick": (
        "pick up the {target}", "pick the {target} up", "grab the {target}", "lift the {target}", "take the {target}",
        "raise the {target}", "grasp the {target}", "please pick up the {target}", "lift up the {target} please",
        "can you pick up the {target}", "get hold of the {target}", "hold the {target} up", "fetch the {target}",
        "I want you to lift the {target}", "now pick up the {target}", "take hold of the {target} and lift it",
        "would you lift the {target}", "go and grab the {target}", "{target}, pick it up", "pick up a {target}",
    ),
    "bowl": (
        "put the {target} in the bowl", "place the {target} in the bowl", "drop the {target} into the bowl",
        "put the {target} into the bowl", "move the {target} to the bowl", "set the {target} inside the bowl",
        "the {target} goes in the bowl", "please put the {target} in the bowl",
        "can you place the {target} in the bowl",
        "pick up the {target} and put it in the bowl", "take the {target} and drop it in the bowl",
        "bring the {target} to the bowl", "I would like the {target} in the bowl", "leave the {target} in the bowl",
        "fill the bowl with the {target}", "into the bowl with the {target}", "lay the {target} in the bowl",
        "grab the {target} and place it inside the bowl", "the bowl should hold the {target}",
        "toss the {target} in the bowl",
    ),
    "plate": (
        "put the {target} on the plate", "place the {target} on the plate", "set the {target} on the plate",
        "put the {target} onto the plate", "move the {target} to the plate", "lay the {target} on the plate",
        "the {target} goes on the plate", "please put the {target} on the plate",
        "can you place the {target} on the plate",
        "pick up the {target} and put it on the plate", "take the {target} and lay it on the plate",
        "bring the {target} to the plate", "I would like the {target} on the plate", "leave the {target} on the plate",
        "serve the {target} on the plate", "onto the plate with the {target}", "rest the {target} on the plate",
        "grab the {target} and set it on the plate", "the plate should hold the {target}",
        "drop the {target} on the plate",
    ),
}  # fmt: skip
COLOR_WORDS: dict[str, tuple[str, ...]] = {
    "red": ("red", "red", "red", "bright red", "scarlet", "ruby"),
    "green": ("green", "green", "green", "dark green", "emerald", "grass green"),
    "blue": ("blue", "blue", "blue", "deep blue", "navy", "cobalt"),
    "yellow": ("yellow", "yellow", "yellow", "bright yellow", "golden", "lemon"),
}
SHAPE_WORDS: dict[str, tuple[str, ...]] = {
    "cube": ("cube", "cube", "cube", "block", "box", "square block", "brick"),
    "cylinder": ("cylinder", "cylinder", "cylinder", "can", "tube", "round block", "roll"),
}
_COLOR_MEANING = {
    **{word: color for color, words in COLOR_WORDS.items() for word in words},
    "crimson": "red", "cherry": "red", "lime": "green", "olive": "green", "azure": "blue", "sapphire": "blue",
    "indigo": "blue", "amber": "yellow", "gold": "yellow",
}  # fmt: skip
_SHAPE_MEANING = {
    **{word: shape for shape, words in SHAPE_WORDS.items() for word in words},
    "dice": "cube", "die": "cube", "cuboid": "cube", "tin": "cylinder", "barrel": "cylinder", "drum": "cylinder",
    "pipe": "cylinder",
}  # fmt: skip


@dataclass(frozen=True)
class Goal:
    """What an instruction asks for: a task family and the objects it names."""

    family: str
    target: str

    @property
    def container(self) -> str | None:
        """Where the target goes, or None."""
        return self.family if self.family in CONTAINERS else None

    @property
    def instruction(self) -> str:
        """The canonical wording."""
        return CANONICAL[self.family].format(target=self.target)


def goals_for(objects: Sequence[str]) -> list[Goal]:
    """All goals that a scene with these objects can fulfil, families side by side."""
    families = [family for family in FAMILIES if family not in CONTAINERS or family in objects]
    return [Goal(family, name) for family in families for name in objects if name not in CONTAINERS]


def instructions_for(objects: Sequence[str]) -> list[str]:
    """Canonical instructions that a scene with these objects can fulfil."""
    return [goal.instruction for goal in goals_for(objects)]


def phrase(goal: Goal, rng: Generator) -> str:
    """One of many ways to ask for the goal."""
    color, shape = goal.target.split()
    template = TEMPLATES[goal.family][rng.integers(len(TEMPLATES[goal.family]))]
    colors, shapes = COLOR_WORDS[color], SHAPE_WORDS[shape]
    return template.format(target=f"{colors[rng.integers(len(colors))]} {shapes[rng.integers(len(shapes))]}")


def interpret(instruction: str, objects: Sequence[str]) -> Goal | None:
    """The goal that an instruction names among these objects, or None when it names none, or several."""
    text = " ".join(re.findall(r"[a-z]+", instruction.lower())).replace("can you", "could you")
    colors, text = _meanings(text, _COLOR_MEANING)
    shapes, text = _meanings(text, _SHAPE_MEANING)
    containers = [
        word for word in CONTAINERS if re.search(rf"\b({word}|{'dish' if word == 'plate' else 'basin'})\b", text)
    ]
    named = [
        name
        for name in objects
        if name not in CONTAINERS
        and (not colors or name.split()[0] in colors)
        and (not shapes or name.split()[1] in shapes)
    ]
    if len(named) != 1 or len(colors) > 1 or len(shapes) > 1 or not (colors or shapes) or len(containers) > 1:
        return None
    if containers and containers[0] not in objects:
        return None
    return Goal(containers[0] if containers else "pick", named[0])


def _meanings(text: str, words: dict[str, str]) -> tuple[set[str], str]:
    """What the words in a text mean, and the text without them: the longest first ("round block" is no block)."""
    found = set()
    for word in sorted(words, key=len, reverse=True):
        shorter = re.sub(rf"\b{word}s?\b", " ", text)
        if shorter != text:
            found.add(words[word])
            text = shorter
    return found, text


__all__ = ["COLORS", "FAMILIES", "SHAPES", "Goal", "goals_for", "instructions_for", "interpret", "phrase"]
