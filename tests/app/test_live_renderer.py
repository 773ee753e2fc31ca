"""The live renderer's choice between pictures with all their pixels and pictures in time."""

from __future__ import annotations

import pytest

from app.live import HURRIED_SECONDS, MIN_FPS, Effort


def spend(effort: Effort, seconds: float, times: int = 40) -> None:
    for _ in range(times):
        effort.spent(seconds)


def test_pictures_lose_pixels_where_they_take_too_long_and_get_them_back_where_they_are_quick() -> None:
    effort = Effort()
    spend(effort, 0.7 / MIN_FPS)
    assert effort.detail == "moving"
    spend(effort, 1.1 / MIN_FPS)
    assert effort.detail == "draft"
    spend(effort, 0.3 / MIN_FPS)
    assert effort.detail == "moving"


@pytest.mark.parametrize("fixed", [0.0, 0.1, 0.3, 0.6])
@pytest.mark.parametrize("whole", [0.5, 0.85, 0.95, 1.1, 1.5, 3.0])
def test_the_detail_does_not_swing(whole: float, fixed: float) -> None:
    """`whole`: what a picture with all pixels takes, in periods of `MIN_FPS`; `fixed`: the share that has no pixels."""
    effort, changes = Effort(), 0
    for _ in range(400):
        before = effort.detail
        share = 1 if before == "moving" else fixed + 4 / 9 * (1 - fixed)
        effort.spent(whole * share / MIN_FPS)
        changes += effort.detail != before
    assert changes <= 1


def test_one_slow_picture_means_nothing_the_first_one_neither() -> None:
    effort = Effort()
    effort.spent(10 / MIN_FPS)
    spend(effort, 0.5 / MIN_FPS)
    effort.spent(5 / MIN_FPS)
    assert effort.detail == "moving"
    effort.begin()
    effort.spent(10 / MIN_FPS)
    assert effort.detail == "moving"


def test_who_drives_by_hand_gets_pictures_soon_rather_than_whole() -> None:
    effort = Effort()
    assert effort.hurried == "moving"
    spend(effort, 1.5 * HURRIED_SECONDS)
    assert effort.detail == "moving" and effort.hurried == "draft"
