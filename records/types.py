"""The records of one control step: observation, intent, chunk, and what was executed.

Frames: positions are in metres in the robot base frame (x forward, y left, z up), rotations in radians.
Times: `*_at` are seconds of `time.monotonic()`; control steps are integers at `CONTROL_HZ`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

CONTROL_HZ = 20
CONTROL_PERIOD = 1.0 / CONTROL_HZ
BINS = 10
"""of every dimension of the planner's tokens (Libra-VLA's N)"""
CHUNK_STEPS = 5
ACTION_NAMES = ("x", "y", "z", "roll", "pitch", "yaw", "gripper")
"""Normalised delta end-effector command in [-1, 1]; the gripper is absolute: -1 open, +1 closed."""

PROPRIO_NAMES = (
    *("hand_x", "hand_y", "hand_z"),
    *(f"rotation_{i}" for i in range(6)),
    "gripper_width",
    "gripper_command",
    *("lead_x", "lead_y", "lead_z"),
    *(f"joint_{i}" for i in range(1, 8)),
)
"""Proprioception: hand position, first two columns of its rotation matrix, finger opening (m), last gripper
command, commanded target minus hand position (m), and seven joint angles (rad)."""

ControlSource = Literal["policy", "human", "expert", "hold"]
Outcome = Literal["success", "failure", "refused", "aborted"]
OutcomeBy = Literal["success test", "time limit", "planner", "human", "fault"]
"""who or what said how an episode ended"""
Array = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Observation:
    """What a robot would see, stamped with the control step it belongs to. Never simulator state."""

    step: int
    generation: int
    instruction: str
    front: NDArray[np.uint8]
    """(S, S, 3) RGB"""
    wrist: NDArray[np.uint8]
    """(S, S, 3) RGB"""
    proprio: NDArray[np.float32]
    """(len(PROPRIO_NAMES),)"""
    seen_at: float


@dataclass(frozen=True, slots=True)
class Grounding:
    """Where the planner looks for one phrase: a heatmap and the probability that nothing fits, per camera."""

    phrase: str
    heatmaps: dict[str, NDArray[np.float32]]
    """camera -> (24, 24) probabilities; what is missing to 1 is `none`"""
    none: dict[str, float]
    """camera -> probability that nothing in view fits"""


@dataclass(frozen=True, slots=True)
class Intent:
    """A planner result: coarse tokens for control steps [step, step + L)."""

    step: int
    """control step of the observation it came from, and of its first token"""
    generation: int
    tokens: NDArray[np.uint8]
    """(L, 7) bins"""
    probabilities: NDArray[np.float32]
    """(L, 7, N)"""
    proprio: NDArray[np.float32]
    """proprioception of its observation"""
    asked_at: float
    ready_at: float
    ready_step: int
    """first control step at which it may be used"""
    groundings: tuple[Grounding, ...] = ()
    refusal: str | None = None
    """one sentence when the planner cannot ground the instruction, else None"""
    anchors: NDArray[np.float32] | None = None
    """where the planner saw what it is about, base frame: see `policy.anchors`"""
    used_step: int | None = None
    """first control step that a chunk of it was asked for, None until then"""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A refiner result: continuous actions for control steps [start_step, start_step + H)."""

    step: int
    """control step of the observation it came from"""
    start_step: int
    """control step at which it begins to act (Intent slice and actions are for this step on)"""
    generation: int
    intent_step: int
    """`Intent.step` of the intent it carries out"""
    actions: NDArray[np.float32]
    """(H, 7) in [-1, 1]"""
    asked_at: float
    ready_at: float


@dataclass(slots=True)
class StepRecord:
    """One control step, whole: enough to restore the simulator exactly and to explain what happened."""

    episode: str
    step: int
    generation: int
    instruction: str
    wall_time: float
    """Unix seconds at which the action was sent"""
    due_late: float
    """seconds after its due time (0 in lockstep)"""
    sim_time: float
    state: NDArray[np.float64]
    """simulator and controller state *before* the action of this step (`scenes.env.TabletopEnv.get_state`)"""
    action: NDArray[np.float32]
    """(7,) executed"""
    commanded: NDArray[np.float32]
    """(7,) before clipping"""
    proposal: NDArray[np.float32] | None
    """(7,) what the policy would have done at this step, None when it proposed nothing"""
    control_source: ControlSource
    hand: NDArray[np.float32]
    """(3,) hand position before the action, metres"""
    staleness: int | None
    """control steps between the observation of the intent in use and this step"""
    queue_depth: int
    """actions still planned after this step"""
    durations: dict[str, float] = field(default_factory=dict)
    """milliseconds per stage: physics, render, planner, refiner, record, ..."""
    observation: Observation | None = None
    intent: Intent | None = None
    """the intent in use"""
    token_row: int | None = None
    """row of the intent's tokens that belongs to this step; steps over which the arm held use up no row"""
    chunk: Chunk | None = None
    """the chunk in use"""
    coarse_path: NDArray[np.float32] | None = None
    """(K, 3) where the intent's remaining tokens (bin centres) lead from here, metres"""
    refined_path: NDArray[np.float32] | None = None
    """(K, 3) where the chunk's remaining actions lead from here, metres"""
    events: tuple[str, ...] = ()
    """sentences: starvation, withdrawn intent, refusal, ..."""
    outcome: Outcome | None = None
    """of the episode, in its last record"""
    outcome_by: OutcomeBy | None = None
    """who said so"""
    nudges: tuple[tuple[str, tuple[float, ...]], ...] = ()
    """what somebody did to the world just before this step, as `scenes.nudges` says; `state` is after that"""
    pins: tuple[int, ...] | None = None
    """(7,) bins that a human pinned the intent's tokens to at this step, -1 where free; None when not steered"""


@dataclass(frozen=True, slots=True)
class GeometryRecord:
    """One visible geom of the scene, in the frame of its body, for a 3-D twin that needs no simulator."""

    name: str
    body: str
    body_index: int
    """row of the body in the (B, 3) positions and (B, 4) wxyz quaternions that follow each step"""
    kind: Literal["box", "sphere", "capsule", "cylinder", "ellipsoid", "mesh", "plane"]
    size: tuple[float, float, float]
    """MuJoCo half sizes, metres"""
    position: tuple[float, float, float]
    quaternion: tuple[float, float, float, float]
    """wxyz"""
    rgba: tuple[float, float, float, float]
    vertices: NDArray[np.float32] | None = None
    """(V, 3) for meshes"""
    faces: NDArray[np.int32] | None = None
    """(F, 3) for meshes"""
