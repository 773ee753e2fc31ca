"""What was not finite: which weight, which input of which part of a model, and in which samples of the batch."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


def explain(model: nn.Module, losses: Callable[[int], dict[str, Tensor]], step: int) -> str:
    """Where the batch of this step first is not finite, as a clause.

    The batch is drawn again, as the step alone decides it, while every part of the model looks at what it is given.
    """
    for name, value in model.named_parameters():
        if not torch.isfinite(value).all():
            return f"the weight {name} is not finite"
    found: list[str] = []

    def look(path: str) -> Callable[[nn.Module, tuple[Any, ...], dict[str, Any]], None]:
        def hook(module: nn.Module, values: tuple[Any, ...], named: dict[str, Any]) -> None:
            names = list(inspect.signature(module.forward).parameters)
            for name, value in (*zip(names, values, strict=False), *named.items()):
                if not found and (samples := _samples(value)) is not None:
                    found.append(f"the input {name}{f' of {path}' if path else ''} is not finite in {samples}")

        return hook

    hooks = [part.register_forward_pre_hook(look(path), with_kwargs=True) for path, part in model.named_modules()]
    try:
        with torch.no_grad():
            losses(step)
    finally:
        for each in hooks:
            each.remove()
    return found[0] if found else "every input of the model is finite, so a label or the loss itself is not"


def _samples(value: Any) -> str | None:
    if not isinstance(value, Tensor) or not value.is_floating_point() or torch.isfinite(value).all():
        return None
    if not value.dim():
        return "every sample"
    bad = (~torch.isfinite(value)).flatten(1).any(1) if value.dim() > 1 else ~torch.isfinite(value)
    rows = bad.nonzero().flatten().tolist()
    return f"{len(rows)} of {len(value)} samples: {', '.join(map(str, rows[:8]))}{' ...' if len(rows) > 8 else ''}"
