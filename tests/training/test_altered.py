"""The expert in the place of planner or refiner, faults on purpose, and both from a chosen step on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from policy import LibraPolicy, PolicyConfig
from policy.actions import decode, encode
from records import Chunk, Intent, Observation
from scenes import TabletopEnv
from scenes.expert import expert_action
from training import rollout
from training.faults import FAULTS, Fault, misword, with_fault
from training.oracle import copied_chunk, inside_bins, oracle_intent, returning
from training.setting import Misused, Setting, parse_setting
from training.side_by_side import SideBySide
from training.tasks import Task, assign_tasks
from training.trace import Trace


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A policy that was never trained: whatever succeeds with it is not its doing."""
    torch.manual_seed(0)
    config = PolicyConfig(refusal_threshold=1.0)
    policy = LibraPolicy.create(config, torch.zeros(config.proprio_size), torch.ones(config.proprio_size))
    folder = tmp_path_factory.mktemp("checkpoint")
    policy.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def task() -> Task:
    return assign_tasks(1, 872_000, ("pick",))[0]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def play(*items: tuple[Setting, Task]) -> list[rollout.Result]:
    players = SideBySide(keep=True)
    results = dict(players.run(iter([(number, *item) for number, item in enumerate(items)])))
    players.close()
    return [results[number] for number in range(len(items))]


def observation(step: int, words: str, proprio: NDArray[np.float32]) -> Observation:
    nothing = np.zeros((0, 0, 3), np.uint8)
    return Observation(step, 0, words, nothing, nothing, proprio, 0.0)


def test_the_expert_in_both_places_succeeds_whatever_the_policy_is(checkpoint: str, task: Task) -> None:
    (result,) = play((Setting(checkpoint, oracle=("tokens", "fine")), task))
    assert result.success
    trace = Trace.from_bytes(result.trace)
    row = trace.names.index(task.goal.target)
    seen = trace.anchors[:, :3] - trace.place[trace.intent_step, row]
    assert np.abs(seen).max() < 1e-3  # its anchors are where things are


def test_what_an_oracle_simulates_has_not_happened(task: Task) -> None:
    env = TabletopEnv()
    env.world.arrange(task.layout)
    seen = observation(0, "", env.proprioception())
    before = env.get_state()
    intent = oracle_intent(env.world, task.goal, seen, PolicyConfig())
    assert np.array_equal(env.get_state(), before)
    assert np.array_equal(intent.tokens[0], encode(expert_action(env.world, task.goal), 10))
    with returning(env.world):
        env.world.step(np.ones(7, np.float32))
    env.world.step(np.zeros(7, np.float32))
    after = env.get_state()
    env.set_state(before)
    env.world.step(np.zeros(7, np.float32))
    assert np.array_equal(env.get_state(), after)


def test_a_fine_action_stays_inside_the_bins_and_is_free_beyond_the_horizon() -> None:
    tokens = np.full((4, 7), 8, np.uint8)
    action = np.array((0.9, -1, 0.65, 0, 0, 0, -1), np.float32)
    inside = inside_bins(action, tokens, 2, 10)
    middle = float(decode(np.array(8), 10))
    assert np.abs(inside[:6] - middle).max() <= 0.1 + 1e-6 and inside[2] == np.float32(0.65) and inside[6] == 1
    assert inside_bins(action, tokens, 4, 10) is action


def test_an_altered_episode_is_the_same_until_the_step_from_which_it_differs(
    checkpoint: str, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout, "TIME_LIMIT", 26)
    base = Setting(checkpoint)
    later = replace(base, oracle=("tokens", "fine"), before=base, from_step=12)
    noisy = replace(base, noise=1, before=base, from_step=12)
    results = play(*((setting, task) for setting in (base, later, noisy)))
    plain, altered, other = (Trace.from_bytes(result.trace).action for result in results)
    for actions in (altered, other):
        assert np.array_equal(actions[:12], plain[:12]) and not np.array_equal(actions[14:], plain[14:])


def test_faults_are_the_same_every_time_and_spoil_one_thing(task: Task) -> None:
    config = PolicyConfig()
    tokens = np.random.default_rng(0).integers(0, 10, (config.horizon, 7)).astype(np.uint8)
    seen = observation(8, task.instruction, np.zeros(21, np.float32))
    intent = Intent(8, 0, tokens, np.zeros((config.horizon, 7, 10), np.float32), seen.proprio, 0.0, 0.0, 8)
    chunk = Chunk(8, 9, 0, 8, np.zeros((5, 7), np.float32), 0.0, 0.0)
    spoiled = {}
    for name in FAULTS:
        fault, again = Fault(name, task, 0), Fault(name, task, 0)
        changed = fault.asked(seen).instruction, fault.planned(intent).tokens, fault.refined(chunk).actions
        same = again.asked(seen).instruction, again.planned(intent).tokens, again.refined(chunk).actions
        assert changed[0] == same[0] and np.array_equal(changed[1], same[1]) and np.array_equal(changed[2], same[2])
        spoiled[name] = (
            changed[0] != seen.instruction, not np.array_equal(changed[1], tokens), bool(changed[2].any()),
        )  # fmt: skip
    assert spoiled["shuffled-tokens"] == (False, True, False)
    assert spoiled["swapped-grounding"] == (True, False, False)
    assert spoiled["refiner-noise"] == (False, False, True)
    assert spoiled["late-planner"] == spoiled["wrong-wording"] == (False, False, False)
    assert with_fault(Setting("c"), "late-planner").planner_delay == 16
    assert with_fault(Setting("c"), "shuffled-tokens").copies and not with_fault(Setting("c"), "refiner-noise").copies
    copied = copied_chunk(config, seen, intent, 12)
    assert np.array_equal(encode(copied.actions[:, 6], 10) > 4, tokens[4:9, 6] > 4)
    assert np.abs(copied.actions[:, :6] - decode(tokens[4:9, :6], 10)).max() < 0.11
    assert misword(task).goal == task.goal and misword(task).instruction != task.instruction


def test_oracles_and_words_are_settings_on_the_command_line() -> None:
    base = Setting("c")
    assert parse_setting("oracle=tokens+fine,noise=2", base) == replace(base, oracle=("tokens", "fine"), noise=2)
    assert parse_setting("words=canonical,refiner=copies", base) == replace(base, plainly=True, copies=True)
    with pytest.raises(Misused, match=r"oracle=tokens\|fine"):
        parse_setting("oracle=everything", base)
