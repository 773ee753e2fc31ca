"""How sure a measured rate is, and whether two that were measured on the same episodes differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

Z95 = 1.96


def wilson(successes: int, episodes: int, z: float = Z95) -> tuple[float, float]:
    """95 % interval of a success rate (Wilson score), as fractions."""
    if episodes == 0:
        return 0.0, 1.0
    rate, spread = successes / episodes, z * z / episodes
    middle = (rate + spread / 2) / (1 + spread)
    half = z * math.sqrt(rate * (1 - rate) / episodes + spread / (4 * episodes)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def rate(outcomes: Sequence[bool]) -> dict[str, Any]:
    """Successes among the outcomes with their interval."""
    won = sum(outcomes)
    return {"successes": won, "episodes": len(outcomes), "interval_95": list(wilson(won, len(outcomes)))}


def paired(before: Sequence[bool], after: Sequence[bool]) -> dict[str, Any]:
    """What changed between two outcomes of every episode.

    The difference of the rates (after - before) with its 95 % interval (Bonett and Price, 2012), and the two-sided
    p of McNemar's exact test: how likely so uneven a change would be if fixing and breaking were equally likely.
    """
    count = len(before)
    fixed = sum(new and not old for old, new in zip(before, after, strict=True))
    broken = sum(old and not new for old, new in zip(before, after, strict=True))
    gain, loss = (fixed + 1) / (count + 2), (broken + 1) / (count + 2)
    half = Z95 * math.sqrt((gain + loss - (gain - loss) ** 2) / (count + 2))
    return {
        "fixed": fixed,
        "broken": broken,
        "unchanged": count - fixed - broken,
        "difference": (fixed - broken) / max(count, 1),
        "interval_95": [max(-1.0, gain - loss - half), min(1.0, gain - loss + half)],
        "mcnemar_p": mcnemar(fixed, broken),
    }


def mcnemar(fixed: int, broken: int) -> float:
    """Two-sided p of McNemar's exact test."""
    changed = fixed + broken
    tail = sum(math.comb(changed, k) for k in range(min(fixed, broken) + 1))
    return min(1.0, 2 * tail / 2**changed)
