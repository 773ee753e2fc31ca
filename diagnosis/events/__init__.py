"""Events: what happened in an episode, found in its record by documented rules."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Final

from diagnosis.events.bumping import collision, fell_off, knocked_over
from diagnosis.events.facts import Event, Facts
from diagnosis.events.grasping import dropped_object, missed_grasp, wrong_object
from diagnosis.events.moving import hesitation, stuck
from diagnosis.events.planning import clamped_command, intent_flip, starvation, time_out, withdrawn_intent

VERSION: Final = 3
"""of the rules: a change of what they find makes what was kept stale"""
FINDERS: Final[dict[str, Callable[[Facts], Iterator[Event]]]] = {
    "missed grasp": missed_grasp,
    "dropped object": dropped_object,
    "wrong object": wrong_object,
    "knocked over": knocked_over,
    "collision": collision,
    "stuck": stuck,
    "hesitation": hesitation,
    "intent flip": intent_flip,
    "withdrawn intent": withdrawn_intent,
    "starvation": starvation,
    "clamped command": clamped_command,
    "time out": time_out,
    "fell off the table": fell_off,
}
RULES: Final = {kind: " ".join((inspect.getdoc(finder) or "").split()) for kind, finder in FINDERS.items()}
"""kind -> its rule, one sentence"""


def find(facts: Facts) -> list[Event]:
    """All events of an episode, in the order in which they begin."""
    return sorted((event for finder in FINDERS.values() for event in finder(facts)), key=lambda each: each.step)


__all__ = ["FINDERS", "RULES", "VERSION", "Event", "Facts", "find"]
