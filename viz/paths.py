"""Entity paths, timelines and colours: the vocabulary that the logging modules and the blueprint share."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from records import StepRecord

APPLICATION_ID: Final = "libra_cockpit"

STEP: Final = "step"
"""timeline: control step of the episode"""
SIM_TIME: Final = "sim_time"
"""timeline: simulated seconds"""
WALL_TIME: Final = "wall_time"
"""timeline: Unix time at which the action was sent"""

SCENE: Final = "world/scene"
COARSE: Final = "world/coarse_intent"
REFINED: Final = "world/refined_chunk"
TAKEN: Final = "world/path_taken"
HAND: Final = "world/hand"
BEFORE: Final = "world/path_before"
"""of a branch: where the hand went in the episodes of the same tree"""

CAMERAS: Final = ("front", "wrist")

TOKEN_GRID: Final = "tokens/grid"
TOKEN_PROBABILITIES: Final = "tokens/probabilities"
TOKEN_BINS: Final = "tokens/raw/bins"
TOKEN_TENSOR: Final = "tokens/raw/probabilities"

LANES: Final = "lanes"
DRIVER_LANE: Final = "lanes/driver"
PLANNER_LANE: Final = "lanes/planner"
REFINER_LANE: Final = "lanes/refiner"
OUTCOME_LANE: Final = "lanes/outcome"

STALENESS: Final = "timing/load/staleness"
QUEUE_DEPTH: Final = "timing/load/queue_depth"
LATE: Final = "timing/late/due_late"
PLANNER_DURATION: Final = "timing/loops/planner_duration"
PLANNER_PERIOD: Final = "timing/loops/planner_period"
REFINER_DURATION: Final = "timing/loops/refiner_duration"
REFINER_PERIOD: Final = "timing/loops/refiner_period"
STAGES: Final = "timing/stages"

ACTION: Final = "actions/executed"
PROPOSAL: Final = "actions/proposal"
EVENTS: Final = "log"
EPISODE: Final = "episode"

Rgb = tuple[int, int, int]

COARSE_COLOR: Final[Rgb] = (255, 158, 26)
"""the planner: orange, as in the live view"""
REFINED_COLOR: Final[Rgb] = (26, 191, 242)
"""the refiner: sky blue, as in the live view"""
BEFORE_COLOR: Final[Rgb] = (150, 156, 168)
DRIVER_COLORS: Final[dict[str, Rgb]] = {
    "policy": (0, 158, 115),
    "steered": (213, 94, 0),
    "human": (204, 121, 167),
    "expert": (240, 228, 66),
    "hold": (120, 124, 130),
}
"""Okabe-Ito, told apart with every common colour blindness; steered: the policy, with tokens that a human pinned"""
OUTCOME_COLORS: Final[dict[str, Rgb]] = {
    "running": (70, 90, 120),
    "success": (0, 158, 115),
    "failure": (213, 94, 0),
    "refused": (240, 228, 66),
    "aborted": (120, 124, 130),
}
PHRASE_COLORS: Final[tuple[Rgb, ...]] = ((255, 158, 26), (26, 191, 242), (204, 121, 167), (240, 228, 66))
"""one per phrase that the planner grounds, in the order of the sentence"""


def escape(name: str) -> str:
    """One entity path part from any name: readable, and never a path of its own."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name) or "_"


def body_path(body: str, body_index: int) -> str:
    """Entity that carries the pose of a body."""
    return f"{SCENE}/{escape(body) if body else f'body_{body_index}'}"


def camera_image(camera: str) -> str:
    """What the camera sees now."""
    return f"cameras/{camera}/image"


def camera_heat(camera: str) -> str:
    """Heatmap of the intent in use, over the newest image."""
    return f"cameras/{camera}/grounding"


def camera_peaks(camera: str) -> str:
    """Named peaks of the heatmap."""
    return f"cameras/{camera}/phrases"


def planner_image(camera: str) -> str:
    """The very image from which the intent in use came."""
    return f"planner_saw/{camera}/image"


def planner_heat(camera: str) -> str:
    """Heatmap of the intent in use, over the image it came from."""
    return f"planner_saw/{camera}/grounding"


def planner_peaks(camera: str) -> str:
    """Named peaks over the image they came from."""
    return f"planner_saw/{camera}/phrases"


def stage(name: str) -> str:
    """Milliseconds that one stage of the control step took."""
    return f"{STAGES}/{escape(name)}"


def recording_of(episode: str) -> str:
    """A recording's id for an episode; another one every time: episodes of two cockpits have the same names."""
    return f"{episode}-{uuid.uuid4().hex[:8]}"


def episode_of(recording: str) -> str:
    """The episode that a recording's id was made for."""
    return recording.rpartition("-")[0]


def driver_of(record: StepRecord) -> str:
    """Who drove at a step, as in `DRIVER_COLORS`."""
    return "steered" if record.control_source == "policy" and record.pins is not None else record.control_source
