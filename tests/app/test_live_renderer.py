"""The live renderer's choice between pictures with all their pixels and pictures in time."""

from __future__ import annotations

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
    spend(effort, 0.6 / MIN_FPS)
    assert effort.detail == "draft", "with all pixels it would be too slow again"
    spend(effort, 0.4 / MIN_FPS)
    assert effort.detail == "moving"


def test_one_slow_picture_means_nothing() -> None:
    effort = Effort()
    spend(effort, 0.5 / MIN_FPS)
    effort.spent(5 / MIN_FPS)
    assert effort.detail == "moving"


def test_who_drives_by_hand_gets_pictures_soon_rather_than_whole() -> None:
    effort = Effort()
    assert effort.hurried == "moving"
    spend(effort, 1.5 * HURRIED_SECONDS)
    assert effort.detail == "moving" and effort.hurried == "draft"
