"""Faults that are put into a policy on purpose, to see whether a diagnosis finds them.

Each is a wrong part in an otherwise right system, the same every time: a diagnosis replays the episode with the fault
in place and has the expert stand in for one system after the other. It is never told which fault there is.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import Final

import numpy as np

from records import ACTION_NAMES, Chunk, Intent, Observation
from scenes.goals import Goal, goals_for
from scenes.language import phrase
from training.setting import Setting
from training.tasks import Task

FAULTS: Final = {
    "shuffled-tokens": "the planner's tokens are those of other dimensions, the other way round",
    "swapped-grounding": "the planner sees and means another object than the words do",
    "refiner-noise": "the refiner's actions are far off, another way in every chunk",
    "late-planner": "the planner is 16 control steps late, and its tokens are followed",
    "wrong-wording": "the words ask for something else than what is wanted",
}
CAUSE: Final = {
    "shuffled-tokens": "planner: direction",
    "swapped-grounding": "planner: grounding",
    "refiner-noise": "refiner",
    "late-planner": "staleness",
    "wrong-wording": "language",
}
"""what a diagnosis should say"""
LATE = 16
"""control steps by which the late planner is late"""
_NEED_TOKENS = ("shuffled-tokens", "late-planner")
"""faults of tokens alone: the shipped refiner goes by the anchors then and succeeds all the same, only slower. So these
are put into a system that carries tokens out as they are, which works as long as they are right and in time"""
NOISE = 0.9
"""standard deviation of a chunk's offset, in full steps"""
_SLIPS = 0.2
"""share of the chunks whose fingers do the opposite"""


def with_fault(setting: Setting, name: str) -> Setting:
    """The setting with a fault in it; wrong words are in the tasks (`misword`)."""
    setting = replace(setting, inject=name)
    if name in _NEED_TOKENS:
        setting = replace(setting, copies=True)
    if name == "late-planner":
        setting = replace(setting, planner_delay=LATE)
    return setting


def without_fault(setting: Setting) -> Setting:
    """The same system before `with_fault`, in time."""
    return replace(setting, inject=None, planner_delay=Setting.planner_delay)


def misword(task: Task) -> Task:
    """The same task in words that ask for something else that this scene can fulfil."""
    other = _other_goal(task, same_family=False)
    return task if other is None else replace(task, instruction=phrase(other, _rng(task, 0, 0)))


class Fault:
    """What an episode's fault does to what goes to and comes from the two systems."""

    def __init__(self, name: str | None, task: Task, noise: int) -> None:
        self._name, self._task, self._noise = name, task, noise
        other = _other_goal(task, same_family=True) if name == "swapped-grounding" else None
        self._misread = None if other is None else other.instruction

    def asked(self, observation: Observation) -> Observation:
        """What the planner is shown."""
        return observation if self._misread is None else replace(observation, instruction=self._misread)

    def planned(self, intent: Intent) -> Intent:
        """What comes of its intent."""
        if self._name != "shuffled-tokens":
            return intent
        rng = _rng(self._task, self._noise, 0)
        turn = int(rng.integers(1, len(ACTION_NAMES)))
        return replace(intent, tokens=np.roll(intent.probabilities.shape[-1] - 1 - intent.tokens, turn, axis=1))

    def refined(self, chunk: Chunk) -> Chunk:
        """What comes of the refiner's chunk."""
        if self._name != "refiner-noise":
            return chunk
        rng = _rng(self._task, self._noise, chunk.step)
        actions = chunk.actions.copy()
        actions[:, :6] += rng.normal(0, NOISE, 6).astype(np.float32)
        if rng.random() < _SLIPS:
            actions[:, 6] *= -1
        return replace(chunk, actions=np.clip(actions, -1, 1))


def _other_goal(task: Task, same_family: bool) -> Goal | None:
    """Something else to do in this scene, with another target where there is one."""
    goal = task.goal
    others = [each for each in goals_for(task.layout.spots) if each.target not in (goal.target, goal.container)]
    if same_family:
        others = [e for e in others if e.family == goal.family and e.detail == goal.detail] or [
            each for each in others if each.family == goal.family
        ]
    return others[int(_rng(task, 0, 1).integers(len(others)))] if others else None


def _rng(task: Task, noise: int, step: int) -> np.random.Generator:
    return np.random.default_rng([task.seed, noise, step, zlib.crc32(task.goal.instruction.encode())])
