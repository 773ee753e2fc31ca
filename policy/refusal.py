"""When the planner says no: no task in the words, or nothing in the pictures that they could be about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from policy.tasks import TASKS
from records import Grounding

WRIST_AT_LEAST: Final = {"target": 0.05, "container": 0.02}
"""probability of `none` in the wrist camera, by role: what the front camera misses it may still see; rarely a
container, for which it takes other things that are near"""
_PUTS: Final = [TASKS.index(name) for name in ("bowl", "plate", "stack")]
_NOTHING: Final = TASKS.index("nothing")


def refusal(
    instruction: str, groundings: Sequence[Grounding], kind: NDArray[np.float32], threshold: float
) -> str | None:
    """One sentence that says why not and what to do instead, or None.

    Args:
        instruction: the words.
        groundings: of the roles `policy.grounding.ROLES`.
        kind: (len(TASKS),) probabilities of what kind of task the words ask for.
        threshold: probability from which on something counts as missing, or as no task.
    """
    if kind[_NOTHING] > threshold:
        return (
            f"I read no task for this table in “{instruction}”. Tell me to pick up, put, push, stack, open, close or "
            "press something, or choose one of the suggestions."
        )
    target, container = groundings
    if _absent(target, threshold):
        return (
            f"I see nothing on the table that fits “{instruction}”. Name an object that is in view, or choose one of "
            "the suggestions."
        )
    if kind[_PUTS].sum() > threshold and _absent(container, threshold):
        return (
            f"I see no place to put it as in “{instruction}”. Name something that is in view, or choose one of the "
            "suggestions."
        )
    return None


def _absent(grounding: Grounding, threshold: float) -> bool:
    return grounding.none["front"] >= threshold and grounding.none["wrist"] >= WRIST_AT_LEAST[grounding.phrase]
