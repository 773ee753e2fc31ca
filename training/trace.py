"""The trace of a lockstep episode: what was seen of the scene, what both systems said, what was done; 20 to 40 kB.

With the task (`Task.layout`) the actions are enough to make every state again, bit for bit; a checksum of each state
proves it.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policy.runtime import Decision
from records import Grounding, Intent
from scenes.world import World
from training.witness import Witness, clamp_bits

CAMERAS = ("front", "wrist")
NO_STEP = -1


@dataclass
class Trace:
    """Columns of an episode of T control steps with n things and I intents that were carried out.

    What is seen has T + 1 rows: before every step, and after the last one.
    """

    names: list[str]
    hand: NDArray[np.float32]
    """(T + 1, 3) m"""
    width: NDArray[np.float32]
    """(T + 1,) m"""
    gripper: NDArray[np.float32]
    """(T + 1,) last gripper command, -1 open to +1 closed"""
    place: NDArray[np.float32]
    """(T + 1, n, 3) m"""
    up: NDArray[np.float16]
    """(T + 1, n, 3) how much of each of a thing's axes points up"""
    moved: NDArray[np.float32]
    """(T + 1, n) of drawer and buttons, 0 to 1"""
    touch: NDArray[np.uint8]
    """(T + 1, n) bits of `training.witness`"""
    force: NDArray[np.float16]
    """(T + 1, n + 1) N, the table last"""
    state: NDArray[np.uint32]
    """(T + 1,) checksums of `get_state`"""
    action: NDArray[np.float32]
    """(T, 7) carried out"""
    proposal: NDArray[np.float32]
    """(T, 7) what the refiner wanted, NaN where nothing was planned"""
    clamped: NDArray[np.uint8]
    """(T,) bits of `training.witness.CLAMPS`"""
    holding: NDArray[np.bool_]
    """(T,) whether the arm held because nothing was planned"""
    staleness: NDArray[np.int16]
    """(T,) of the intent in use, -1 without one"""
    intent: NDArray[np.int16]
    """(T,) row of the intent in use, -1 without one"""
    token_row: NDArray[np.int16]
    """(T,) row of its tokens that belongs to the step"""
    intent_step: NDArray[np.int16]
    """(I,) control step of its observation"""
    tokens: NDArray[np.uint8]
    """(I, L, 7)"""
    anchors: NDArray[np.float32]
    """(I, policy.anchors.ANCHOR_SIZE)"""
    peak: NDArray[np.float32]
    """(I, roles, cameras, 4): u, v in [0, 1] and height of each heatmap's peak, probability of none"""
    said: list[str]
    """`step: sentence` of everything that the runtime said"""

    @property
    def steps(self) -> int:
        """T"""
        return len(self.action)

    def to_bytes(self) -> bytes:
        """Packed."""
        file = io.BytesIO()
        arrays = {each.name: getattr(self, each.name) for each in fields(self)}
        for name in ("names", "said"):
            arrays[name] = np.frombuffer("\n".join(arrays[name]).encode(), np.uint8)
        np.savez_compressed(file, **arrays)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Trace:
        """Unpacked.

        Raises:
            ValueError: it is none, or is damaged.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as packed:
                arrays: dict[str, Any] = {each.name: packed[each.name] for each in fields(cls)}
            for name in ("names", "said"):
                arrays[name] = [line for line in arrays[name].tobytes().decode().split("\n") if line]
        except Exception as error:  # zip, zlib and numpy each have their own
            raise ValueError(f"the trace is damaged ({type(error).__name__}: {error})") from error
        return cls(**arrays)


class TraceWriter:
    """Collects a trace while an episode is played."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._witness = Witness(world)
        self._seen: dict[str, list[Any]] = {}
        self._done: dict[str, list[Any]] = {
            name: [] for name in ("action", "proposal", "clamped", "holding", "staleness", "intent", "token_row")
        }
        self._intents: list[Intent] = []
        self._said: list[str] = []
        self._decision: Decision | None = None

    def look(self) -> None:
        """Before a step, and after the last one."""
        for name, value in {**self._witness.look(), "state": zlib.crc32(self._world.get_state().tobytes())}.items():
            self._seen.setdefault(name, []).append(value)

    def decided(self, step: int, decision: Decision) -> None:
        """What the runtime answered at a step."""
        self._decision = decision
        self._said += [f"{step}: {sentence}" for sentence in decision.events]
        if decision.refusal is not None:
            self._said.append(f"{step}: {decision.refusal}")
        if decision.intent is not None and not (self._intents and self._intents[-1].step == decision.intent.step):
            self._intents.append(decision.intent)

    def acted(self, action: NDArray[np.float32]) -> None:
        """A step was carried out."""
        decision, self._decision = self._decision, None
        row: dict[str, Any] = {
            "action": np.asarray(action, np.float32),
            "proposal": np.full(7, np.nan, np.float32),
            "clamped": clamp_bits(self._world.controller.clamped),
            "holding": decision is not None and decision.control_source == "hold",
            "staleness": NO_STEP,
            "intent": NO_STEP,
            "token_row": NO_STEP,
        }
        if decision is not None and decision.proposal is not None:
            row["proposal"] = np.asarray(decision.proposal, np.float32)
        if decision is not None and decision.intent is not None:
            row["intent"] = len(self._intents) - 1
            row["staleness"] = NO_STEP if decision.staleness is None else decision.staleness
            row["token_row"] = NO_STEP if decision.token_row is None else decision.token_row
        for name, value in row.items():
            self._done[name].append(value)

    def finish(self) -> Trace:
        """The trace; `look` was called once more than `acted`."""
        return Trace(
            names=self._witness.names,
            hand=np.array(self._seen["hand"], np.float32),
            width=np.array(self._seen["width"], np.float32),
            gripper=np.array(self._seen["gripper"], np.float32),
            place=np.array(self._seen["place"], np.float32),
            up=np.array(self._seen["up"], np.float16),
            moved=np.array(self._seen["moved"], np.float32),
            touch=np.array(self._seen["touch"], np.uint8),
            force=np.array(self._seen["force"], np.float16),
            state=np.array(self._seen["state"], np.uint32),
            action=np.array(self._done["action"], np.float32).reshape(-1, 7),
            proposal=np.array(self._done["proposal"], np.float32).reshape(-1, 7),
            clamped=np.array(self._done["clamped"], np.uint8),
            holding=np.array(self._done["holding"], np.bool_),
            staleness=np.array(self._done["staleness"], np.int16),
            intent=np.array(self._done["intent"], np.int16),
            token_row=np.array(self._done["token_row"], np.int16),
            intent_step=np.array([each.step for each in self._intents], np.int16),
            tokens=_stack([each.tokens for each in self._intents], np.uint8),
            anchors=_stack([each.anchors for each in self._intents if each.anchors is not None], np.float32),
            peak=_stack([_peaks(each.groundings) for each in self._intents], np.float32),
            said=self._said,
        )


def _stack(arrays: Sequence[Any], dtype: Any) -> NDArray[Any]:
    return np.array(arrays, dtype) if len(arrays) else np.zeros((0, 1), dtype)


def _peaks(groundings: Sequence[Grounding]) -> NDArray[np.float32]:
    """(2, 2, 4); NaN for an intent that nobody looked for, such as the expert's."""
    peaks = np.full((2, len(CAMERAS), 4), np.nan, np.float32)
    for role, found in enumerate(groundings[:2]):
        for column, camera in enumerate(CAMERAS):
            if camera in found.heatmaps:
                heat = found.heatmaps[camera]
                row, cell = np.unravel_index(int(np.argmax(heat)), heat.shape)
                side = np.array(heat.shape[::-1])
                peaks[role, column, :2] = (np.array((cell, row)) + 0.5) / side
                peaks[role, column, 2:] = heat[row, cell], found.none[camera]
    return peaks
