"""Instructions: in how many words a goal can be said, and what a sentence asks for.

`interpret` serves the success test and the collector. The policy never calls it: it grounds words in pictures.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from numpy.random import Generator

from scenes.constants import CONTAINERS
from scenes.goals import DIRECTIONS, Goal, is_graspable

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
    "push": (
        "push the {target} to the {detail}", "push the {target} {detail}", "slide the {target} to the {detail}",
        "shove the {target} to the {detail}", "move the {target} to the {detail}", "nudge the {target} to the {detail}",
        "please push the {target} to the {detail}", "can you push the {target} to the {detail}",
        "slide the {target} {detail}", "shift the {target} to the {detail}", "push the {target} towards the {detail}",
        "I want the {target} further to the {detail}", "to the {detail} with the {target}",
        "give the {target} a push to the {detail}", "push a {target} to the {detail}",
        "now slide the {target} to the {detail}", "would you move the {target} {detail}",
        "get the {target} moved to the {detail}", "the {target} should go to the {detail}",
        "{target}, push it {detail}",
    ),
    "stack": (
        "stack the {target} on the {detail}", "put the {target} on the {detail}", "place the {target} on the {detail}",
        "set the {target} on top of the {detail}", "put the {target} on top of the {detail}",
        "stack the {target} on top of the {detail}", "please stack the {target} on the {detail}",
        "can you put the {target} onto the {detail}", "the {target} goes on the {detail}",
        "build a tower with the {target} on the {detail}", "take the {target} and set it on the {detail}",
        "pick up the {target} and stack it on the {detail}", "lay the {target} on the {detail}",
        "balance the {target} on the {detail}", "I would like the {target} on the {detail}",
        "onto the {detail} with the {target}", "on the {detail} put the {target}", "rest the {target} on the {detail}",
        "grab the {target} and place it on the {detail}", "move the {target} onto the {detail}",
    ),
    "drawer open": (
        "open the drawer", "pull the drawer open", "pull out the drawer", "please open the drawer",
        "can you open the drawer", "slide the drawer open", "pull the drawer out", "open up the drawer",
        "I want the drawer open", "would you open that drawer", "open the drawer of the cabinet", "get the drawer open",
        "the drawer should be open", "draw the drawer out", "pull the handle of the drawer", "now open the drawer",
        "make the drawer open", "pull open the drawer", "open the cabinet", "open the drawer please",
    ),
    "drawer close": (
        "close the drawer", "push the drawer closed", "shut the drawer", "please close the drawer",
        "can you close the drawer", "slide the drawer shut", "push the drawer in", "close up the drawer",
        "I want the drawer closed", "would you shut that drawer", "close the drawer of the cabinet",
        "get the drawer closed", "the drawer should be closed", "push the drawer back in", "push the drawer shut",
        "now close the drawer", "make the drawer closed", "shut the drawer again", "close the cabinet",
        "close the drawer please",
    ),
    "button": (
        "press the {target}", "push the {target}", "hit the {target}", "press down the {target}", "tap the {target}",
        "please press the {target}", "can you press the {target}", "press the {target} please",
        "push down on the {target}", "push the {target} down", "click the {target}", "I want you to press the {target}",
        "now press the {target}", "would you push the {target}", "go and press the {target}", "activate the {target}",
        "touch the {target}", "{target}, press it", "give the {target} a press", "press a {target}",
    ),
}  # fmt: skip
"""by family; a drawer's by family and what to do with it"""
COLOR_WORDS: dict[str, tuple[str, ...]] = {
    "red": ("red", "red", "red", "bright red", "scarlet", "ruby"),
    "green": ("green", "green", "green", "dark green", "emerald", "grass green"),
    "blue": ("blue", "blue", "blue", "deep blue", "navy", "cobalt"),
    "yellow": ("yellow", "yellow", "yellow", "bright yellow", "golden", "lemon"),
}
SHAPE_WORDS: dict[str, tuple[str, ...]] = {
    "cube": ("cube", "cube", "cube", "block", "box", "square block", "brick"),
    "cylinder": ("cylinder", "cylinder", "cylinder", "can", "tube", "round block", "roll"),
    "button": ("button", "button", "button", "push button", "knob", "switch"),
}
DIRECTION_WORDS: dict[str, tuple[str, ...]] = {
    "left": ("left", "left", "left", "left side", "left hand side"),
    "right": ("right", "right", "right", "right side", "right hand side"),
    "front": ("front", "front", "front", "far side", "far end"),
    "back": ("back", "back", "back", "near side", "near end"),
}
_COLOR_MEANING = {
    **{word: color for color, words in COLOR_WORDS.items() for word in words},
    "crimson": "red", "vermilion": "red", "cherry": "red", "maroon": "red", "burgundy": "red", "lime": "green",
    "olive": "green", "olive green": "green", "azure": "blue", "sapphire": "blue", "indigo": "blue", "amber": "yellow",
    "gold": "yellow", "mustard": "yellow",
}  # fmt: skip
_SHAPE_MEANING = {
    **{word: shape for shape, words in SHAPE_WORDS.items() for word in words},
    "dice": "cube", "die": "cube", "cuboid": "cube", "tin": "cylinder", "barrel": "cylinder", "drum": "cylinder",
    "pipe": "cylinder", "canister": "cylinder", "tin can": "cylinder", "cubic block": "cube", "building block": "cube",
    "push switch": "button", "press button": "button", "buzzer": "button", "buzzer button": "button",
    "column": "cylinder", "pillar": "cylinder",
}  # fmt: skip
_DIRECTION_MEANING = {
    **{word: direction for direction, words in DIRECTION_WORDS.items() for word in words},
    "leftwards": "left", "leftward": "left", "rightwards": "right", "rightward": "right", "forward": "front",
    "forwards": "front", "away from you": "front", "away": "front", "ahead": "front", "backward": "back",
    "backwards": "back", "closer to you": "back", "towards you": "back", "toward you": "back",
}  # fmt: skip
_CONTAINER_MEANING = {
    "bowl": "bowl", "basin": "bowl", "plate": "plate", "dish": "plate", "platter": "plate", "saucer": "plate",
}  # fmt: skip
_NO_CAN = re.compile(r"\bcan (?=(you|we|i|it|the|that|this)\b)")
"""asks for something, and is none"""


