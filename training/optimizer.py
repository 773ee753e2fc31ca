"""Steps from gradients: AdamW, or Muon for matrices and AdamW for the rest."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from training.shards import Shard

_APART = ("modulation", "head.out")
"""modules whose weights stay with AdamW: what sets off from zero or ends in logits, where Muon does no better"""
_SMALLEST = 16
"""rows and columns that a matrix has at least; of less there is nothing to make orthogonal"""


class Optimizer:
    """One rate for all weights: Muon's steps are as large as AdamW's would be (Liu et al., 2025).

    Muon (Jordan et al., 2024) takes the refiner further in 300 steps than AdamW in 400 of the same batches. To make a
    matrix orthogonal costs, so processes that train together share the matrices between them.

    Args:
        model: what learns, of weights of any shape.
        rate: at first; every step says its own.
        decay: of weights, a step, times the rate.
        muon: whether matrices take Muon's steps.
        shard: this process's place among those that train the model.
    """

    def __init__(
        self, model: nn.Module, rate: float, decay: float, muon: bool = False, shard: Shard | None = None
    ) -> None:
        matrices = _matrices(model) if muon else []
        known = {id(matrix) for matrix in matrices}
        self._parameters = list(model.parameters())
        self._others = [parameter for parameter in self._parameters if id(parameter) not in known]
        self._matrices = matrices
        self._views = [_flat(matrix.detach(), matrix) for matrix in matrices]
        self._shard = shard
        self._rank, self._count = (shard.rank, shard.count) if shard else (0, 1)
        self._adamw = torch.optim.AdamW(self._others, lr=rate, weight_decay=decay, fused=True)
        self._muon = None
        if matrices:
            self._muon = torch.optim.Muon(
                self._views, lr=rate, weight_decay=decay, momentum=0.95, adjust_lr_fn="match_rms_adamw"
            )
            for view in self._views:
                self._muon.state[view]["momentum_buffer"] = torch.zeros_like(view)

    def step(self, rate: float) -> None:
        """Move all weights along their gradients."""
        for optimizer in filter(None, (self._adamw, self._muon)):
            for group in optimizer.param_groups:
                group["lr"] = rate
        self._adamw.step()
        if self._muon is None:
            return
        for place, (matrix, view) in enumerate(zip(self._matrices, self._views, strict=True)):
            gradient = matrix.grad if place % self._count == self._rank else None
            view.grad = None if gradient is None else _flat(gradient, matrix).contiguous()
        self._muon.step()
        if self._shard is not None:
            self._shard.exchange(self._views)

    def tensors(self) -> dict[str, Tensor]:
        """Its state, as `load` takes it: moments by the place of the weight. Every process asks at the same step."""
        buffers = self._buffers()
        if self._shard is not None:
            self._shard.exchange(list(buffers.values()))
        state = {f"{place}.momentum_buffer": buffer for place, buffer in buffers.items()}
        for place, parameter in enumerate(self._parameters):
            if parameter in self._adamw.state:
                state |= {f"{place}.{key}": value for key, value in self._adamw.state[parameter].items()}
        return state

    def load(self, state: dict[str, Tensor]) -> None:
        """Go on from what `tensors` gave."""
        for place, buffer in self._buffers().items():
            if (kept := state.get(f"{place}.momentum_buffer")) is not None:
                buffer.copy_(kept)
        for place, parameter in enumerate(self._parameters):
            if f"{place}.step" in state:
                # In the layout of the weight, which for convolutions is not the one on disk.
                moments = {
                    key: torch.empty_like(parameter).copy_(state[f"{place}.{key}"]) for key in ("exp_avg", "exp_avg_sq")
                }
                self._adamw.state[parameter] = {"step": state[f"{place}.step"], **moments}

    def _buffers(self) -> dict[int, Tensor]:
        """Momentum of every matrix, by its place among all parameters."""
        if self._muon is None:
            return {}
        places = {id(parameter): place for place, parameter in enumerate(self._parameters)}
        return {
            places[id(matrix)]: self._muon.state[view]["momentum_buffer"]
            for matrix, view in zip(self._matrices, self._views, strict=True)
        }


def _matrices(model: nn.Module) -> list[Tensor]:
    """Weights of linear layers and convolutions that learn."""
    layers = [(name, module) for name, module in model.named_modules() if isinstance(module, (nn.Linear, nn.Conv2d))]
    return [
        module.weight
        for name, module in layers
        if module.weight.requires_grad
        and not name.endswith(_APART)
        and min(len(module.weight), module.weight[0].numel()) >= _SMALLEST
    ]


def _flat(values: Tensor, weight: Tensor) -> Tensor:
    """A weight, or what belongs to it, as a matrix of outputs and inputs, these in the order of the weight's memory."""
    if weight.ndim == 4 and not weight.is_contiguous():
        values = values.permute(0, 2, 3, 1)
    return values.flatten(1)
