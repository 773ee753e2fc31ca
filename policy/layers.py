"""Transformer parts that planner and refiner share."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def mlp(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """Linear, GELU, linear."""
    return nn.Sequential(nn.Linear(inputs, hidden), nn.GELU(), nn.Linear(hidden, outputs))


def sinusoid(values: Tensor, size: int, longest: float = 100.0) -> Tensor:
    """(...,) -> (..., size) sine features of numbers such as steps or flow time."""
    rates = torch.exp(torch.linspace(0, -math.log(longest), size // 2, device=values.device))
    angles = values[..., None].float() * rates
    return torch.cat((angles.sin(), angles.cos()), -1)


class Attention(nn.Module):
    """Multi-head attention whose keys and values can be computed once and used by many queries."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.memory = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def remember(self, context: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, width) -> keys and values (B, heads, T, width / heads)."""
        batch, length, width = context.shape
        both = self.memory(context).view(batch, length, 2, self.heads, width // self.heads)
        keys, values = both.permute(2, 0, 3, 1, 4)
        return keys, values

    def forward(self, x: Tensor, memory: tuple[Tensor, Tensor]) -> Tensor:
        """(B, Q, width) -> (B, Q, width)"""
        batch, length, width = x.shape
        queries = self.query(x).view(batch, length, self.heads, width // self.heads).transpose(1, 2)
        keys, values = memory
        seen = F.scaled_dot_product_attention(queries, keys.to(queries.dtype), values.to(queries.dtype))
        return self.out(seen.transpose(1, 2).reshape(batch, length, width))


class DecoderBlock(nn.Module):
    """Self-attention among the queries, cross-attention to the context, MLP; pre-norm."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.among = Attention(width, heads)
        self.across = Attention(width, heads)
        self.mlp = mlp(width, 3 * width, width)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """Queries (B, Q, width), context (B, T, width) -> (B, Q, width)"""
        y = self.norms[0](x)
        x = x + self.among(y, self.among.remember(y))
        x = x + self.across(self.norms[1](x), self.across.remember(context))
        return x + self.mlp(self.norms[2](x))
