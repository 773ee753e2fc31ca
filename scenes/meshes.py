"""Shapes and patterns made of numbers: bowls and plates as surfaces of revolution, table cloths."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenes.constants import BOWL_HEIGHT, BOWL_RADIUS, PLATE_RADIUS, PLATE_TOP


def revolve(profile: NDArray[np.float64], sides: int = 48) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Turn an (P, 2) profile of (radius, height), listed outside first, about z into (V, 3) vertices, (F, 3) faces."""
    angles = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    ring = np.stack((np.cos(angles), np.sin(angles)), axis=1)
    vertices = np.concatenate([np.column_stack((ring * max(r, 1e-4), np.full(sides, z))) for r, z in profile])
    faces = []
    for row in range(len(profile) - 1):
        a = row * sides + np.arange(sides)
        b = row * sides + (np.arange(sides) + 1) % sides
        faces += [np.column_stack((a, b, b + sides)), np.column_stack((a, b + sides, a + sides))]
    return vertices, np.concatenate(faces).astype(np.int32)


def bowl_profile() -> NDArray[np.float64]:
    """Outer wall from the foot up, over a rounded rim, inner wall down to the middle."""
    t = np.linspace(0, 1, 8)
    outer = np.column_stack((0.040 + (BOWL_RADIUS - 0.040) * np.sin(t * np.pi / 2) ** 0.9, BOWL_HEIGHT * t**1.25))
    inner = outer[::-1] + np.column_stack((np.full(8, -0.0045), np.linspace(0.0, 0.005, 8)))
    return np.concatenate(([[0.0, 0.0]], outer, inner, [[0.0, 0.005]]))


def plate_profile() -> NDArray[np.float64]:
    """A flat middle and a gently rising rim."""
    return np.array(
        [
            (0.0, 0.0), (0.055, 0.0), (PLATE_RADIUS, PLATE_TOP + 0.007), (PLATE_RADIUS - 0.002, PLATE_TOP + 0.010),
            (0.062, PLATE_TOP + 0.001), (0.056, PLATE_TOP), (0.0, PLATE_TOP),
        ]
    )  # fmt: skip


def pattern(number: int, side: int = 64) -> NDArray[np.uint8]:
    """(side, side, 3) a light grey picture that repeats: stripes, checks, dots, waves or blotches."""
    rng = np.random.default_rng([number, 0xC107])
    x, y = np.meshgrid(*(np.arange(side) / side * 2 * np.pi,) * 2)
    kind, n, m = number % 5, int(rng.integers(2, 7)), int(rng.integers(2, 7))
    if kind == 0:
        wave = np.sign(np.sin(n * x + m * y))
    elif kind == 1:
        wave = np.sign(np.sin(n * x)) * np.sign(np.sin(n * y))
    elif kind == 2:
        wave = np.where(np.cos(n * x) + np.cos(n * y) > 1.0, 1.0, -1.0)
    elif kind == 3:
        wave = np.sin(n * x + 2 * np.sin(m * y))
    else:
        phases = rng.uniform(0, 2 * np.pi, 8)
        waves = [np.sin(rng.integers(-4, 5) * x + rng.integers(-4, 5) * y + phase) for phase in phases]
        wave = np.clip(np.sum(waves, axis=0) / 3, -1, 1)
    grey = 200 + wave * rng.uniform(20, 50)
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
