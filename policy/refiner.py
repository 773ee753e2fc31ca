"""The fast system: its own eyes, proprioception and the planner's intent to smooth motion, by flow matching.

The paper's refiner copies the slice of tokens it is given. Here the intent may be old: the refiner is told how old it
is and what of it was missed, because other actions were carried out until it arrived, and is trained on the planner's
tokens of every age, so that it follows the intent's meaning and aligns by its own cameras.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from policy.actions import STEP_METRES, STEP_RADIANS, decode
from policy.anchors import FEATURE_SIZE, read_anchors
from policy.config import PolicyConfig
from policy.frozen import FrozenForOne, Tensors
from policy.layers import Attention, mlp, sinusoid
from policy.vision import GridEncoder, to_input
from records import Chunk, Intent, Observation

MISSED_SIZE = 4
"""what an intent meant until now and was not done: x, y, z and turn about the vertical, in full steps"""
MOTION_SIZE = 3 + 7 + 7 + MISSED_SIZE
"""hand displacement since the intent's observation (dm), what its tokens meant until now and from now on, missed"""
_POSITION, _SIDE, _LEAD = slice(0, 3), slice(6, 8), slice(11, 14)
"""of proprioception: grasp point, horizontal part of the fingers' axis, how far the command is ahead of the hand"""


class DiTBlock(nn.Module):
    """Self-attention within a chunk, cross-attention to the context, MLP; modulated by the flow time."""

    def __init__(self, width: int, heads: int = 4) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width, elementwise_affine=False) for _ in range(3))
        self.among = Attention(width, heads)
        self.across = Attention(width, heads)
        self.mlp = mlp(width, 3 * width, width)
        self.modulation = nn.Linear(width, 9 * width)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)
        with torch.no_grad():
            self.modulation.bias.view(9, width)[2::3] = 1.0

    def modulate(self, condition: Tensor) -> Tensor:
        """Flow time features (B, S, width) -> shifts, scales and gates (B, S, 1, 9, width)."""
        return self.modulation(condition).unflatten(-1, (1, 9, -1))

    def forward(self, x: Tensor, memory: tuple[Tensor, Tensor], modulation: Tensor) -> Tensor:
        """Chunks (B, S, H, width), context keys and values, (B, S, 1, 9, width) of `modulate` -> like x.

        S noise samples share one observation: they are folded into the query axis of the cross-attention.
        """
        batch, samples, length, width = x.shape
        shift_a, scale_a, gate_a, shift_b, scale_b, gate_b, shift_c, scale_c, gate_c = modulation.unbind(3)
        y = (self.norms[0](x) * (1 + scale_a) + shift_a).flatten(0, 1)
        x = x + gate_a * self.among(y, self.among.remember(y)).view_as(x)
        y = (self.norms[1](x) * (1 + scale_b) + shift_b).view(batch, samples * length, width)
        x = x + gate_b * self.across(y, memory).view_as(x)
        return x + gate_c * self.mlp(self.norms[2](x) * (1 + scale_c) + shift_c)


@dataclass
class Remembered:
    """What does not change while a chunk is denoised."""

    kept: list[tuple[Tensor, Tensor]]
    """keys and values of the context, per block"""
    summary: Tensor
    """(B, width)"""
    coarse: Tensor
    """(B, H, 8 + MISSED_SIZE + FEATURE_SIZE) beside what is refined: bin centres of its slice, a flag, what was missed
    so far, anchors"""


