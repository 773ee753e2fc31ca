"""The slow system: pictures and words to coarse action tokens for the next L control steps, all in parallel."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from policy.anchors import to_anchors
from policy.config import PolicyConfig
from policy.frozen import FrozenForOne, Tensors
from policy.geometry import POSE_SIZE
from policy.grounding import ROLES, GroundingHead, SentenceReader, read_peak
from policy.head import PEAK_FACTS, PLACE_SIZE, TURN_UNIT, CoarseHead
from policy.mirror import CLOSING, POSITION, mirror_bins, mirror_pictures, mirror_proprio
from policy.refusal import refusal
from policy.sentences import SentenceEncoder
from policy.tasks import MIRRORED, TASKS, mirror_words
from policy.turn import TurnHead
from policy.vision import PyramidEncoder, to_input
from records import Grounding, Intent, Observation

_STATE_MIRROR = np.concatenate((POSITION, POSITION, CLOSING, (1,))).astype(np.float32)


@dataclass
class PlannerOutput:
    """Logits of one forward pass."""

    tokens: Tensor
    """(B, L, 7, N)"""
    groundings: dict[str, Tensor]
    """camera -> (B, roles + extra queries, G * G + 1)"""
    hand: Tensor
    """(B, 1, G * G + 1) where the front camera sees the robot's own grasp point: the camera may stand anywhere"""
    state: Tensor
    """(B, head.STATE_SIZE)"""
    kind: Tensor | None
    """(B, len(TASKS)) what kind of task the words ask for"""


@dataclass
class Perception:
    """What the head is told: see `CoarseHead.forward`, and the heatmaps it was read from."""

    peaks: Tensor
    turn: Tensor
    task: Tensor
    groundings: dict[str, Tensor]
    hand: Tensor
    kind: Tensor | None


class PlannerModel(nn.Module):
    """Language-free picture encoders, grounding heatmaps, and a parallel coarse-action head (Libra-VLA, System 2)."""

    def __init__(self, config: PolicyConfig) -> None:
        super().__init__()
        self.config = config
        self.front = PyramidEncoder(config.grounding_size)
        self.wrist = PyramidEncoder(config.grounding_size)
        self.reader = SentenceReader(config)
        self.hand = nn.Parameter(torch.randn(self.reader.width) * 0.3)
        self.ground_front = GroundingHead(config, self.reader.width, self.front.pool_size)
        self.ground_wrist = GroundingHead(config, self.reader.width, self.wrist.pool_size)
        self.kind = nn.Linear(self.reader.width, len(TASKS)) if config.reads_task else None
        self.turn = TurnHead(config.grounding_size)
        self.head = CoarseHead(config, self.reader.width)

    def perceive(
        self, front: Tensor, wrist: Tensor, pose: Tensor, roles: Tensor, task: Tensor, targets: Tensor | None = None
    ) -> Perception:
        """Pictures (B, S, S, 3) uint8, hand pose (B, POSE_SIZE), role queries (B, 2, width) and task vector (B, width).

        `targets`: further queries (B, Q, width), of which only the grounding is computed (training).
        """
        front_map, front_pool = self.front(to_input(front))
        wrist_map, wrist_pool = self.wrist(to_input(wrist))
        queries = roles if targets is None else torch.cat((roles, targets), 1)
        asked = torch.cat((queries, self.hand.expand(roles.shape[0], 1, -1).to(queries.dtype)), 1)
        by_front = self.ground_front(asked, front_map, front_pool)
        groundings = {"front": by_front[:, :-1], "wrist": self.ground_wrist(queries, wrist_map, wrist_pool)}
        hand = by_front[:, -1:]
        peaks = (
            read_peak(groundings["front"][:, : len(ROLES)], front_map),
            read_peak(groundings["wrist"][:, : len(ROLES)], wrist_map),
            read_peak(hand, front_map),
        )
        facts = [peak[:, 0, :PEAK_FACTS] for peak in peaks[:2]]
        turn = self.turn(*facts, front_map, wrist_map, pose)
        kind = None if self.kind is None else self.kind(task).float()
        return Perception(torch.cat(peaks, 1), turn, task, groundings, hand, kind)

    def read_kind(self, words: Tensor, mask: Tensor) -> Tensor:
        """(B, len(TASKS)) logits of the kind of task, from the words alone."""
        assert self.kind is not None
        return self.kind(self.reader(words, mask)[1])

    def answer(
        self,
        front: Tensor,
        wrist: Tensor,
        proprio: Tensor,
        pose: Tensor,
        roles: Tensor,
        task: Tensor,
        targets: Tensor | None = None,
    ) -> PlannerOutput:
        """`perceive`, then the head with normalised proprioception (B, P) and the hand's pose (B, POSE_SIZE)."""
        seen = self.perceive(front, wrist, pose, roles, task, targets)
        tokens, state = self.head(seen.peaks, seen.turn, proprio, pose, seen.task)
        return PlannerOutput(tokens, seen.groundings, seen.hand, state, seen.kind)

    def forward(
        self,
        front: Tensor,
        wrist: Tensor,
        proprio: Tensor,
        pose: Tensor,
        words: Tensor,
        mask: Tensor,
        extra: tuple[Tensor, Tensor, Tensor] | None = None,
    ) -> PlannerOutput:
        """Reads sentence features (B, W, 384) with their mask (B, W), then answers.

        `extra`: features and masks of further phrases (E, W, 384), (E, W) and which of them each sample asks for
        (B, Q), for their target grounding (training).
        """
        roles, task = self.reader(words, mask)
        targets = None if extra is None else self.reader(extra[0], extra[1])[0][:, 0][extra[2]]
        return self.answer(front, wrist, proprio, pose, roles, task, targets)


