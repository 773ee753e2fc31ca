"""Make a kept evaluation of many episodes without playing them, to measure the failures page with.

    python scripts/make_evaluation.py FOLDER --episodes 5000

Its outcomes are invented, its tasks are real; it has no traces, so its episodes cannot be opened.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import orjson

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from training.kept import RESULTS, TRACES, Keeper, describe
from training.rollout import Result
from training.setting import Setting
from training.tasks import assign_tasks


def make(root: Path, count: int) -> Path:
    """So many episodes of all families; the folder of the evaluation."""
    from scenes.goals import FAMILIES

    rng = np.random.default_rng(3)
    tasks = assign_tasks(count, 700_000, FAMILIES)
    manifest = describe(Setting(None), tasks, f"libra eval --expert --episodes {count}")
    with Keeper(root, manifest, tasks) as keeper:
        for number, task in enumerate(tasks):
            success, refused = bool(rng.random() < 0.87), bool(rng.random() < 0.1)
            closest = 0.0 if success else float(rng.exponential(0.06))
            steps = int(rng.integers(60, 240)) if success else 240
            keeper.add(number, Result(task, success, steps, refused and not success, number, None, 10, 0, closest))
    return root / manifest.id


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--episodes", type=int, default=5000)
    given = parser.parse_args()
    made = make(given.folder, given.episodes)
    rows = sum(1 for _ in (made / RESULTS).open("rb"))
    print(orjson.dumps({"evaluation": made.name, "episodes": rows, "traces": (made / TRACES).stat().st_size}).decode())
