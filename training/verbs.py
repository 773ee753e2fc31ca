"""Verbs for what the robot does, most of them from Levin's classes (English Verb Classes and Alternations, 1993).

Put verbs (9.1 to 9.4), send and carry (11.1, 11.4), get (13.5), hold (15.1), push and pull (12), slide (11.2), hit
(18.1), poke (19) and touch (20), and what people say beside these. For the planner's training: what is meant follows
from the whole sentence, "pop the cube into the bowl", more than from its verb.
"""

from __future__ import annotations

from typing import Final

CARRY: Final = (
    "arrange", "install", "lodge", "mount", "place", "position", "put", "set", "situate", "sling", "stash", "stow",
    "lay", "lean", "perch", "rest", "sit", "stand", "suspend", "bang", "dip", "dump", "scoop", "shake", "spoon",
    "squeeze", "sweep", "tuck", "wedge", "drop", "hoist", "lift", "lower", "raise", "pop", "plop", "plonk", "chuck",
    "toss", "stick", "park", "plant", "transfer", "transport", "carry", "haul", "lug", "bring", "take", "send",
    "deliver", "pass", "shift", "relocate", "insert", "load", "pack", "pile", "pour", "settle", "leave", "deposit",
    "slot", "nestle", "land", "get",
)  # fmt: skip
"""something somewhere"""
GET: Final = (
    "catch", "fetch", "gather", "get", "grab", "pluck", "retrieve", "secure", "snatch", "collect", "clasp", "clutch",
    "grasp", "grip", "hold", "seize", "take", "hoist", "lift", "raise", "elevate", "heave", "pull up", "haul up",
    "pick up", "scoop up", "gather up", "snap up", "bring up", "take up", "hold up", "capture", "obtain", "acquire",
)  # fmt: skip
"""something"""
PUSH: Final = (
    "push", "shove", "press", "thrust", "nudge", "bump", "drag", "haul", "heave", "tug", "kick", "slide",
    "move", "shift", "budge", "prod", "poke", "jab", "knock", "scoot", "scrape", "sweep", "steer", "guide", "ease",
    "edge", "inch", "drive", "force", "propel", "send", "direct", "brush", "tap", "swipe", "glide", "displace",
)  # fmt: skip
"""something in a direction"""
TOUCH: Final = (
    "press", "push", "touch", "pat", "prod", "tap", "hit", "bang", "bash", "bump", "knock", "pound", "rap", "slap",
    "smack", "strike", "thump", "thwack", "whack", "poke", "jab", "punch", "depress", "click", "trigger", "activate",
    "engage", "operate", "squeeze", "push in", "press down",
)  # fmt: skip
"""a button"""
