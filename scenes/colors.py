"""Names of colours from two independent lists, sorted by what they look like.

The lists are CSS's and the one that 200,000 people made in a survey (https://xkcd.com/color/rgb/), both as matplotlib
holds them. Nobody chose them for this project; what a name means follows from its hue alone.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from matplotlib.colors import CSS4_COLORS, XKCD_COLORS, to_rgb

_HUES: Final = {
    "red": ((348, 360), (0, 11)),
    "yellow": ((41, 66),),
    "green": ((84, 160),),
    "blue": ((197, 248),),
    "": ((16, 33), (268, 335)),
}
"""degrees; "" for orange, brown, purple and pink, which no object has"""
_MIN_SATURATION: Final = 0.45
_MIN_VALUE: Final = {"red": 0.45, "yellow": 0.75, "green": 0.25, "blue": 0.3, "": 0.3}
_BASIC: Final = ("red", "yellow", "green", "blue")
_BETWEEN: Final = (
    "orange", "brown", "purple", "pink", "violet", "teal", "turquoise", "aqua", "cyan", "grey", "gray", "magenta",
    "black", "white", "tan", "beige", "mauve", "lavender", "lilac", "olive", "indigo", "maroon", "rose", "salmon",
)  # fmt: skip
"""words of other colours, which must not be part of a basic colour's name"""
_UNUSED: Final = re.compile(
    r"apple$|banana$|bri?ck|bruise|poo|shit|puke|vomit|snot|piss|sick|puce|barf|booger|baby|bile|ugly|/"
)
"""unkind words, and names of things"""


@cache
def survey_names(color: str) -> tuple[str, ...]:
    """Names whose colour is clearly that of `red`, `green`, `blue` or `yellow`; of none of these for an empty name."""
    return tuple(sorted({name for name, kind in _named() if kind == color}))


def _named() -> Iterator[tuple[str, str]]:
    words = {name.removeprefix("xkcd:"): value for name, value in (*CSS4_COLORS.items(), *XKCD_COLORS.items())}
    for name, value in words.items():
        kind = _kind(*colorsys.rgb_to_hsv(*to_rgb(value)))
        if kind is None or _UNUSED.search(name):
            continue
        named = {basic for basic in _BASIC if basic in name}
        if named <= {kind} and (not kind or not any(other in name for other in _BETWEEN)):
            yield name, kind


def _kind(hue: float, saturation: float, value: float) -> str | None:
    if saturation < _MIN_SATURATION:
        return None
    for kind, bands in _HUES.items():
        if value >= _MIN_VALUE[kind] and any(low <= 360 * hue <= high for low, high in bands):
            return kind
    return None
