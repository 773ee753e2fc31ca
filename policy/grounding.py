"""Where words are in pictures: a query from the sentence against every pixel's features, or `none`."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from policy.config import PolicyConfig

ROLES = ("target", "container")
_WINDOW = 2
"""half width of the window around the peak over which coordinates and features are read"""


class SentenceReader(nn.Module):
    """Reads a sentence's token features: one query per role, and what is asked for as a task vector.

    The words are first related to each other: which of two things is to carry the other is said between them.
    """

    def __init__(self, config: PolicyConfig, width: int = 160) -> None:
        super().__init__()
        self.width = width
        self.tokens = nn.Linear(config.sentence_size, width)
        self.among = nn.TransformerEncoderLayer(
            width, 4, 2 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        for last in (self.among.self_attn.out_proj, self.among.linear2):  # begins as if it were not there
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
        self.asks = nn.Parameter(torch.randn(len(ROLES) + 1, width) * 0.3)
        self.attention = nn.MultiheadAttention(width, 4, batch_first=True)
        self.norm = nn.LayerNorm(width)
        self.out = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))

    def forward(self, features: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """(B, W, 384), (B, W) -> role queries (B, 2, width) and task vector (B, width)."""
        words = self.among(self.tokens(features), src_key_padding_mask=~mask)
        asks = self.asks.expand(len(features), -1, -1)
        read, _ = self.attention(asks, words, words, key_padding_mask=~mask, need_weights=False)
        read = self.norm(read)
        read = read + self.out(read)
        return read[:, : len(ROLES)], read[:, len(ROLES)]


class GroundingHead(nn.Module):
    """Heatmap logits of one camera for any number of queries, with `none` as one more class."""

    def __init__(self, config: PolicyConfig, query: int, pooled: int) -> None:
        super().__init__()
        size = config.grounding_size
        self.query = nn.Sequential(nn.Linear(query, size), nn.GELU(), nn.Linear(size, size))
        self.none_query = nn.Linear(query, size)
        self.none_scene = nn.Linear(pooled, size)
        self.none_bias = nn.Parameter(torch.zeros(1))
        self.peak = nn.Parameter(torch.tensor([-1.0, 0.0]))
        self.scale = size**-0.5

    def forward(self, queries: Tensor, fine: Tensor, pooled: Tensor) -> Tensor:
        """Queries (B, Q, query), fine map (B, C, G, G), pooled (B, P) -> logits (B, Q, G * G + 1), `none` last."""
        pixels = torch.einsum("bqc,bcp->bqp", self.query(queries), fine.flatten(2)).float() * self.scale * 4
        none = torch.einsum("bqc,bc->bq", self.none_query(queries), self.none_scene(pooled)).float() * self.scale
        # What is missing has no sharp peak: the evidence for `none` is also that no pixel stands out.
        strength = pixels.max(-1).values
        none = none + self.none_bias + self.peak[0].float() * 0.1 * strength + self.peak[1].float()
        return torch.cat((pixels, none[..., None]), -1)


def read_peak(logits: Tensor, fine: Tensor) -> Tensor:
    """What the head of the planner is told about each heatmap.

    Logits (B, Q, G * G + 1), fine (B, C, G, G) -> (B, Q, 4 + C): u, v in [-1, 1] (soft-argmax around the peak),
    its share of the probability, probability of `none`, and the features there.
    """
    batch, queries, _ = logits.shape
    side = fine.shape[-1]
    probabilities = logits.softmax(-1)
    maps, none = probabilities[..., :-1], probabilities[..., -1:]
    peak = maps.argmax(-1, keepdim=True)
    index = torch.arange(side * side, device=logits.device)
    near = ((index // side - peak // side).abs() <= _WINDOW) & ((index % side - peak % side).abs() <= _WINDOW)
    window = maps * near
    share = window.sum(-1, keepdim=True)
    weights = window / (share + 1e-6)
    ticks = (torch.arange(side, device=logits.device, dtype=weights.dtype) + 0.5) / side * 2 - 1
    grid = weights.view(batch, queries, side, side)
    u, v = (grid.sum(2) * ticks).sum(-1, keepdim=True), (grid.sum(3) * ticks).sum(-1, keepdim=True)
    there = torch.einsum("bqp,bcp->bqc", weights.to(fine.dtype), fine.flatten(2)).float()
    return torch.cat((u, v, share, none, there), -1)


def grounding_loss(logits: Tensor, pixels: Tensor) -> Tensor:
    """The mean of `grounding_losses`."""
    return grounding_losses(logits, pixels).mean()


def grounding_losses(logits: Tensor, pixels: Tensor) -> Tensor:
    """Cross-entropy (B, Q) with the projected position, or with `none` where it is NaN.

    Logits (B, Q, G * G + 1), pixels (B, Q, 2) u, v in [0, 1] or NaN. The target is spread over the four nearest
    cells, so that the soft-argmax is exact between them.
    """
    side = int((logits.shape[-1] - 1) ** 0.5)
    absent = torch.isnan(pixels).any(-1)
    place = torch.nan_to_num(pixels) * side - 0.5
    low = place.floor()
    share = place - low
    said = F.log_softmax(logits, -1)
    there = torch.zeros_like(said[..., 0])
    for du in (0, 1):
        for dv in (0, 1):
            u, v = (low[..., 0] + du).clamp(0, side - 1), (low[..., 1] + dv).clamp(0, side - 1)
            weight = (share[..., 0] if du else 1 - share[..., 0]) * (share[..., 1] if dv else 1 - share[..., 1])
            there = there + weight * said.gather(-1, (v * side + u).long()[..., None])[..., 0]
    return -torch.where(absent, said[..., -1], there)
