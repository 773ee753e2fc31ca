"""Training the planner: tokens, grounding of every name in every frame, and where things are from the hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from tqdm import trange

from policy.anchors import ANCHOR_SIZE
from policy.config import PolicyConfig
from policy.geometry import POSE_SIZE
from policy.grounding import grounding_loss
from policy.head import TURN_UNIT
from policy.mirror import CLOSING, POSITION, mirror_pictures, mirror_pixels, mirror_proprio
from policy.planner import PlannerModel, plan_anchors
from policy.sentences import SentenceEncoder
from policy.tasks import TASKS
from policy.turn import in_hand
from policy.vision import channels_last
from scenes.labels import THINGS
from training.files import write_error
from training.frames import Frames
from training.loop import RunSettings, draw_rows, photometric, train
from training.phrases import PhraseBank
from training.precision import fast
from training.sentences import drawn
from training.targets import Targets

GROUNDING_WEIGHT, STATE_WEIGHT, KIND_WEIGHT = 0.4, 3.0, 0.1
_DIMENSION_WEIGHT = torch.tensor((1.5, 1.5, 1.5, 0.4, 0.4, 1.2, 1.2))
_STATE_DIMENSION_WEIGHT = torch.tensor((1.0,) * 6 + (3.0, 3.0, 1.0))
_TURNING_SHARE = 0.3
_WAYS, _UNKNOWN_POOL, _UNKNOWN_ASKED, _ASKED, _IDLE_ASKED = 2, 18, 4, 64, 16


class PlannerBatches:
    """Draws batches and computes the planner's losses on them."""

    def __init__(
        self, model: PlannerModel, frames: Frames, bank: PhraseBank, mean: Tensor, spread: Tensor, batch: int = 64,
        seed: int = 0, recent: int = 0, recent_share: float = 0.0,
    ) -> None:  # fmt: skip
        self.model, self.frames, self.bank = model, frames, bank
        self.targets = Targets.of(frames, model.config.bins)
        self.mean, self.spread = mean, spread
        self.batch, self.seed = batch, seed
        self.recent, self.recent_share, self.summed = recent, recent_share, frames.summed_weights
        self.turning = _turning(frames)

    def losses(self, step: int) -> dict[str, Tensor]:
        """One batch, decided by the step alone so that a resumed run continues as it would have."""
        rng = np.random.default_rng([self.seed, step])
        torch.manual_seed(self.seed * 1_000_003 + step)
        rows = draw_rows(len(self.frames), self.batch, self.recent, self.recent_share, rng, self.summed)
        turns = int(self.batch * _TURNING_SHARE) if len(self.turning) else 0
        rows[:turns] = rng.choice(self.turning, turns) if turns else rows[:turns]
        shown = show(self.frames, rows, rng.random(self.batch) < 0.5)
        bank = self.bank
        proprio = (torch.from_numpy(shown.proprio) - self.mean) / self.spread
        proprio = proprio + torch.randn_like(proprio) * 0.02
        goals = self.frames.columns["goal"][rows].astype(np.int64)
        goals = np.where(shown.flipped, bank.mirrored[goals], goals)
        phrases = bank.goal_phrases(goals, rng)
        said, kinds = self._sentences(rng)
        pool, asked, things = self._names(rng)
        output = self.model(
            photometric(torch.from_numpy(shown.front)),
            photometric(torch.from_numpy(shown.wrist)),
            proprio,
            torch.from_numpy(shown.proprio[:, :POSE_SIZE]),
            *drawn(bank, phrases),
            (*drawn(bank, pool), torch.from_numpy(asked)),
        )
        tokens = token_loss(output.tokens, *self.targets.token_targets(rows, self.model.config.horizon, shown.flipped))
        pixels = torch.from_numpy(shown.pixels_of(np.concatenate((shown.roles, things), 1)))
        grounding = grounding_loss(output.hand.float(), torch.from_numpy(shown.hand)[:, None]) * 0.25
        for i, camera in enumerate(("front", "wrist")):
            grounding = grounding + grounding_loss(output.groundings[camera].float(), pixels[:, :, i])
        state = state_loss(output.state, shown)
        assert output.kind is not None
        kind = F.cross_entropy(output.kind.float(), torch.from_numpy(bank.task[goals]))
        read = self.model.read_kind(*drawn(bank, said))
        kind = kind + F.cross_entropy(read.float(), torch.from_numpy(kinds))
        total = tokens + GROUNDING_WEIGHT * grounding + STATE_WEIGHT * state + KIND_WEIGHT * kind
        return {"total": total, "tokens": tokens, "grounding": grounding, "state": state, "kind": kind}

    def _sentences(self, rng: Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Phrases to read without a scene, and the rows in `TASKS` of what they ask for."""
        some = rng.integers(len(self.bank.asking), size=_ASKED)
        said = np.concatenate((self.bank.asking[some], rng.choice(self.bank.idle, _IDLE_ASKED)))
        return said, np.concatenate((self.bank.asked[some], np.full(_IDLE_ASKED, len(TASKS) - 1)))

    def _names(self, rng: Generator) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Phrases of a pool, which of them each sample is asked for, and the things that they name.

        Every sample is asked for every thing there may be, in one of a few ways, and for some that never are.
        """
        named, thing = self.bank.named, self.bank.thing
        known = [rng.choice(named[thing == row], _WAYS) for row in range(len(THINGS))]
        pool = np.concatenate((*known, rng.choice(named[thing < 0], _UNKNOWN_POOL)))
        ways = rng.integers(_WAYS, size=(self.batch, len(THINGS))) + np.arange(len(THINGS)) * _WAYS
        unknown = rng.integers(_UNKNOWN_POOL, size=(self.batch, _UNKNOWN_ASKED)) + len(THINGS) * _WAYS
        things = np.tile(np.r_[np.arange(len(THINGS)), np.full(_UNKNOWN_ASKED, -1)], (self.batch, 1))
        return pool, np.concatenate((ways, unknown), 1), things


def _turning(frames: Frames) -> NDArray[np.int64]:
    """Rows in which the hand is near its target and must still turn much.

    They are few, because the expert turns on its way; without more of them the planner learns that an object lies as
    the hand stands, and hovers for ever over one that does not.
    """
    columns = frames.columns
    away = columns["positions"][np.arange(len(frames)), columns["target"]]
    near = (np.abs(away[:, :2]) < 0.05).all(1) & (np.abs(away[:, 2]) < 0.13)
    return np.flatnonzero(near & (np.abs(columns["expert"][:, 5]) > 0.5))


@dataclass
class Shown:
    """Frames with their labels, some of them as a mirror shows them (see `policy.mirror`)."""

    flipped: NDArray[np.bool_]
    """(B,)"""
    front: NDArray[np.uint8]
    wrist: NDArray[np.uint8]
    proprio: NDArray[np.float32]
    roles: NDArray[np.int64]
    """(B, 2) rows of target and container, -1 for none"""
    pixels: NDArray[np.float32]
    """(B, THINGS, cameras, 2)"""
    hand: NDArray[np.float32]
    state: NDArray[np.float32]
    """(B, STATE_SIZE), NaN where the instruction names no container"""

    def pixels_of(self, things: NDArray[np.int64]) -> NDArray[np.float32]:
        """(B, Q) things -> (B, Q, cameras, 2), NaN for none."""
        pixels = np.take_along_axis(self.pixels, np.maximum(things, 0)[..., None, None], 1)
        return np.where((things < 0)[..., None, None], np.nan, pixels).astype(np.float32)


def show(frames: Frames, rows: NDArray[np.int64], flipped: NDArray[np.bool_]) -> Shown:
    """These frames, mirrored where `flipped` says so."""
    columns, index = frames.columns, np.arange(len(rows))
    pictures = {}
    for camera in ("front", "wrist"):
        pictures[camera] = frames.picture(camera, rows)
        pictures[camera][flipped] = mirror_pictures(pictures[camera][flipped])
    proprio, pixels, hand = columns["proprio"][rows], columns["pixels"][rows], columns["hand"][rows]
    roles = np.stack((columns["target"][rows], columns["container"][rows]), 1).astype(np.int64)
    positions, closing = columns["positions"][rows], columns["closing"][rows]
    places = [np.where((role >= 0)[:, None], positions[index, role], np.nan) * 10 for role in roles.T]
    flip = flipped[:, None]
    places = [np.where(flip, place * POSITION, place) for place in places]
    proprio = np.where(flip, mirror_proprio(proprio), proprio)
    closing = np.where(flip, closing * CLOSING, closing)
    turn = in_hand(torch.from_numpy(closing), torch.from_numpy(proprio[:, :POSE_SIZE])).numpy()
    state = np.concatenate((*places, turn * TURN_UNIT, columns["held"][rows] * 0.3), 1)
    return Shown(
        flipped,
        pictures["front"],
        pictures["wrist"],
        proprio,
        roles,
        np.where(flip[..., None, None], mirror_pixels(pixels), pixels),
        np.where(flip, mirror_pixels(hand), hand),
        state.astype(np.float32),
    )


def token_loss(logits: Tensor, tokens: NDArray[np.uint8], valid: NDArray[np.bool_]) -> Tensor:
    """Cross-entropy of logits (B, L, 7, N) with tokens (B, L, 7) where they are valid (B, L), near steps first."""
    cross = F.cross_entropy(logits.flatten(0, 2), torch.from_numpy(tokens).long().flatten(), reduction="none")
    near = torch.linspace(1.3, 0.7, logits.shape[1])
    weight = torch.from_numpy(valid).float()[..., None] * _DIMENSION_WEIGHT * near[:, None]
    return (cross.view_as(weight) * weight).sum() / weight.sum()


def state_loss(state: Tensor, shown: Shown) -> Tensor:
    """How far the auxiliary state (B, STATE_SIZE) is from the simulator's, where it has one: smooth L1, decimetres."""
    truth = torch.from_numpy(shown.state)
    loss = F.smooth_l1_loss(state, torch.where(truth.isnan(), state.detach(), truth), beta=0.03, reduction="none")
    return (loss * _STATE_DIMENSION_WEIGHT).mean()


def train_planner(
    config: PolicyConfig, frames: Frames, bank: PhraseBank, mean: Tensor, spread: Tensor, folder: Path,
    settings: RunSettings, start: dict[str, Tensor] | None = None, learns: str = "", **batches: float,
) -> dict[str, Tensor]:  # fmt: skip
    """Train a planner (from `start` weights if given) and return its averaged weights.

    Only parameters whose names begin as `learns` says are trained; the others stay as they are, bit for bit.
    """
    torch.manual_seed(0)
    model = channels_last(PlannerModel(config))
    if start is not None:
        fits = model.state_dict()
        model.load_state_dict({k: v for k, v in start.items() if k in fits and v.shape == fits[k].shape}, strict=False)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith(learns))
    source = PlannerBatches(model, frames, bank, mean, spread, **batches)  # type: ignore[arg-type]
    return train(model, source.losses, folder, settings, "planner")


