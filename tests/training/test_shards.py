"""Processes that train one model together end together, however long one of them takes after the last meeting."""

from __future__ import annotations

import time

import torch
from torch import nn

from training.shards import Shard, sharded


def _lingers(shard: Shard) -> None:
    weight = nn.Parameter(torch.zeros(3))
    weight.grad = torch.full((3,), float(shard.rank))
    shard.average([weight])
    assert weight.grad.tolist() == [0.5] * 3
    time.sleep(0.5 * shard.rank)
    assert not shard.barrier.broken, "whoever is done first must not end the others"


def test_whoever_is_slow_after_the_last_meeting_is_not_lost() -> None:
    sharded(_lingers, 2, 3)
