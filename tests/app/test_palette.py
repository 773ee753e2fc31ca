"""The page's colours: readable on every ground in both themes, and told apart by people who see fewer of them."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest

CSS = (Path(__file__).parents[2] / "assets" / "web" / "palette.css").read_text()
GROUNDS = ("ground", "panel", "raised")
INKS = ("text", "muted", "accent", "planner", "refiner", "good", "bad", "warn", "human")
DRAWN = ("planner", "refiner", "human")
"""lines in the live view, lanes and bars: they stand beside each other with no word on them"""
# Machado, Oliveira and Fernandes (2009), severity 1, for linear RGB.
SEEN = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}  # fmt: skip


def palette(theme: str) -> dict[str, np.ndarray]:
    """Linear RGB of every colour of a theme; light says only what it has otherwise."""
    head, light = CSS.split(':root[data-theme="light"]')[:2]
    texts = [head, light.split("}")[0]] if theme == "light" else [head]
    found = {name: value for text in texts for name, value in re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})\b", text)}
    return {name: linear(value) for name, value in found.items()}


def linear(value: str) -> np.ndarray:
    rgb = np.array([int(value[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    """WCAG 2.2's contrast ratio."""
    low, high = sorted(float(rgb @ (0.2126, 0.7152, 0.0722)) for rgb in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    rgb = np.clip(rgb, 0, 1)
    shown = np.where(rgb <= 0.0031308, rgb * 12.92, 1.055 * rgb ** (1 / 2.4) - 0.055)
    return cv2.cvtColor(shown.astype(np.float32)[None, None], cv2.COLOR_RGB2LAB)[0, 0]


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("ground", GROUNDS)
def test_every_ink_has_a_contrast_of_four_and_a_half_on_every_ground(theme: str, ground: str) -> None:
    colors = palette(theme)
    faint = {ink: round(contrast(colors[ink], colors[ground]), 2) for ink in INKS}
    assert not {ink: ratio for ink, ratio in faint.items() if ratio < 4.5}


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("eyes", [*SEEN, "all cones"])
def test_what_is_drawn_in_colour_alone_is_told_apart_by_everybody(theme: str, eyes: str) -> None:
    colors = palette(theme)
    seen = np.array(SEEN.get(eyes, np.eye(3)))
    near = {
        (one, other): round(float(np.linalg.norm(lab(seen @ colors[one]) - lab(seen @ colors[other]))), 1)
        for one, other in combinations(DRAWN, 2)
    }
    assert not {pair: distance for pair, distance in near.items() if distance < 20}, near
