"""Batched episodes: the same, bit for bit, whoever plays beside them and in however many processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from policy import LibraPolicy, PolicyConfig
from training import rollout
from training.parallel import share_out
from training.rollout import Result
from training.setting import Setting
from training.side_by_side import EPISODES, SideBySide, play_all
from training.tasks import Task, assign_tasks

STEPS = 14
Item = tuple[int, Setting, Task]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A policy that was never trained, and does something else in every scene."""
    torch.manual_seed(0)
    config = PolicyConfig(refusal_threshold=1.0)
    policy = LibraPolicy.create(config, torch.zeros(config.proprio_size), torch.ones(config.proprio_size))
    with torch.no_grad():
        for weights in (*policy.planner_model.parameters(), *policy.refiner_model.parameters()):
            weights.add_(torch.randn_like(weights) * 0.02)
    folder = tmp_path_factory.mktemp("checkpoint")
    policy.save_pretrained(folder)
    return str(folder)


@pytest.fixture
def items(checkpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Item]]:
    monkeypatch.setattr(rollout, "TIME_LIMIT", STEPS)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    tasks = assign_tasks(EPISODES + 2, 860_000)
    yield [(number, Setting(checkpoint, planner_delay=number % 3), task) for number, task in enumerate(tasks)]
    torch.set_num_threads(threads)


def play(items: list[Item]) -> dict[int, Result]:
    players = SideBySide()
    results = dict(players.run(iter(items)))
    players.close()
    return results


def play_shortly(items: Iterator[Any]) -> Iterator[tuple[int, Result]]:
    rollout.TIME_LIMIT = STEPS
    return play_all(items)


def test_an_episode_is_the_same_whoever_plays_beside_it(items: list[Item]) -> None:
    together = play(items)
    assert len({result.fingerprint for result in together.values()}) == len(items)
    assert play(items[::-1]) == together
    assert play(items[4:5]) == {4: together[4]}


def test_pictures_with_noise_are_the_same_whoever_looks(items: list[Item]) -> None:
    def noisy(number: int) -> Item:
        _, setting, task = items[number]
        return number, setting, Task(task.seed, task.goal, task.instruction, "noise")

    assert play([noisy(3), items[5]])[3] == play([noisy(3)])[3] != play(items[3:4])[3]


@pytest.mark.slow
def test_results_do_not_depend_on_the_number_of_processes(items: list[Item]) -> None:
    one, two = (dict(share_out(play_shortly, items[:6], workers, "", "", True)) for workers in (1, 2))
    assert one == two


def broken(items: Iterator[int]) -> Iterator[tuple[int, int]]:
    for item in items:
        yield item, 1 // item


def test_a_process_that_fails_ends_the_evaluation_with_its_error() -> None:
    with pytest.raises(ZeroDivisionError):
        dict(share_out(broken, [2, 1, 0], 1, "", "", True))
