"""Whether the planner refuses what is impossible and only that, by the first intent of every instruction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

from policy import load_policy
from scenes import TabletopEnv
from scenes.goals import FAMILIES
from training.impossible import KINDS, impossible
from training.intervals import wilson
from training.parallel import share_out
from training.rollout import observe
from training.side_by_side import BATCH
from training.tasks import assign_tasks

IMPOSSIBLE_SHARE = 5
"""one in so many instructions"""
Ask = tuple[int, int, str]
"""number, scene seed, instruction"""


def measure_refusals(
    checkpoint: str, episodes: int, seed: int, families: Sequence[str] = FAMILIES, workers: int = 1, quiet: bool = False
) -> dict[str, Any]:
    """How often it refuses impossible instructions, a fifth of all, and how often, wrongly, possible ones."""
    count = episodes // IMPOSSIBLE_SHARE
    kinds, asked = [], []
    for number, scene in enumerate(range(seed, seed + count)):
        kind, words = impossible(number, scene, families)
        kinds.append(kind)
        asked.append((scene, words))
    asked += [(task.seed, task.instruction) for task in assign_tasks(episodes - count, seed, families)]
    todo = [(number, *each) for number, each in enumerate(asked)]
    answers = dict(share_out(partial(first_intents, checkpoint), todo, workers, "asking", "instruction", quiet))
    refused = [answers[number] for number in range(len(asked))]
    by_kind = {kind: [r for r, k in zip(refused, kinds, strict=False) if k == kind] for kind in KINDS}
    wrong = [refused[number] == (number >= count) for number in range(len(asked))]
    return {
        "checkpoint": checkpoint,
        "refused_impossible": {
            **_share(refused[:count]),
            "kinds": {kind: _share(mine) for kind, mine in by_kind.items() if mine},
        },
        "refused_possible": _share(refused[count:]),
        "wrong": [{"seed": scene, "say": words} for (scene, words), w in zip(asked, wrong, strict=True) if w],
    }


def first_intents(checkpoint: str, todo: Iterator[Ask]) -> Iterator[tuple[int, bool]]:
    """Number of every instruction and whether the planner's first intent refuses it; calls are all of one size."""
    env, planner = TabletopEnv(), load_policy(checkpoint).planner
    while asked := list(islice(todo, BATCH)):
        seen = []
        for _, seed, instruction in asked:
            env.world.reset(seed)
            seen.append(observe(env, 0, 0, instruction))
        intents = planner.plan_batch(seen + seen[:1] * (BATCH - len(seen)))
        for (number, *_), intent in zip(asked, intents, strict=False):
            yield number, intent.refusal is not None
    env.close()


def _share(refused: Sequence[bool]) -> dict[str, Any]:
    count = sum(refused)
    return {"refused": count, "instructions": len(refused), "interval_95": list(wilson(count, len(refused)))}
