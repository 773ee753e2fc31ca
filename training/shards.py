"""One model trained by several single-threaded processes: each takes its part of a batch, all take the mean gradient.

Two processes of one thread and 32 samples are a fifth faster than two threads and 64 samples. Gradients meet in shared
memory and are added in the order of the processes: the same weights come out on every run, and no port is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from threading import BrokenBarrierError
from typing import Any

import torch
from torch import Tensor, nn

PATIENCE = 300.0
"""seconds to wait for another process before it counts as lost"""


class ShardLost(RuntimeError):
    """Another process of the same training stopped and has said why."""


@dataclass(frozen=True)
class Shard:
    """This process's place among those that train a model together."""

    rank: int
    count: int
    gradients: Tensor
    """(count, number of weights) in shared memory"""
    barrier: Barrier

    def average(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace every gradient by its mean over all processes.

        Raises:
            ShardLost: another process stopped.
        """
        trained = [parameter for parameter in parameters if parameter.requires_grad]
        whole = torch.cat([torch.zeros_like(p).flatten() if p.grad is None else p.grad.flatten() for p in trained])
        self.gradients[self.rank] = whole
        self._meet()
        mean = self.gradients.mean(0)
        self._meet()  # nobody writes the next gradient before everybody has read this one
        for parameter, part in zip(trained, mean.split([p.numel() for p in trained]), strict=True):
            if parameter.grad is None:
                parameter.grad = torch.empty_like(parameter)
            parameter.grad.copy_(part.view(parameter.shape))

    def exchange(self, tensors: Sequence[Tensor]) -> None:
        """Of every `count` tensors this process has brought one up to date, in turn; afterwards all have all.

        Together they are no larger than the gradients.

        Raises:
            ShardLost: another process stopped.
        """
        sizes = [tensor.numel() for tensor in tensors]
        parts = self.gradients[0, : sum(sizes)].split(sizes)
        for tensor, part in list(zip(tensors, parts, strict=True))[self.rank :: self.count]:
            part.copy_(tensor.reshape(-1))
        self._meet()
        for place, (tensor, part) in enumerate(zip(tensors, parts, strict=True)):
            if place % self.count != self.rank:
                tensor.copy_(part.view(tensor.shape))
        self._meet()

    def _meet(self) -> None:
        try:
            self.barrier.wait(PATIENCE)
        except BrokenBarrierError as error:
            raise ShardLost(f"another of the {self.count} processes stopped") from error


def sharded(work: Callable[..., None], count: int, size: int, *arguments: Any) -> None:
    """Run `work(shard, *arguments)` in `count` processes, this one among them, for a model of `size` weights.

    Raises:
        ShardLost: another process stopped; it has said why.
        Exception: whatever `work` raised in this process.
    """
    context = get_context("spawn")
    barrier, gradients = context.Barrier(count), torch.zeros(count, size).share_memory_()
    shards = [Shard(rank, count, gradients, barrier) for rank in range(count)]
    others = [context.Process(target=_other, args=(work, shard, *arguments), daemon=True) for shard in shards[1:]]
    for process in others:
        process.start()
    try:
        work(shards[0], *arguments)
    except BaseException:
        barrier.abort()  # who still waits waits in vain; after the last meeting others may be on their way out of it
        raise
    finally:
        for process in others:
            process.join(PATIENCE)
    if any(process.exitcode != 0 for process in others):
        raise ShardLost(f"another of the {count} processes stopped")


def _other(work: Callable[..., None], shard: Shard, *arguments: Any) -> None:
    try:
        work(shard, *arguments)
    except BaseException:
        shard.barrier.abort()
        raise
