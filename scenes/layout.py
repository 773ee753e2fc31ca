"""What stands where: everything about a scene that a seed decides, drawn before any model is built."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from scenes.constants import (
    AREA,
    BUTTON_NAMES,
    BUTTON_RADIUS,
    CABINET_SIZE,
    COLORS,
    CONTAINERS,
    CUBE_HALF,
    CYLINDER_HALF,
    CYLINDER_RADIUS,
    DRAWER,
    DRAWER_TRAVEL,
    FOOTPRINT,
    HANDLE_REACH,
    HOME,
    OBJECT_NAMES,
)
from scenes.goals import Spot

CONTAINER_COLORS = ((0.93, 0.93, 0.91), (0.30, 0.31, 0.34), (0.80, 0.70, 0.57), (0.16, 0.52, 0.53), (0.45, 0.31, 0.56))
TABLE_COLORS = ((0.71, 0.60, 0.48), (0.62, 0.50, 0.39), (0.78, 0.72, 0.64), (0.60, 0.61, 0.62), (0.80, 0.79, 0.76))
CABINET_COLORS = ((0.72, 0.58, 0.42), (0.88, 0.87, 0.84), (0.50, 0.52, 0.55), (0.52, 0.37, 0.26))
LYING_FRACTION = 0.25
"""of the cylinders"""
TEXTURES = 16
"""table cloths; the first half may be used in training"""
_CABINET_Y = 0.342
_GAP = 0.028


@dataclass(frozen=True)
class Placement:
    """One object: its name ("red cube", "bowl"), pose in the base frame and colour."""

    name: str
    position: tuple[float, float, float]
    quaternion: tuple[float, float, float, float]
    rgb: tuple[float, float, float]
    moved: float = 0.0
    """drawer: how far it is open, button: how far it is pressed, 0 to 1"""

    @property
    def shape(self) -> str:
        """What it is: cube, cylinder, bowl or plate."""
        return self.name.split()[-1]


@dataclass(frozen=True)
class Layout:
    """A whole scene, as drawn from its seed; camera jitter in metres and radians, light as a factor."""

    seed: int
    placements: tuple[Placement, ...]
    joints: tuple[float, ...]
    table_rgb: tuple[float, float, float]
    light: float
    light_shift: tuple[float, float]
    camera_shift: tuple[float, float, float]
    camera_turn: tuple[float, float]
    """metres by which the point that it looks at is moved, across and up"""
    camera_roll: float = 0.0
    """rad"""
    texture: int = -1
    """number of the table cloth, -1 for bare wood"""

    @property
    def names(self) -> list[str]:
        """What stands on the table."""
        return [placement.name for placement in self.placements]

    @property
    def spots(self) -> dict[str, Spot]:
        """Where everything stands; a drawer where its handle is."""
        return {placement.name: _spot(placement) for placement in self.placements}


def _spot(placement: Placement) -> Spot:
    x, y, z = placement.position
    if placement.name == DRAWER:
        y -= np.sign(y) * (HANDLE_REACH + placement.moved * DRAWER_TRAVEL)
    lying = placement.shape == "cylinder" and z < (CYLINDER_RADIUS + CYLINDER_HALF) / 2
    return Spot(x, float(y), z, lying, placement.moved)


def draw_layout(
    seed: int, objects: tuple[int, int] = (2, 5), area: tuple[tuple[float, float], tuple[float, float]] = AREA
) -> Layout:
    """The scene of a seed: two to five coloured objects, a bowl, a plate or both, and how the room looks.

    Where these leave room there is a cabinet with a drawer on one side, and up to three buttons. Scenes have other
    numbers of `objects` (fewest, most) and another `area` (x and y range of their middles) only for perturbed tests.
    """
    rng = np.random.default_rng([seed, 0xC0FFEE])
    while True:
        chosen = [
            str(name) for name in rng.choice(OBJECT_NAMES, size=rng.integers(objects[0], objects[1] + 1), replace=False)
        ]
        containers = list(CONTAINERS) if rng.random() < 0.7 else [str(rng.choice(CONTAINERS))]
        spots = _spread([*containers, *chosen], area, rng)
        if spots is not None:
            break
    placements = tuple(_place(name, spot, rng) for name, spot in spots)
    placements += _furniture(spots, np.random.default_rng([seed, 0xF0B]))
    jitter = np.array((0.15, 0.10, 0.15, 0.10, 0.10, 0.10, 0.25))
    return Layout(
        seed=seed,
        placements=placements,
        joints=tuple(np.array(HOME) + rng.uniform(-1, 1, 7) * jitter),
        table_rgb=_shade(TABLE_COLORS[rng.integers(len(TABLE_COLORS))], 0.05, rng),
        light=float(rng.uniform(0.8, 1.15)),
        light_shift=tuple(rng.uniform(-0.4, 0.4, 2)),
        camera_shift=tuple(rng.uniform(-0.015, 0.015, 3)),
        camera_turn=tuple(rng.uniform(-0.02, 0.02, 2)),
    )


def _spread(
    names: list[str], area: tuple[tuple[float, float], tuple[float, float]], rng: Generator
) -> list[tuple[str, tuple[float, float]]] | None:
    spots: list[tuple[str, tuple[float, float]]] = []
    for name in names:
        radius = FOOTPRINT[name.split()[-1]]
        for _ in range(60):
            x, y = rng.uniform(*area[0]), rng.uniform(*area[1])
            if all(np.hypot(x - u, y - v) > radius + FOOTPRINT[other.split()[-1]] + _GAP for other, (u, v) in spots):
                spots.append((name, (x, y)))
                break
        else:
            return None
    return spots


def _furniture(spots: list[tuple[str, tuple[float, float]]], rng: Generator) -> tuple[Placement, ...]:
    taken = [(x, y, FOOTPRINT[name.split()[-1]]) for name, (x, y) in spots]
    placed: list[Placement] = []
    for _ in range(60):
        x, side = rng.uniform(0.38, 0.60), rng.choice((-1.0, 1.0))
        inner = _CABINET_Y - HANDLE_REACH - DRAWER_TRAVEL - 0.04
        if all(abs(u - x) > CABINET_SIZE[0] + r + 0.026 or side * v + r < inner for u, v, r in taken):
            quaternion = (0.0, 0.0, 0.0, 1.0) if side > 0 else (1.0, 0.0, 0.0, 0.0)
            rgb = _shade(CABINET_COLORS[rng.integers(len(CABINET_COLORS))], 0.05, rng)
            moved = float(rng.uniform(0, 0.25) if rng.random() < 0.5 else rng.uniform(0.8, 1.0))
            moved = 0.0 if moved < 0.1 else moved
            placed.append(Placement(DRAWER, (float(x), float(side * _CABINET_Y), 0.0), quaternion, rgb, moved))
            taken += [(float(x), float(side * (inner + 0.04)), 0.05), (float(x), float(side * (inner + 0.12)), 0.10)]
            break
    wanted = int(rng.choice((0, 0, 1, 1, 2, 3)))
    names = [str(name) for name in rng.permutation(BUTTON_NAMES)[:wanted]]
    for name in names:
        for _ in range(25):
            x, y = float(rng.uniform(AREA[0][0] - 0.03, AREA[0][1])), float(rng.uniform(*AREA[1]))
            if all(np.hypot(x - u, y - v) > BUTTON_RADIUS + r + _GAP for u, v, r in taken):
                rgb = _shade(COLORS[name.split()[0]], 0.06, rng)
                placed.append(Placement(name, (x, y, 0.0), (1.0, 0.0, 0.0, 0.0), rgb))
                taken.append((x, y, BUTTON_RADIUS))
                break
    return tuple(placed)


def _place(name: str, spot: tuple[float, float], rng: Generator) -> Placement:
    yaw = rng.uniform(-np.pi, np.pi)
    upright = (float(np.cos(yaw / 2)), 0.0, 0.0, float(np.sin(yaw / 2)))
    shape = name.split()[-1]
    if shape in CONTAINERS:
        return Placement(name, (*spot, 0.0), upright, _shade(CONTAINER_COLORS[rng.integers(5)], 0.04, rng))
    rgb = _shade(COLORS[name.split()[0]], 0.06, rng)
    if shape == "cube":
        return Placement(name, (*spot, CUBE_HALF), upright, rgb)
    standing = Placement(name, (*spot, CYLINDER_HALF), upright, rgb)
    return standing if rng.random() >= LYING_FRACTION else _lay_down(standing, yaw)


def tip_over(layout: Layout, rng: Generator) -> Layout:
    """The same scene with all its cylinders lying, each some way."""
    return replace(
        layout,
        placements=tuple(
            _lay_down(placement, rng.uniform(-np.pi, np.pi)) if placement.shape == "cylinder" else placement
            for placement in layout.placements
        ),
    )


def _lay_down(cylinder: Placement, yaw: float) -> Placement:
    half = np.sqrt(0.5)
    lying = (half * np.cos(yaw / 2), -half * np.sin(yaw / 2), half * np.cos(yaw / 2), half * np.sin(yaw / 2))
    w, x, y, z = (float(q) for q in lying)
    return replace(cylinder, position=(*cylinder.position[:2], CYLINDER_RADIUS), quaternion=(w, x, y, z))


def _shade(rgb: tuple[float, float, float], spread: float, rng: Generator) -> tuple[float, float, float]:
    shaded = np.clip(np.array(rgb) * rng.uniform(1 - 2 * spread, 1 + spread) + rng.uniform(-1, 1, 3) * spread / 2, 0, 1)
    return (float(shaded[0]), float(shaded[1]), float(shaded[2]))
