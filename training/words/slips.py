"""Slips of the keyboard: a letter left out, doubled, exchanged with its neighbour, or the key beside it."""

from __future__ import annotations

from typing import Final

from numpy.random import Generator

_BESIDE: Final = {
    "a": "s", "b": "v", "c": "x", "d": "f", "e": "r", "f": "d", "g": "h", "h": "j", "i": "o", "j": "k", "k": "l",
    "l": "k", "m": "n", "n": "m", "o": "i", "p": "o", "q": "w", "r": "t", "s": "a", "t": "y", "u": "i", "v": "b",
    "w": "e", "x": "c", "y": "u", "z": "x",
}  # fmt: skip
_SHORTEST: Final = 4
"""letters of a word that may be mistyped: shorter ones become other words"""


def mistype(sentence: str, rng: Generator) -> str:
    """The sentence with one word mistyped, if it has one that is long enough."""
    words = sentence.split(" ")
    long = [number for number, word in enumerate(words) if word.isalpha() and len(word) >= _SHORTEST]
    if not long:
        return sentence
    number = int(rng.choice(long))
    word = words[number]
    at = int(rng.integers(1, len(word) - 1))
    kind = rng.integers(4)
    if kind == 0:
        word = word[:at] + word[at + 1 :]
    elif kind == 1:
        word = word[:at] + word[at] + word[at:]
    elif kind == 2:
        word = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    else:
        word = word[:at] + _BESIDE.get(word[at].lower(), word[at]) + word[at + 1 :]
    return " ".join((*words[:number], word, *words[number + 1 :]))
