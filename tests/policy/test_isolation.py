"""The policy sees what a robot would see: no path leads from its side of the interface to the simulator."""

from __future__ import annotations

import ast
import gc
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import mujoco
import numpy as np

from records import Observation
from scenes import TabletopEnv
from scenes.world import World

ROOT = Path(__file__).parents[2]


def test_no_module_of_the_policy_imports_the_simulator_or_the_scenes() -> None:
    for path in (ROOT / "policy").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & {"scenes", "mujoco", "mink", "training", "app"}, path


def test_loading_the_policy_loads_no_simulator() -> None:
    code = "import sys, policy; print(sorted({'mujoco', 'scenes', 'mink'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_nothing_that_an_observation_refers_to_leads_to_the_simulator() -> None:
    env = TabletopEnv()
    seen, _ = env.reset(seed=1)
    observation = Observation(0, 0, "pick up the red cube", seen["front"], seen["wrist"], seen["proprio"], 0.0)
    assert {field.name for field in fields(Observation)} == {
        "step", "generation", "instruction", "front", "wrist", "proprio", "seen_at",
    }  # fmt: skip
    queue: list[object] = [getattr(observation, field.name) for field in fields(Observation)]
    found: set[int] = set()
    while queue:
        thing = queue.pop()
        if id(thing) in found or isinstance(thing, type):
            continue
        found.add(id(thing))
        assert not isinstance(thing, World | TabletopEnv | mujoco.MjData | mujoco.MjModel)
        queue += gc.get_referents(thing)
        if isinstance(thing, np.ndarray) and thing.base is not None:
            queue.append(thing.base)


def test_a_hidden_change_of_the_simulator_does_not_change_what_the_policy_sees() -> None:
    env = TabletopEnv()
    before, _ = env.reset(seed=2)
    env.set_instruction("pick up the red cube")
    env.world.data.userdata[:] = 1
    env.world.data.qfrc_applied[:] = 0
    after = env.observe()
    assert all(np.array_equal(before[key], after[key]) for key in before)
