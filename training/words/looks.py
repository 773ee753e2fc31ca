"""What the picture encoders make of some thousand frames, kept: while only words are learned it never changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor
from tqdm import trange

from policy.planner import PlannerModel
from policy.vision import to_input
from training.frames import Frames
from training.loop import photometric
from training.planner import show

FIRST_SHARE = 0.5
"""of the frames that begin an episode: there it is decided whether to refuse"""
_BATCH = 32


@dataclass
class Looks:
    """Feature maps and labels of frames, half of them as a mirror shows them."""

    maps: dict[str, Tensor]
    """camera -> (N, C, G, G) float16"""
    pools: dict[str, Tensor]
    """camera -> (N, P)"""
    pixels: NDArray[np.float32]
    """(N, THINGS, cameras, 2), NaN where a thing is not there or out of view"""

    def __len__(self) -> int:
        return len(self.pixels)

    @classmethod
    @torch.inference_mode()
    def of(cls, model: PlannerModel, frames: Frames, count: int, rng: Generator) -> Looks:
        """Encode `count` frames."""
        episode = frames.columns["episode"]
        firsts = np.flatnonzero(np.r_[True, episode[1:] != episode[:-1]])
        begin = min(int(count * FIRST_SHARE), len(firsts))
        rows = np.concatenate((rng.choice(firsts, begin, replace=False), rng.integers(len(frames), size=count - begin)))
        maps: dict[str, list[Tensor]] = {"front": [], "wrist": []}
        pools: dict[str, list[Tensor]] = {"front": [], "wrist": []}
        pixels = []
        for start in trange(0, count, _BATCH, desc="looking", unit="batch", leave=False):
            some = rows[start : start + _BATCH]
            shown = show(frames, some, rng.random(len(some)) < 0.5)
            for camera, encoder in (("front", model.front), ("wrist", model.wrist)):
                fine, pooled = encoder(to_input(photometric(torch.from_numpy(getattr(shown, camera)))))
                maps[camera].append(fine.half())
                pools[camera].append(pooled)
            pixels.append(shown.pixels)
        return cls(
            {camera: torch.cat(parts) for camera, parts in maps.items()},
            {camera: torch.cat(parts) for camera, parts in pools.items()},
            np.concatenate(pixels),
        )
