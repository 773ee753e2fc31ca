"""The coarse-action head of the planner: from where things are in the pictures to tokens for L control steps."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from policy.config import PolicyConfig
from policy.grounding import ROLES
from policy.layers import DecoderBlock, mlp

PLACE_SIZE = 6
"""target - hand, container - hand, decimetres, robot base frame"""
STATE_SIZE = PLACE_SIZE + 3
"""and closing direction (double angle), held"""
PEAK_FACTS = 4
"""u, v, share, none: what is read of a heatmap besides the features at its peak"""


class CoarseHead(nn.Module):
    """Geometry first, then the state of the task, then all tokens in parallel (Libra-VLA, Parallel Coarse-Action Head).

    Where a thing is from the hand follows from pixels and proprioception: layers that see nothing else say so, because
    with appearance among their inputs they learn scenes by heart. What is seen at the peaks only corrects them.
    """

    def __init__(self, config: PolicyConfig, task: int, pools: int) -> None:
        super().__init__()
        self.config = config
        width = config.planner_width
        peaks = 2 * len(ROLES)
        self.place = nn.Sequential(
            nn.Linear(peaks * PEAK_FACTS + config.proprio_size, 256), nn.SiLU(), nn.Linear(256, 256), nn.SiLU(),
            nn.Linear(256, PLACE_SIZE),
        )  # fmt: skip
        seen = peaks * (PEAK_FACTS + config.grounding_size)
        self.drop = nn.Dropout(0.2)
        self.look = mlp(seen + config.proprio_size, 256, 128)
        self.grip = nn.Linear(128, STATE_SIZE - PLACE_SIZE)
        self.closer = nn.Linear(128, PLACE_SIZE)
        nn.init.zeros_(self.closer.weight)
        nn.init.zeros_(self.closer.bias)
        self.facts = nn.Sequential(
            nn.Linear(STATE_SIZE + 128 + config.proprio_size + task + peaks * PEAK_FACTS, 384), nn.GELU(),
            nn.Linear(384, 384), nn.GELU(),
        )  # fmt: skip
        self.of_facts = nn.Linear(384, 4 * width)
        self.of_pools = nn.Linear(pools, width)
        self.of_proprio = nn.Linear(config.proprio_size, width)
        self.of_task = nn.Linear(task, width)
        queries = config.horizon // config.steps_per_query
        self.steps = nn.Parameter(torch.randn(queries, width) * 0.1)
        self.start = nn.Linear(384, width)
        self.blocks = nn.ModuleList(DecoderBlock(width, 4) for _ in range(config.planner_layers))
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, config.steps_per_query * config.action_size * config.bins)

    def forward(self, peaks: Tensor, pools: Tensor, proprio: Tensor, task: Tensor) -> tuple[Tensor, Tensor]:
        """Token logits (B, L, 7, N) and state (B, STATE_SIZE).

        Peaks (B, 2 * roles, PEAK_FACTS + C) as `read_peak` gives them, front camera first; pooled features of both
        pictures (B, pools); normalised proprioception (B, P); task vector (B, task).
        """
        config = self.config
        spots = peaks[..., :PEAK_FACTS].flatten(1)
        look = self.look(torch.cat((self.drop(peaks.flatten(1)), proprio), 1))
        place = self.place(torch.cat((spots, proprio), 1)) + self.closer(look)
        state = torch.cat((place, self.grip(look)), 1)
        facts = self.facts(torch.cat((state, look, proprio, task, spots), 1))
        known = self.of_facts(facts).view(len(facts), 4, -1)
        single = torch.stack((self.of_pools(self.drop(pools)), self.of_proprio(proprio), self.of_task(task)), 1)
        context = torch.cat((known, single), 1)
        x = self.steps + self.start(facts)[:, None]
        for block in self.blocks:
            x = block(x, context)
        shape = (len(facts), config.horizon, config.action_size, config.bins)
        return self.out(self.norm(x)).float().view(shape), state.float()
