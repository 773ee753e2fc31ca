"""Counterfactual replays: the same episode with one thing put right, which then did or did not need to be."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from training.setting import Setting
from training.tasks import Task

LABELS: Final = {
    "again": "the same again with other noise",
    "canonical words": "the canonical wording",
    "undisturbed": "no perturbation",
    "no delay": "a planner in time (one control step, as little as there is)",
    "oracle tokens": "the expert's tokens, the learned refiner",
    "oracle fine": "the learned tokens, the expert's action inside their bins",
    "both oracles": "the expert's tokens and the expert's action inside their bins",
}
UPSTREAM: Final = ("canonical words", "undisturbed", "no delay", "oracle tokens", "oracle fine")
"""what is put right, the first in the chain of causes first: whatever rescues further down is a consequence"""
_OTHER_SCENE: Final = ("layout",)
"""perturbations without which nothing is where it was: that would be another task"""
_IN_TIME = 1
"""control steps by which every planner is late: whoever learned with it may do worse without"""


def applicable(setting: Setting, task: Task, from_step: int) -> list[str]:
    """Which replays say something about an episode."""
    names = ["again", "oracle tokens", "oracle fine"]
    names += ["no delay"] * (setting.planner_delay > _IN_TIME)
    names += ["undisturbed"] * (task.perturbation not in (None, *_OTHER_SCENE) and from_step == 0)
    names += ["canonical words"] * (task.instruction != task.goal.instruction and not setting.plainly)
    return names


def altered(name: str, setting: Setting, task: Task, from_step: int, run: int) -> tuple[Setting, Task]:
    """The setting and task of a replay; each `run` draws other noise, the first that of the episode but for `again`."""
    noise = setting.noise + run + (name == "again")
    now = replace(setting, noise=noise)
    if name == "oracle tokens":
        now = replace(now, oracle=("tokens",))
    elif name == "oracle fine":
        now = replace(now, oracle=("fine",))
    elif name == "both oracles":
        now = replace(now, oracle=("tokens", "fine"))
    elif name == "no delay":
        now = replace(now, planner_delay=_IN_TIME)
    elif name == "canonical words":
        now = replace(now, plainly=True)
    elif name == "undisturbed":
        task = replace(task, perturbation=None)
    if from_step > 0:
        now = replace(now, before=setting, from_step=from_step)
    return now, task
