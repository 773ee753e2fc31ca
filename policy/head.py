"""The coarse-action head of the planner: from where things are in the pictures to tokens for L control steps."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from policy.config import PolicyConfig
from policy.geometry import OBJECT_HEIGHT, on_table
from policy.grounding import ROLES
from policy.layers import DecoderBlock, mlp

PLACE_SIZE = 6
"""target - hand, container - hand, decimetres, robot base frame"""
STATE_SIZE = PLACE_SIZE + 3
"""and `TURN_UNIT` x how far to turn (double angle, `policy.turn`), held"""
TURN_UNIT = 0.3
PEAK_FACTS = 4
"""u, v, share, none: what is read of a heatmap besides the features at its peak"""
PEAKS = 2 * len(ROLES) + 1
"""every role in both cameras, and the hand in the front camera"""
_LOOK = 24
_ZOOM = (1.0, 4.0, 16.0)


class CoarseHead(nn.Module):
    """Geometry first, then the state of the task, then all tokens in parallel (Libra-VLA, Parallel Coarse-Action Head).

    Where a thing is from the hand follows from pixels (the hand's own among them) and proprioception: both cameras'
    rays say so in closed form, and layers that see nothing else weigh and correct them. Appearance passes through a
    narrow gate, because a head that sees much of it learns the scenes of its training by heart.
    """

    def __init__(self, config: PolicyConfig, task: int) -> None:
        super().__init__()
        self.config = config
        width = config.planner_width
        self.place = nn.Sequential(
            nn.Linear(PEAKS * PEAK_FACTS + config.proprio_size + 4 * len(ROLES), 384), nn.SiLU(),
            nn.Linear(384, 384), nn.SiLU(), nn.Linear(384, PLACE_SIZE + len(ROLES)),
        )  # fmt: skip
        self.drop = nn.Dropout(0.2)
        self.look = mlp(PEAKS * (PEAK_FACTS + config.grounding_size) + config.proprio_size, 256, 128)
        self.held = nn.Linear(128, 1)
        self.closer = nn.Linear(128, PLACE_SIZE)
        nn.init.zeros_(self.closer.weight)
        nn.init.zeros_(self.closer.bias)
        self.glimpse = nn.Linear(128, _LOOK)
        known = STATE_SIZE + PLACE_SIZE * len(_ZOOM) + _LOOK + config.proprio_size + task + PEAKS * PEAK_FACTS
        self.facts = nn.Sequential(nn.Linear(known, 384), nn.GELU(), nn.Linear(384, 384), nn.GELU())
        self.of_facts = nn.Linear(384, 4 * width)
        self.of_proprio = nn.Linear(config.proprio_size, width)
        self.of_task = nn.Linear(task, width)
        queries = config.horizon // config.steps_per_query
        self.steps = nn.Parameter(torch.randn(queries, width) * 0.1)
        self.start = nn.Linear(384, width)
        self.blocks = nn.ModuleList(DecoderBlock(width, 4) for _ in range(config.planner_layers))
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, config.steps_per_query * config.action_size * config.bins)

    def forward(
        self, peaks: Tensor, turn: Tensor, proprio: Tensor, pose: Tensor, task: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Token logits (B, L, 7, N) and state (B, STATE_SIZE).

        Peaks (B, PEAKS, PEAK_FACTS + C) as `read_peak` gives them: roles in the front camera, roles in the wrist
        camera, hand; how far to turn (B, 2); normalised proprioception (B, P); hand pose (B, POSE_SIZE); task vector
        (B, task).
        """
        config = self.config
        spots = peaks[..., :PEAK_FACTS].flatten(1)
        look = self.look(torch.cat((self.drop(peaks.flatten(1)), proprio), 1))
        place = self._where(peaks, spots, proprio, pose) + self.closer(look)
        state = torch.cat((place, turn * TURN_UNIT, self.held(look)), 1)
        # The last millimetres decide when to descend and to close: the same distances at several scales.
        zoomed = [torch.tanh(place * zoom) for zoom in _ZOOM]
        facts = self.facts(torch.cat((state, *zoomed, self.glimpse(look), proprio, task, spots), 1))
        known = self.of_facts(facts).view(len(facts), 4, -1)
        context = torch.cat((known, torch.stack((self.of_proprio(proprio), self.of_task(task)), 1)), 1)
        x = self.steps + self.start(facts)[:, None]
        for block in self.blocks:
            x = block(x, context)
        shape = (len(facts), config.horizon, config.action_size, config.bins)
        return self.out(self.norm(x)).float().view(shape), state.float()

    def _where(self, peaks: Tensor, spots: Tensor, proprio: Tensor, pose: Tensor) -> Tensor:
        """(B, PLACE_SIZE): what the cameras' rays say, each as far as it is to be trusted, and a correction."""
        front, wrist, hand = peaks[..., :2].split((len(ROLES), len(ROLES), 1), 1)
        by_front, by_wrist = on_table(front, wrist, hand, pose)
        rays = torch.cat((by_front.flatten(1), by_wrist.flatten(1)), 1)
        said = self.place(torch.cat((spots, proprio, rays), 1))
        trust = said[:, PLACE_SIZE:, None].sigmoid()
        flat = trust * by_wrist + (1 - trust) * by_front
        down = (OBJECT_HEIGHT - pose[:, None, 2:3]).expand(-1, len(ROLES), -1) * 10
        return torch.cat((flat, down), -1).flatten(1) + said[:, :PLACE_SIZE]