def phrase(goal: Goal, rng: Generator) -> str:
    """One of many ways to ask for the goal."""
    templates = TEMPLATES[f"drawer {goal.detail}" if goal.family == "drawer" else goal.family]
    template = templates[rng.integers(len(templates))]
    detail = goal.detail
    if goal.family == "push":
        ways = DIRECTION_WORDS[goal.detail]
        one_word = "to the {detail}" not in template and "towards the {detail}" not in template
        detail = goal.detail if one_word else ways[rng.integers(len(ways))]
    elif goal.family == "stack":
        detail = _name(goal.detail, rng)
    return template.format(target=goal.target if goal.family == "drawer" else _name(goal.target, rng), detail=detail)


def _name(name: str, rng: Generator) -> str:
    color, shape = name.split()
    colors, shapes = COLOR_WORDS[color], SHAPE_WORDS[shape]
    return f"{colors[rng.integers(len(colors))]} {shapes[rng.integers(len(shapes))]}"


def interpret(instruction: str, objects: Sequence[str]) -> Goal | None:
    """The goal that an instruction names among these objects, or None when it names none, or several."""
    words = re.findall(r"[a-z]+", instruction.lower())
    text = _NO_CAN.sub("could ", " ".join(_slips().get(word, word) for word in words)).replace("go ahead", "go")
    text = re.sub(r" colou?red\b", "", text)
    if re.search(r"\b(drawer|cabinet)\b", text):
        return _drawer(text) if "drawer" in objects else None
    mentions = _mentions(text)
    if any(shape == "button" for _, shape, _ in mentions):
        names = _named(mentions[0], objects) if len(mentions) == 1 else []
        return Goal("button", names[0]) if len(names) == 1 and names[0].endswith("button") else None
    containers = list(dict.fromkeys(m for w, m in _CONTAINER_MEANING.items() if re.search(rf"\b{w}\b", text)))
    carried = [name for name in objects if is_graspable(name)]
    named = [_named(mention, carried) for mention in mentions]
    if not named or any(len(names) != 1 for names in named) or len(named) > 2 or len(containers) > 1:
        return None
    first = named[0][0]
    if len(named) == 2:
        return None if containers else _stack(text, mentions, first, named[1][0])
    directions = _directions(text, mentions)
    if containers:
        return Goal(containers[0], first) if containers[0] in objects else None
    if directions:
        return Goal("push", first, directions[0]) if len(directions) == 1 else None
    return Goal("pick", first)