class Planner:
    """`plan(observation) -> Intent`: the planner's model with its sentence encoder, on one CPU thread or more."""

    def __init__(self, model: PlannerModel, sentences: SentenceEncoder, mean: Tensor, spread: Tensor) -> None:
        self.model = model.eval()
        self.config = model.config
        self.horizon = model.config.horizon
        self._sentences = sentences
        self._mean, self._spread = mean, spread
        self._answer = FrozenForOne(self.model, self._flat)
        self._asked: dict[str, tuple[Tensor, Tensor]] = {}

    @torch.inference_mode()
    def plan(self, observation: Observation) -> Intent:
        """Tokens for control steps [observation.step, observation.step + L), where it looks, or why it refuses."""
        return self.plan_batch([observation])[0]

    @torch.inference_mode()
    def plan_batch(self, observations: list[Observation]) -> list[Intent]:
        """`plan` for several observations at once."""
        asked = time.monotonic()
        said = [observation.instruction for observation in observations]
        if self.config.second_look:
            said += [mirror_words(sentence) for sentence in said]
        roles, task = (torch.cat(each) for each in zip(*map(self._read, said), strict=True))
        front = np.stack([observation.front for observation in observations])
        wrist = np.stack([observation.wrist for observation in observations])
        felt = np.stack([observation.proprio for observation in observations])
        if self.config.second_look:
            front = np.concatenate((front, mirror_pictures(front)))
            wrist = np.concatenate((wrist, mirror_pictures(wrist)))
            felt = np.concatenate((felt, mirror_proprio(felt)))
        proprio = torch.from_numpy(felt)
        answer = self._answer(
            torch.from_numpy(front),
            torch.from_numpy(wrist),
            (proprio - self._mean) / self._spread,
            proprio[:, :POSE_SIZE],
            roles,
            task,
        )
        probabilities, by_front, by_wrist, state, kind = (each.numpy() for each in answer)
        maps = {"front": by_front, "wrist": by_wrist}
        if self.config.second_look:
            probabilities = _mean_of_both(probabilities, mirror_bins)
            maps = {camera: _mean_of_both(values, self._mirror_heatmaps) for camera, values in maps.items()}
            state = _mean_of_both(state, _mirror_state)
            kind = _mean_of_both(kind, _mirror_kind)
            felt = felt[: len(observations)]
        anchors = plan_anchors(state, maps, kind, felt)
        tokens = probabilities.argmax(-1).astype(np.uint8)
        ready = time.monotonic()
        intents = []
        for i, observation in enumerate(observations):
            groundings = self._groundings({camera: maps[camera][i] for camera in maps})
            intents.append(
                Intent(
                    step=observation.step,
                    generation=observation.generation,
                    tokens=tokens[i],
                    probabilities=probabilities[i],
                    proprio=observation.proprio,
                    asked_at=asked,
                    ready_at=ready,
                    ready_step=observation.step,
                    groundings=groundings,
                    anchors=anchors[i],
                    refusal=refusal(observation.instruction, groundings, kind[i], self.config.refusal_threshold),
                )
            )
        return intents

    def _flat(self, *given: Tensor) -> Tensors:
        """Of `PlannerModel.answer`: probabilities of tokens, of where things are by camera, state, kind of task."""
        output = self.model.answer(*given)
        kind = torch.zeros(len(output.state), len(TASKS)) if output.kind is None else output.kind.softmax(-1)
        maps = (output.groundings[camera].softmax(-1) for camera in ("front", "wrist"))
        return (output.tokens.softmax(-1), *maps, output.state, kind)

    def _read(self, sentence: str) -> tuple[Tensor, Tensor]:
        """What a sentence asks for depends on nothing else, so it is read once, by itself."""
        if sentence not in self._asked:
            self._asked[sentence] = self.model.reader(*self._sentences.encode([sentence]))
        return self._asked[sentence]

    def _mirror_heatmaps(self, maps: np.ndarray) -> np.ndarray:
        side = self.config.map_size
        cells = maps[..., :-1].reshape(*maps.shape[:-1], side, side)[..., ::-1].reshape(*maps.shape[:-1], side * side)
        return np.concatenate((cells, maps[..., -1:]), -1)

    def _groundings(self, maps: dict[str, np.ndarray]) -> tuple[Grounding, ...]:
        side = self.config.map_size
        return tuple(
            Grounding(
                phrase=role,
                heatmaps={camera: values[row, :-1].reshape(side, side) for camera, values in maps.items()},
                none={camera: float(values[row, -1]) for camera, values in maps.items()},
            )
            for row, role in enumerate(ROLES)
        )


def _mirror_state(state: np.ndarray) -> np.ndarray:
    return state * _STATE_MIRROR


def _mirror_kind(kind: np.ndarray) -> np.ndarray:
    return kind[:, MIRRORED]


def plan_anchors(state: np.ndarray, maps: dict[str, np.ndarray], kind: np.ndarray, proprio: np.ndarray) -> np.ndarray:
    """(B, ANCHOR_SIZE)

    From the head's state (B, STATE_SIZE), heatmaps (B, roles, G * G + 1), kinds of task (B, len(TASKS)) and
    proprioception (B, P).
    """
    container = (np.minimum(maps["front"][:, 1, -1], maps["wrist"][:, 1, -1]) < 0.5).astype(np.float32)
    turn = (state[:, PLACE_SIZE : PLACE_SIZE + 2] / TURN_UNIT).astype(np.float32)
    return to_anchors(state[:, :PLACE_SIZE], turn, container, kind, proprio)


def _mean_of_both(values: np.ndarray, mirror: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """(2 B, ...) of the scenes and of their mirror images -> (B, ...)"""
    plain, mirrored = np.split(values, 2)
    return (plain + mirror(mirrored)) / 2
