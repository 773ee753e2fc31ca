"""What spoils data, each a rule with its numbers: idle stretches, jerks, clipped actions, chatter, near-duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from records import CONTROL_HZ

IDLE_STEPS: Final = 30
"""idle: for 1.5 s the hand stays within `IDLE_METRES` of where it was, and the gripper is told nothing new"""
IDLE_METRES: Final = 0.002
MAX_TRANSLATION: Final = 1.42
"""jerky: from one driven step to the next the translation command changes by more than this, in action units; one in a
thousand changes of the expert's undisturbed demonstrations is larger (see `policy.runtime.handover`)"""
MAX_ROTATION: Final = 1.05
"""the same for rotation"""
JERKY_SHARE: Final = 0.02
"""of the driven steps from which on an episode is called jerky, but never for fewer than `JERKY_STEPS`"""
JERKY_STEPS: Final = 3
CLIPPED_SHARE: Final = 0.05
"""clipped: so many of the driven steps asked for more than [-1, 1]"""
CHATTER_CHANGES: Final = 4
"""chatter: the gripper is told to open or close so often within `CHATTER_STEPS`"""
CHATTER_STEPS: Final = 40
DUPLICATE_METRES: Final = 0.01
"""near-duplicate: the same words in the same scene, and the hand never further than this from where it was in the other
episode, at 16 moments"""


@dataclass(frozen=True)
class Warned:
    """One warning."""

    kind: str
    """idle, jerky, clipped, chatter or duplicate"""
    sentence: str


@dataclass(frozen=True)
class Motion:
    """What the rules look at."""

    action: NDArray[np.float64]
    """(n, 7) executed"""
    commanded: NDArray[np.float64]
    """(n, 7) before clipping"""
    hand: NDArray[np.float64]
    """(n, 3) metres"""
    sources: Sequence[str]
    """(n,) control sources"""


def look_at(motion: Motion, first: int) -> list[Warned]:
    """Warnings of one episode whose first control step is `first`."""
    if motion.action.ndim != 2 or motion.action.shape[1] != 7:
        return []  # a foreign action space: these numbers say nothing about it
    driven = np.array([source != "hold" for source in motion.sources])
    return [*_idle(motion, first), *_jerky(motion, driven), *_clipped(motion, driven), *_chatter(motion, first)]


def duplicates(paths: Sequence[tuple[str, Sequence[tuple[float, float, float]]]]) -> dict[str, Warned]:
    """Which of these episodes, of the same scene and words, repeat an earlier one: id -> warning.

    Args:
        paths: id and path of the hand, oldest first.
    """
    found: dict[str, Warned] = {}
    kept: list[tuple[str, NDArray[np.float64]]] = []
    for name, path in paths:
        here = np.array(path)
        twin = next((other for other, there in kept if _near(here, there)), None)
        if twin is None:
            kept.append((name, here))
        else:
            found[name] = Warned("duplicate", f"It is nearly the same as {twin}.")
    return found


def _near(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return one.shape == other.shape and bool(np.linalg.norm(one - other, axis=-1).max() <= DUPLICATE_METRES)


def _idle(motion: Motion, first: int) -> list[Warned]:
    longest, begun, start = 0, 0, 0
    for step in range(1, len(motion.hand)):
        moved = np.linalg.norm(motion.hand[step] - motion.hand[start]) > IDLE_METRES
        if moved or motion.action[step, 6] != motion.action[step - 1, 6]:
            start = step
        elif step - start > longest:
            longest, begun = step - start, start
    if longest < IDLE_STEPS:
        return []
    return [Warned("idle", f"Nothing moves for {longest / CONTROL_HZ:.1f} s from step {first + begun} on.")]


def _jerky(motion: Motion, driven: NDArray[np.bool_]) -> list[Warned]:
    if len(driven) < 2:
        return []
    change = np.diff(motion.action, axis=0)
    large = np.linalg.norm(change[:, :3], axis=1) > MAX_TRANSLATION + 1e-4
    large |= np.linalg.norm(change[:, 3:6], axis=1) > MAX_ROTATION + 1e-4
    jerks = int((large & driven[1:] & driven[:-1]).sum())
    if jerks < max(JERKY_STEPS, JERKY_SHARE * driven.sum()):
        return []
    return [Warned("jerky", f"The command jumps at {jerks} of {int(driven.sum())} driven steps.")]


def _clipped(motion: Motion, driven: NDArray[np.bool_]) -> list[Warned]:
    over = int(((np.abs(motion.commanded) > 1 + 1e-6).any(axis=1) & driven).sum())
    if not over or over < CLIPPED_SHARE * driven.sum():
        return []
    return [Warned("clipped", f"{over} of {int(driven.sum())} driven steps asked for more than the arm may do.")]


def _chatter(motion: Motion, first: int) -> list[Warned]:
    closed = motion.action[:, 6] > 0
    changes = np.flatnonzero(closed[1:] != closed[:-1]) + 1
    for index in range(len(changes) - CHATTER_CHANGES + 1):
        if changes[index + CHATTER_CHANGES - 1] - changes[index] <= CHATTER_STEPS:
            seconds = CHATTER_STEPS / CONTROL_HZ
            sentence = f"The gripper opens and closes {CHATTER_CHANGES} times within {seconds:.0f} s"
            return [Warned("chatter", f"{sentence}, from step {first + int(changes[index])} on.")]
    return []