def _drawer(text: str) -> Goal:
    closing = re.search(r"\b(close|closed|closing|shut|push|pushed|back in)\b", text)
    return Goal("drawer", "drawer", "close" if closing else "open")


def _stack(text: str, mentions: list[tuple[str, str, int]], first: str, second: str) -> Goal | None:
    if first == second:
        return None
    # "on the blue cube put the red one" names the lower object first.
    before = text[: mentions[0][2]]
    on_it = re.search(r"\b(on|onto|upon|atop|over|above|top of) it\b", text) is not None
    lower_first = re.search(r"\b(on|onto|upon|atop|over|above|top of)( the| a)?( [a-z]+){0,3}\s*$", before) is not None
    upper, lower = (second, first) if lower_first or on_it else (first, second)
    return Goal("stack", upper, lower) if lower.endswith("cube") else None


def _directions(text: str, mentions: list[tuple[str, str, int]]) -> list[str]:
    rest = text
    found = []
    for word in sorted(_DIRECTION_MEANING, key=len, reverse=True):
        shorter = re.sub(rf"\b{word}\b", " ", rest)
        if shorter != rest:
            found.append(_DIRECTION_MEANING[word])
            rest = shorter
    return list(dict.fromkeys(found))


def _mentions(text: str) -> list[tuple[str, str, int]]:
    """Colour and shape of every object that the text names, in order, "" for what is left out, and where."""
    shapes = "|".join(sorted(_SHAPE_MEANING, key=len, reverse=True))
    meaning = _all_colors()
    colors = "|".join(sorted(meaning, key=len, reverse=True))
    alone = "|".join(sorted(_COLOR_MEANING, key=len, reverse=True))  # others are things, too: sand, sky, blood
    found = []
    for match in re.finditer(rf"\b(?:(?:({colors}) )?({shapes})s?|({alone}))\b", text):
        color, shape, color_alone = match.groups()
        found.append((meaning.get(color or color_alone, ""), _SHAPE_MEANING.get(shape, ""), match.start()))
    return found


@cache
def _slips() -> dict[str, str]:
    """What becomes of the words that matter when a letter is left out, doubled, or exchanged with its neighbour."""
    said = " ".join(template for templates in TEMPLATES.values() for template in templates)
    names = " ".join((*_COLOR_MEANING, *_SHAPE_MEANING, *_DIRECTION_MEANING, *_CONTAINER_MEANING))
    known = set(re.findall(r"[a-z]+", f"{said} {names}"))
    slips: dict[str, str] = {}
    for word in (word for word in f"{names} drawer cabinet open close closed push".split() if len(word) > 3):
        for at in range(1, len(word)):
            before, after = word[:at], word[at:]
            turned = before[:-1] + after[0] + before[-1] + after[1:]
            slips |= dict.fromkeys((before + after[1:], before + after[0] + after, turned), word)
    return {slip: word for slip, word in slips.items() if slip not in known and len(slip) > 3}


@cache
def _all_colors() -> dict[str, str]:
    from scenes.colors import survey_names  # here: reading the lists takes a moment that few need

    return {name: color for color in COLOR_WORDS for name in survey_names(color)} | _COLOR_MEANING


def _named(mention: tuple[str, str, int], objects: Sequence[str]) -> list[str]:
    color, shape, _ = mention
    return [
        name
        for name in objects
        if name not in CONTAINERS
        and name != "drawer"
        and (not color or name.split()[0] == color)
        and (not shape or name.split()[1] == shape)
    ]


__all__ = ["DIRECTIONS", "DIRECTION_WORDS", "TEMPLATES", "interpret", "phrase"]
