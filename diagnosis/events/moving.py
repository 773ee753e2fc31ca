"""Stuck, hesitation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from diagnosis.events.facts import Event, Facts, merged, runs, seconds
from scenes.constants import MAX_TRANSLATION
from training.closeness import missing

_STUCK, _PUSHES, _STAYS = 20, 0.10, 0.01
"""control steps, metres that are commanded in one direction, metres that the hand moves at most"""
_WAITS, _BALL, _FINGERS, _NEARER = 30, 0.02, 0.004, 0.01
"""control steps, metres within which the hand stays, by which the fingers move, by which success comes nearer"""


def stuck(facts: Facts) -> Iterator[Event]:
    """For a second the command goes on in one direction, 10 cm or more, and the hand moves less than 1 cm."""
    hand = facts.trace.hand.astype(float)
    commanded = np.concatenate((np.zeros((1, 3)), np.cumsum(facts.trace.action[:, :3] * MAX_TRANSLATION, 0)))
    for start, stop in merged(list(runs(_stuck(hand, commanded))), _STUCK):
        end = min(stop - 1 + _STUCK, facts.steps)
        asked = float(np.linalg.norm(commanded[end] - commanded[start]))
        moved = float(np.linalg.norm(hand[end] - hand[start]))
        yield Event(
            "stuck", start, end,
            f"From step {start} on, for {seconds(end - start)}, the hand is told to go {100 * asked:.0f} cm and goes "
            f"{100 * moved:.1f} cm.",
            {"commanded_cm": round(100 * asked, 1), "moved_cm": round(100 * moved, 1)},
        )  # fmt: skip


def hesitation(facts: Facts) -> Iterator[Event]:
    """For 1.5 s the policy moves the hand about within 2 cm, the fingers stay, and success comes no nearer."""
    trace = facts.trace
    if facts.steps <= _WAITS:
        return
    hand = trace.hand.astype(float)
    commanded = np.concatenate((np.zeros((1, 3)), np.cumsum(trace.action[:, :3] * MAX_TRANSLATION, 0)))
    still = _within(hand, _WAITS) < _BALL
    still &= _within(trace.width[:, None].astype(float), _WAITS) < _FINGERS
    if facts.goal is not None:
        left = missing(trace, facts.goal)
        still &= (left[: len(still)] - left[_WAITS:]) < _NEARER
    still &= np.convolve(trace.holding, np.ones(_WAITS), "valid") == 0
    pressing = _stuck(hand, commanded)
    for start, stop in runs(still):
        end = stop - 1 + _WAITS
        if pressing[start:end].any():
            continue
        yield Event(
            "hesitation", start, end,
            f"From step {start} on, for {seconds(end - start)}, the hand stays within 2 cm and does nothing.",
            {"seconds": (end - start) / 20},
        )  # fmt: skip


def _within(path: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """(T + 1 - window,) how far from its beginning each stretch of `window` steps goes."""
    count = len(path) - window
    if count <= 0:
        return np.zeros(0)
    return np.max([np.linalg.norm(path[k : k + count] - path[:count], axis=1) for k in range(1, window + 1)], axis=0)


def _stuck(hand: NDArray[np.float64], commanded: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(T + 1,) whether a stretch in which the hand is stuck begins here."""
    flags = np.zeros(len(hand), bool)
    count = len(hand) - _STUCK
    if count > 0:
        asked = np.linalg.norm(commanded[_STUCK:] - commanded[:count], axis=1)
        flags[:count] = (asked > _PUSHES) & (_within(hand, _STUCK) < _STAYS)
    return flags
