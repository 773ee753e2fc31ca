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
BUTTON_NAMES: Final = tuple(f"{color} button" for color in COLORS)
DRAWER: Final = "drawer"
AREA: Final = ((0.36, 0.64), (-0.25, 0.25))
"""x and y ranges in which object centres start, robot base frame"""

CUBE_HALF: Final = 0.021
CYLINDER_RADIUS: Final = 0.019
CYLINDER_HALF: Final = 0.030
BOWL_RADIUS: Final = 0.072
"""outer radius at the rim"""
BOWL_HEIGHT: Final = 0.048
PLATE_RADIUS: Final = 0.085
PLATE_TOP: Final = 0.008
"""height of the plate's flat middle above the table"""
BUTTON_RADIUS: Final = 0.034
BUTTON_TOP: Final = 0.034
"""height of a button that nobody has pressed"""
BUTTON_TRAVEL: Final = 0.010
DRAWER_TRAVEL: Final = 0.08
HANDLE_HEIGHT: Final = 0.034
CABINET_SIZE: Final = (0.085, 0.060, 0.0285)
"""half sizes; the drawer opens along the second; so low that the hand may pass over it while it grasps"""
HANDLE_REACH: Final = 0.088
"""metres from the cabinet's middle to the middle of the closed drawer's handle"""
PUSH_DISTANCE: Final = 0.08
"""metres by which a pushed object must have moved"""
FOOTPRINT: Final = {
    "cube": 0.032,
    "cylinder": 0.036,
    "bowl": BOWL_RADIUS,
    "plate": PLATE_RADIUS,
    "button": BUTTON_RADIUS,
    "drawer": 0.05,
}
"""radius in metres around each thing's middle that it needs for itself; a drawer's is that of its handle"""
TABLE_SIZE: Final = (0.55, 0.60)
"""half sizes of the table top; its surface is z = 0, its centre x = 0.38"""
NUDGE_LOW: Final = (0.26, -0.42)
NUDGE_HIGH: Final = (0.74, 0.42)
"""x and y that an object may be put to by hand, metres: within reach of the arm"""