class RefinerModel(nn.Module):
    """Own picture encoders (coarse front, fine wrist), intent codebook, diffusion transformer (Libra-VLA, System 1)."""

    def __init__(self, config: PolicyConfig) -> None:
        super().__init__()
        self.config = config
        width = config.refiner_width
        self.front = GridEncoder(width, config.image_size, coarse=True)
        self.wrist = GridEncoder(width, config.image_size, coarse=False)
        code = 32
        self.codebook = nn.Parameter(torch.randn(config.action_size, config.bins + 1, code) * 0.3)
        self.of_slice = nn.Linear(config.action_size * code, width)
        self.slice_position = nn.Parameter(torch.randn(config.intent_before + config.intent_after, width) * 0.1)
        self.of_age = nn.Linear(32, width)
        self.of_motion = mlp(MOTION_SIZE, width, width)
        self.of_proprio = mlp(config.proprio_size, width, width)
        self.of_anchors = mlp(FEATURE_SIZE, width, width)
        self.of_committed = mlp(config.max_committed * (config.action_size + 1), width, width)
        self.of_action = nn.Linear(2 * config.action_size + 1 + MISSED_SIZE + FEATURE_SIZE, width)
        self.action_position = nn.Parameter(torch.randn(config.chunk, width) * 0.1)
        self.of_time = mlp(64, width, width)
        self.of_condition = nn.Linear(width, width)
        self.blocks = nn.ModuleList(DiTBlock(width) for _ in range(config.refiner_layers))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, config.action_size)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def remember(
        self, front: Tensor, wrist: Tensor, proprio: Tensor, tokens: Tensor, age: Tensor, motion: Tensor,
        committed: Tensor, anchors: Tensor,
    ) -> Remembered:  # fmt: skip
        """Everything that does not change while denoising.

        Pictures (B, S, S, 3) uint8; proprioception (B, P) normalised; tokens (B, before + after, 7) with `bins` where
        masked; age (B,) control steps; motion (B, MOTION_SIZE); committed (B, max_committed * 8), actions and flags;
        anchors (B, FEATURE_SIZE) as `read_anchors` gives them.
        """
        rows = torch.arange(self.config.action_size, device=tokens.device)
        codes = self.codebook[rows, tokens.long()]
        aged = self.of_age(sinusoid(age, 32))
        slices = self.of_slice(codes.flatten(2)) + self.slice_position + aged[:, None]
        single = [
            self.of_proprio(proprio),
            self.of_motion(motion) + aged,
            self.of_committed(committed),
            self.of_anchors(anchors),
        ]
        context = torch.cat(
            (self.front(to_input(front)), self.wrist(to_input(wrist)), slices, torch.stack(single, 1)), 1
        )
        summary = self.of_condition(sum(single) + slices.mean(1))
        kept = [block.across.remember(context) for block in self.blocks if isinstance(block, DiTBlock)]
        own = tokens[:, self.config.intent_before : self.config.intent_before + self.config.chunk]
        there = (own < self.config.bins).float()
        lasting = torch.cat((motion[:, -MISSED_SIZE:], anchors), 1)[:, None].expand(-1, own.shape[1], -1)
        coarse = torch.cat((decode(own, self.config.bins) * there, there[..., :1], lasting), -1)
        return Remembered(kept, summary, coarse)

    def velocity(self, memory: Remembered, noisy: Tensor, time: Tensor) -> Tensor:
        """Flow from noise to actions: noisy chunks (B, S, H, 7) at times (B, S) in [0, 1] -> (B, S, H, 7)."""
        return self._flow(memory, noisy, self._modulations(memory, time))

    def denoise(self, memory: Remembered, noise: Tensor) -> Tensor:
        """From noise to actions (B, H, 7), in even steps; what follows from the flow time is computed once."""
        count = self.config.denoising_steps
        times = (torch.arange(count) / count).expand(len(noise), -1)
        modulations = self._modulations(memory, times)
        x = noise[:, None]
        for i in range(count):
            x = x + self._flow(memory, x, [each[:, i : i + 1] for each in modulations]) / count
        return x[:, 0]

    def _modulations(self, memory: Remembered, time: Tensor) -> list[Tensor]:
        condition = self.of_time(sinusoid(time * 100, 64)) + memory.summary[:, None]
        return [block.modulate(condition) for block in self.blocks if isinstance(block, DiTBlock)]

    def _flow(self, memory: Remembered, noisy: Tensor, modulations: list[Tensor]) -> Tensor:
        coarse = memory.coarse[:, None].expand(-1, noisy.shape[1], -1, -1)
        x = self.of_action(torch.cat((noisy, coarse), -1)) + self.action_position
        for block, kept, modulation in zip(self.blocks, memory.kept, modulations, strict=True):
            x = block(x, kept, modulation)
        return self.head(self.norm(x)).float()


def intent_window(tokens: np.ndarray, offset: int, config: PolicyConfig) -> np.ndarray:
    """Slices around a chunk's start: (before + after, 7) of an intent's (L, 7) tokens, `bins` outside of them.

    `offset` is the chunk's first control step minus the intent's. Tokens that are no longer trusted are all `bins`:
    they are speeds for another moment, and whoever may copy them will.
    """
    length = config.intent_before + config.intent_after
    window = np.full((length, tokens.shape[1]), config.bins, dtype=np.uint8)
    if offset > config.trusted_steps:
        return window
    first = offset - config.intent_before
    low, high = max(first, 0), min(first + length, len(tokens))
    if high > low:
        window[low - first : high - first] = tokens[low:high]
    return window


def intent_motion(
    tokens: np.ndarray, now: int, offset: int, proprio: np.ndarray, then: np.ndarray, config: PolicyConfig
) -> np.ndarray:
    """(MOTION_SIZE,) how far the hand has moved since the intent's observation, and what its tokens meant.

    `now` is the control step of the refiner's observation minus the intent's, `offset` the chunk's first one minus the
    intent's; proprioception of both observations. What tokens meant that are no longer trusted is 0.
    """
    moved = (proprio[_POSITION] - then[_POSITION]) * 10
    if offset > config.trusted_steps:
        return np.concatenate((moved, np.zeros(MOTION_SIZE - 3))).astype(np.float32)
    meant = decode(tokens, config.bins)
    past = meant[:now].sum(0) * 0.2
    ahead = meant[now : now + config.intent_after].sum(0) * 0.2
    missed = _missed(meant[:now], proprio, then, config)
    return np.concatenate((moved, past, ahead, missed)).astype(np.float32)


