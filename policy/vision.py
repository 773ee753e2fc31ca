"""Image encoders: small residual pyramids in channels-last order, trained from scratch from each system's pictures."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ChannelNorm(nn.Module):
    """LayerNorm over the channels of each pixel: cheaper than batch norm in bf16 on a CPU, and free of the batch."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> the same."""
        # In bfloat16 rows as short as these take four times as long.
        return self.norm(x.permute(0, 2, 3, 1).float()).permute(0, 3, 1, 2)


class Residual(nn.Module):
    """Norm, 3x3, GELU, 3x3, added to its input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = ChannelNorm(channels)
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> the same."""
        return x + self.second(F.gelu(self.first(self.norm(x))))


def _down(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(ChannelNorm(inputs), nn.Conv2d(inputs, outputs, 2, stride=2))


M = TypeVar("M", bound=nn.Module)


def channels_last(module: M) -> M:
    """Lay out the convolutions' weights as their inputs are laid out, in place."""
    for parameter in module.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return module


def to_input(pictures: Tensor) -> Tensor:
    """(B, S, S, 3) uint8 -> (B, 3, S, S) float in [-1, 1], channels last."""
    return (pictures.permute(0, 3, 1, 2).float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


class PyramidEncoder(nn.Module):
    """A picture as a fine map (stride 4) with the context of two coarser ones (strides 8 and 16) added to it."""

    def __init__(self, fine: int, widths: tuple[int, int, int, int] = (24, 32, 64, 96)) -> None:
        super().__init__()
        a, b, c, d = widths
        self.stem = nn.Sequential(nn.Conv2d(3, a, 4, stride=2, padding=1), nn.GELU(), _down(a, b))
        self.level_c = nn.Sequential(_down(b, c), Residual(c))
        self.level_d = nn.Sequential(_down(c, d), Residual(d), Residual(d))
        self.from_d = nn.Conv2d(d, c, 1)
        self.merge_c = Residual(c)
        self.from_c = nn.Conv2d(c, b, 1)
        self.merge_b = Residual(b)
        self.out = nn.Sequential(ChannelNorm(b), nn.Conv2d(b, fine, 1))
        self.pool_size = d

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, S, S) -> fine map (B, fine, S/4, S/4) and pooled coarse features (B, pool_size)."""
        b = self.stem(x)
        c = self.level_c(b)
        d = self.level_d(c)
        c = self.merge_c(c + F.interpolate(self.from_d(d), scale_factor=2))
        b = self.merge_b(b + F.interpolate(self.from_c(c), scale_factor=2))
        return self.out(b), d.mean((2, 3))


class GridEncoder(nn.Module):
    """A picture as a grid of tokens: (B, (S / stride)^2, width) with stride 8, or 16 for a coarse one."""

    def __init__(self, width: int, size: int, coarse: bool, channels: tuple[int, int, int] = (24, 32, 64)) -> None:
        super().__init__()
        a, b, c = channels
        last = [_down(c, c), Residual(c)] if coarse else [Residual(c)]
        self.body = nn.Sequential(
            nn.Conv2d(3, a, 4, stride=2, padding=1), nn.GELU(), _down(a, b), _down(b, c), Residual(c), *last,
            ChannelNorm(c), nn.Conv2d(c, width, 1),
        )  # fmt: skip
        self.position = nn.Parameter(torch.randn((size // (16 if coarse else 8)) ** 2, width) * 0.02)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, S, S) -> (B, T, width)"""
        return self.body(x).flatten(2).transpose(1, 2) + self.position
