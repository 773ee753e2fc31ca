"""Sizes, colours and rates that the rooms of the scene share. Metres, radians, kilograms, seconds."""

from __future__ import annotations

from typing import Final

TIMESTEP: Final = 0.002
"""s; larger steps make held objects shoot out of the hand"""
SUBSTEPS: Final = 25
"""physics steps per control step (20 Hz)"""
SLICES_PER_STEP: Final = 5
"""slices in which a control step is advanced, so that motion is smooth between control steps"""

MAX_TRANSLATION: Final = 0.02
"""metres per control step at action 1"""
MAX_ROTATION: Final = 0.10
"""radians per control step at action 1"""
MAX_LEAD: Final = 0.08
"""metres that the commanded target may be ahead of the hand"""
WORKSPACE_LOW: Final = (0.22, -0.42, 0.012)
WORKSPACE_HIGH: Final = (0.74, 0.42, 0.50)
"""box for the commanded target of the grasp point, robot base frame"""

HOME: Final = (0.0, -0.60, 0.0, -2.55, 0.0, 1.95, 0.785398)
"""rad; grasp point above the middle of the near table, fingers down"""
FINGER_OPEN: Final = 0.04
GRASP_POINT_OFFSET: Final = 0.1034
"""metres from the hand frame to the point between the fingertips, along the hand's z"""

COLORS: Final[dict[str, tuple[float, float, float]]] = {
    "red": (0.80, 0.11, 0.11),
    "green": (0.13, 0.55, 0.20),
    "blue": (0.10, 0.28, 0.80),
    "yellow": (0.93, 0.74, 0.08),
}
SHAPES: Final = ("cube", "cylinder")
CONTAINERS: Final = ("bowl", "plate")
OBJECT_NAMES: Final = tuple(f"{color} {shape}" for shape in SHAPES for color in COLORS)

CUBE_HALF: Final = 0.021
CYLINDER_RADIUS: Final = 0.019
CYLINDER_HALF: Final = 0.030
BOWL_RADIUS: Final = 0.072
"""outer radius at the rim"""
BOWL_HEIGHT: Final = 0.048
PLATE_RADIUS: Final = 0.085
PLATE_TOP: Final = 0.008
"""height of the plate's flat middle above the table"""
TABLE_SIZE: Final = (0.55, 0.60)
"""half sizes of the table top; its surface is z = 0, its centre x = 0.38"""