def _missed(meant: np.ndarray, proprio: np.ndarray, then: np.ndarray, config: PolicyConfig) -> np.ndarray:
    """(MISSED_SIZE,) What comes late finds its first steps undone: as a path an intent still holds, as speeds not."""
    # There is no bin for zero: what is as small as the two beside it would add up to a path that nobody meant.
    meant = np.where(np.abs(meant) < 1.5 / config.bins, 0.0, meant)
    done = (proprio[_POSITION] + proprio[_LEAD] - then[_POSITION] - then[_LEAD]) / STEP_METRES
    (x, y), (u, v) = then[_SIDE], proprio[_SIDE]
    turned = np.arctan2(x * v - y * u, x * u + y * v) / STEP_RADIANS
    return np.clip((*(meant[:, :3].sum(0) - done), meant[:, 5].sum() - turned), -8, 8) * 0.5


def pack_committed(committed: np.ndarray, config: PolicyConfig) -> np.ndarray:
    """(max_committed * 8,) already fixed actions (d, 7) with a flag each, the latest last."""
    packed = np.zeros((config.max_committed, config.action_size + 1), dtype=np.float32)
    kept = committed[-config.max_committed :] if len(committed) else committed
    if len(kept):
        packed[-len(kept) :, :-1] = kept
        packed[-len(kept) :, -1] = 1
    return packed.ravel()


RefineArguments = tuple[Observation, Intent, int, np.ndarray, int]
"""of `Refiner.refine`"""


class Refiner:
    """`refine(...) -> Chunk`: the refiner's model on one CPU thread or more."""

    def __init__(self, model: RefinerModel, mean: Tensor, spread: Tensor) -> None:
        self.model = model.eval()
        self.config = model.config
        self.chunk_steps = model.config.chunk
        self._mean, self._spread = mean, spread
        self._answer = FrozenForOne(self.model, self._denoised)

    def refine(
        self, observation: Observation, intent: Intent, start_step: int, committed: np.ndarray, noise_seed: int
    ) -> Chunk:
        """Actions for control steps [start_step, start_step + H); `committed` (d, 7) are those already fixed before."""
        return self.refine_batch([(observation, intent, start_step, committed, noise_seed)])[0]

    @torch.inference_mode()
    def refine_batch(self, asked: list[RefineArguments]) -> list[Chunk]:
        """`refine` for several arguments at once."""
        asked_at = time.monotonic()
        noise = torch.stack([self._noise(seed) for *_, seed in asked])
        (answer,) = self._answer(noise, *self._read(asked))
        actions = answer.clamp(-1, 1).numpy().copy()
        actions[..., 6] = np.where(actions[..., 6] > 0, 1.0, -1.0)
        ready_at = time.monotonic()
        return [
            Chunk(
                step=observation.step,
                start_step=start_step,
                generation=observation.generation,
                intent_step=intent.step,
                actions=actions[i],
                asked_at=asked_at,
                ready_at=ready_at,
            )
            for i, (observation, intent, start_step, _, _) in enumerate(asked)
        ]

    def _noise(self, seed: int) -> Tensor:
        return torch.randn((self.config.chunk, self.config.action_size), generator=torch.Generator().manual_seed(seed))

    def _denoised(self, noise: Tensor, *read: Tensor) -> Tensors:
        return (self.model.denoise(self.model.remember(*read), noise),)

    def _read(self, asked: list[RefineArguments]) -> Tensors:
        """What `RefinerModel.remember` wants to be told."""
        config = self.config
        seen = [observation for observation, *_ in asked]
        windows, motions, ages, fixed = [], [], [], []
        for observation, intent, start_step, committed, _ in asked:
            age = start_step - intent.step
            ages.append(float(age))
            windows.append(intent_window(intent.tokens, age, config))
            now = observation.step - intent.step
            motions.append(intent_motion(intent.tokens, now, age, observation.proprio, intent.proprio, config))
            fixed.append(pack_committed(committed, config))
        proprio = np.stack([observation.proprio for observation in seen])
        given = [intent.anchors for _, intent, *_ in asked if intent.anchors is not None]
        then = np.stack([intent.proprio for _, intent, *_ in asked])
        anchors = read_anchors(np.stack(given), proprio, then)
        return (
            torch.from_numpy(np.stack([observation.front for observation in seen])),
            torch.from_numpy(np.stack([observation.wrist for observation in seen])),
            (torch.from_numpy(proprio) - self._mean) / self._spread,
            torch.from_numpy(np.stack(windows)),
            torch.tensor(ages),
            torch.from_numpy(np.stack(motions)),
            torch.from_numpy(np.stack(fixed)),
            torch.from_numpy(anchors),
        )
