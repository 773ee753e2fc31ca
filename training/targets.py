"""What a frame's labels mean for planner and refiner: token targets, their validity, and rows fit for chunks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policy.actions import encode
from policy.mirror import ACTION
from policy.tasks import TASKS, task_of
from scenes.goals import all_goals
from training.frames import Frames


def goal_kinds() -> NDArray[np.int64]:
    """Row in `policy.tasks.TASKS` of each of `all_goals`."""
    return np.array([TASKS.index(task_of(goal.family, goal.detail)) for goal in all_goals()])


@dataclass
class Targets:
    """Per row: the expert's action, its tokens, how many steps ahead labels hold, and where its episode begins."""

    expert: NDArray[np.float32]
    executed: NDArray[np.float32]
    tokens: NDArray[np.uint8]
    mirrored: NDArray[np.uint8]
    """tokens of the mirrored actions"""
    ahead: NDArray[np.int64]
    """number of steps from this row on whose expert actions are what a clean expert does from here"""
    first: NDArray[np.int64]
    """first row of the episode"""
    last: NDArray[np.int64]
    """last row of the episode"""

    @classmethod
    def of(cls, frames: Frames, bins: int) -> Targets:
        """Labels of all frames."""
        clean, episode = frames.columns["clean"], frames.columns["episode"]
        count = len(clean)
        rows = np.arange(count)
        starts = np.flatnonzero(np.r_[True, episode[1:] != episode[:-1]])
        ends = np.r_[starts[1:], count] - 1
        which = np.searchsorted(starts, rows, side="right") - 1
        # A step that was not clean is the last one whose label follows from this row.
        stops = np.flatnonzero(~clean | (rows == ends[which]))
        ahead = stops[np.searchsorted(stops, rows)] - rows + 1
        expert = frames.columns["expert"]
        tokens, mirrored = encode(expert, bins), encode(expert * ACTION, bins)
        return cls(expert, frames.columns["executed"], tokens, mirrored, ahead, starts[which], ends[which])

    def token_targets(
        self, rows: NDArray[np.int64], horizon: int, flip: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """(B, L, 7) tokens and (B, L) which of them hold; of the mirrored scene where `flip` (B,) says so."""
        steps = np.arange(horizon)
        index = np.minimum(rows[:, None] + steps, len(self.tokens) - 1)
        tokens = self.tokens[index]
        if flip is not None:
            tokens = np.where(flip[:, None, None], self.mirrored[index], tokens)
        return tokens, steps < self.ahead[rows][:, None]

    def chunk_steps(
        self, rows: NDArray[np.int64], chunk: int, delay: int
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Rows (B, H) of the steps of chunks that begin `delay` steps after `rows`, and which of them hold.

        The first action always does while the episode lasts, whoever drives: it is what the expert does in the state
        that was reached. Later ones hold for as long as the expert's actions were carried out.
        """
        steps = np.arange(chunk)
        begin = np.minimum(rows + delay, self.last[rows])
        holds = (steps < self.ahead[begin][:, None]) & (rows + delay <= self.last[rows])[:, None]
        return np.minimum(begin[:, None] + steps, self.last[rows][:, None]), holds
