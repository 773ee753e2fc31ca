"""Sentences of the last lesson, encoded, with what each of them is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from policy.sentences import SentenceEncoder
from policy.tasks import TASKS
from scenes.goals import all_goals, is_held_out
from scenes.labels import THINGS
from training.precision import fast
from training.targets import goal_kinds
from training.words.speech import speak
from training.words.strangers import ask_for_stranger, ask_with_strange_container, idle

NONE, UNSAID = -1, -2
"""of a role: nothing that there is; nothing that anybody should learn of"""
STRANGE_TARGETS, STRANGE_LOADS, STRANGE_CONTAINERS, IDLE = 0.20, 0.10, 0.05, 0.16
"""sentences of these kinds for every one that asks for a goal; loads are to be put somewhere that is there: where does
not depend on what, which pairs of known things alone do not teach"""
_STRANGE_FAMILIES: Final = ("pick", "bowl", "plate", "push", "stack", "button")


@dataclass
class WordBank:
    """Encoded sentences."""

    features: Tensor
    """(S, W, 384) float16"""
    masks: Tensor
    """(S, W)"""
    roles: NDArray[np.int64]
    """(S, 2) rows in `scenes.labels.THINGS` of target and container, `NONE` or `UNSAID`"""
    kind: NDArray[np.int64]
    """(S,) rows in `policy.tasks.TASKS`, `UNSAID` where the verb leaves it open"""
    model: NDArray[np.int64]
    """(S,) the sentence in canonical words that means the same, `NONE` where there is none"""

    def __len__(self) -> int:
        return len(self.kind)

    @classmethod
    def build(cls, encoder: SentenceEncoder, seed: int = 0, ways: int = 260) -> WordBank:
        """Draw and encode `ways` sentences for every goal that is not held out, and the others in proportion."""
        rng = np.random.default_rng([seed, 0x30BD])
        kinds, texts = goal_kinds(), []
        roles, kind, model = [], [], []
        goals = [(goal, int(row)) for goal, row in zip(all_goals(), kinds, strict=True) if not is_held_out(goal)]

        def add(text: str, target: int, container: int, row: int, means: int) -> None:
            texts.append(text)
            roles.append((target, container))
            kind.append(row)
            model.append(means)

        for goal, row in goals:
            target = THINGS.index(goal.target)
            container = NONE if goal.container is None else THINGS.index(goal.container)
            first = len(texts)
            add(goal.instruction, target, container, row, first)
            for said in sorted({speak(goal, rng) for _ in range(ways)}):
                add(said, target, container, row, first)
        asked = len(texts)
        movable = [(goal, row) for goal, row in goals if goal.family in _STRANGE_FAMILIES]
        carried = [(goal, row) for goal, row in movable if goal.container is not None]
        for asks, share in ((movable, STRANGE_TARGETS), (carried, STRANGE_LOADS)):
            for _ in range(int(asked * share)):
                goal, row = asks[rng.integers(len(asks))]
                place = UNSAID if goal.container is None else THINGS.index(goal.container)
                add(ask_for_stranger(goal, rng), NONE, place, row, NONE)
        for _ in range(int(asked * STRANGE_CONTAINERS)):
            goal, _ = carried[rng.integers(len(carried))]
            add(ask_with_strange_container(goal, rng), THINGS.index(goal.target), NONE, UNSAID, NONE)
        for _ in range(int(asked * IDLE)):
            add(idle(rng), UNSAID, UNSAID, len(TASKS) - 1, NONE)
        with torch.inference_mode(), fast():
            features, masks = encoder.encode(texts)
        return cls(features.half(), masks, np.array(roles), np.array(kind), np.array(model))
