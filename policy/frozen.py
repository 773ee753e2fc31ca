"""A model's call for one sample as a frozen graph: where tensors are small, a third of the time went into Python."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor, nn

Tensors = tuple[Tensor, ...]
_SETTLES_AFTER: Final = 3
"""calls after which the graph is what it will be: until then the executor watches and rewrites it"""


class FrozenForOne:
    """`call`, by a graph where it is for a single sample; made at the first such call, which takes a second or so.

    Its numbers differ from those of `call` by rounding, and are the same at every call. Weights that change after that
    are not seen.

    Args:
        model: in evaluation.
        call: of the model: tensors (B, ...) to tensors (B, ...), always of the same shapes but for B.
    """

    def __init__(self, model: nn.Module, call: Callable[..., Tensors]) -> None:
        self._called = _Called(model, call)
        self._graph: Any = None

    @torch.inference_mode()
    def __call__(self, *given: Tensor) -> Tensors:
        """Tensors (B, ...) to tensors (B, ...)."""
        if len(given[0]) > 1:
            return self._called(*given)
        if self._graph is None:
            self._graph = self._freeze(given)
        answer: Tensors = self._graph(*given)
        return answer

    def _freeze(self, given: Tensors) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # sizes become constants, which is what is wanted
            graph = torch.jit.freeze(torch.jit.trace(self._called.eval(), given, check_trace=False))
            for _ in range(_SETTLES_AFTER):
                graph(*given)
        return graph


class _Called(nn.Module):
    def __init__(self, model: nn.Module, call: Callable[..., Tensors]) -> None:
        super().__init__()
        self.model = model
        self.call = call

    def forward(self, *given: Tensor) -> Tensors:
        return self.call(*given)