def plan_frames(
    config: PolicyConfig, frames: Frames, mean: Tensor, spread: Tensor, weights: dict[str, Tensor], out: Path,
    threads: int = 1,
) -> None:  # fmt: skip
    """Write what the planner says of every frame: the refiner's curriculum.

    `OUT/tokens.npy` (N, L, 7) uint8 and `OUT/anchors.npy` (N, ANCHOR_SIZE) float32.

    Raises:
        WriteError: the disk is full.
    """
    torch.set_num_threads(threads)
    model = channels_last(PlannerModel(config)).eval()
    model.load_state_dict(weights)
    encoder = SentenceEncoder()
    features, masks = encoder.encode(frames.instructions)
    out.mkdir(parents=True, exist_ok=True)
    tokens = np.zeros((len(frames), config.horizon, config.action_size), np.uint8)
    columns = frames.columns
    anchors = np.zeros((len(frames), ANCHOR_SIZE), np.float32)
    with torch.inference_mode(), fast():
        for start in trange(0, len(frames), 64, desc="planning", unit="batch"):
            rows = np.arange(start, min(start + 64, len(frames)))
            episodes = torch.from_numpy(columns["episode"][rows]).long()
            output = model(
                torch.from_numpy(frames.picture("front", rows)),
                torch.from_numpy(frames.picture("wrist", rows)),
                (torch.from_numpy(columns["proprio"][rows]) - mean) / spread,
                torch.from_numpy(columns["proprio"][rows, :POSE_SIZE]),
                features[episodes],
                masks[episodes],
            )
            tokens[rows] = output.tokens.argmax(-1).numpy().astype(np.uint8)
            maps = {camera: logits.float().softmax(-1).numpy() for camera, logits in output.groundings.items()}
            assert output.kind is not None
            kind = output.kind.softmax(-1).numpy()
            anchors[rows] = plan_anchors(output.state.float().numpy(), maps, kind, columns["proprio"][rows])
    try:
        np.save(out / "tokens.npy", tokens)
        np.save(out / "anchors.npy", anchors)
    except OSError as error:
        raise write_error(out, tokens.nbytes + anchors.nbytes, error) from error
