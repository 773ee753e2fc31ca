"""What kind of thing a sentence asks for: the planner's reading of the verb, and the sentence as a mirror says it."""

from __future__ import annotations

import re

TASKS = (
    "pick", "bowl", "plate", "push left", "push right", "push front", "push back", "stack", "drawer open",
    "drawer close", "button", "nothing",
)  # fmt: skip
"""classes of the task logits; the last is a sentence that asks for no task at all"""
_SIDES = {"left": "right", "right": "left"}
MIRRORED = [TASKS.index(re.sub(r"left|right", lambda side: _SIDES[side[0]], name)) for name in TASKS]
"""the class of every class as a mirror shows it"""


def task_of(family: str, detail: str) -> str:
    """The class of a task family with its detail."""
    return f"{family} {detail}" if family in ("push", "drawer") else family


def mirror_words(sentence: str) -> str:
    """The sentence with left and right exchanged, as it must be said of a scene in the mirror."""
    return re.sub(r"\b(left|right)(wards?)?\b", _other_side, sentence, flags=re.IGNORECASE)


def _other_side(match: re.Match[str]) -> str:
    return _SIDES[match[1].lower()] + (match[2] or "")
