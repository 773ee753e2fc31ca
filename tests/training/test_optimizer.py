"""Steps from gradients: which weights are matrices to Muon, and that processes that share them step as one would."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from policy.config import PolicyConfig
from policy.planner import PlannerModel
from policy.refiner import RefinerModel
from training.optimizer import Optimizer
from training.shards import Shard, sharded


def net() -> nn.Module:
    torch.manual_seed(0)
    convolution = nn.Conv2d(16, 24, 3).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return nn.Sequential(convolution, nn.Flatten(), nn.Linear(24, 32), nn.Linear(32, 4))


def backward(model: nn.Module, step: int) -> None:
    torch.manual_seed(step)
    model.zero_grad(set_to_none=True)
    model(torch.randn(8, 16, 3, 3)).square().mean().backward()


@pytest.mark.parametrize("model", [RefinerModel, PlannerModel])
def test_most_weights_of_the_policy_are_matrices_and_what_ends_in_logits_is_none(model: type[nn.Module]) -> None:
    made = model(PolicyConfig())
    before = {name: weight.clone() for name, weight in made.named_parameters()}
    optimizer = Optimizer(made, 1e-3, 0.0, muon=True)
    for weight in made.parameters():
        weight.grad = torch.ones_like(weight)
    places = {int(key.partition(".")[0]) for key in optimizer.tensors()}
    names = [list(before)[place] for place in places]
    sizes = {name: weight.numel() for name, weight in before.items()}
    assert sum(sizes[name] for name in names) > 0.6 * sum(sizes.values())
    assert not [name for name in names if "modulation" in name or "head.out" in name or "bias" in name]


def test_a_step_of_a_matrix_is_orthogonal_and_as_large_as_one_of_adamw() -> None:
    model = net()
    before = copy.deepcopy(model)
    optimizer = Optimizer(model, 1e-2, 0.0, muon=True)
    for weight in model.parameters():
        weight.grad = torch.randn_like(weight)
    optimizer.step(1e-2)
    moved = [(old - new).detach() for old, new in zip(before.parameters(), model.parameters(), strict=True)]
    convolution, linear = moved[0].permute(0, 2, 3, 1).flatten(1), moved[2]
    for step in (convolution, linear):
        spread = torch.linalg.svdvals(step)
        assert spread[0] < 3 * spread[-1], "all directions count about the same"
        assert 0.1e-2 < step.square().mean().sqrt() < 1e-2
    assert torch.allclose(moved[4].abs(), torch.tensor(1e-2), atol=1e-4), "too small for a matrix: AdamW's"


def _steps(shard: Shard | None, results: torch.Tensor) -> None:
    model = net()
    optimizer = Optimizer(model, 1e-2, 0.1, muon=True, shard=shard)
    for step in range(5):
        backward(model, step)
        optimizer.step(1e-2)
    rank = shard.rank if shard else 0
    state = [*model.parameters(), *optimizer.tensors().values()]
    results[rank] = torch.cat([each.detach().flatten() for each in state])


def test_processes_that_share_matrices_step_as_one_would() -> None:
    size = sum(weight.numel() for weight in net().parameters())
    single = torch.zeros(1, _state_size())
    _steps(None, single)
    shared = torch.zeros(2, _state_size()).share_memory_()
    sharded(_steps, 2, size, shared)
    assert torch.equal(shared[0], shared[1])
    assert torch.equal(shared[0], single[0])


def _state_size() -> int:
    model = net()
    optimizer = Optimizer(model, 1e-2, 0.1, muon=True)
    backward(model, 0)
    optimizer.step(1e-2)
    return sum(each.numel() for each in (*model.parameters(), *optimizer.tensors().values()))
