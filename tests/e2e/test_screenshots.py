"""The page as the README shows it: `LIBRA_UPDATE_SCREENSHOTS=1` writes these pictures to docs/images."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from gradio_client import Client
from playwright.sync_api import Page, expect

from e2e.steps import stand, wait_for

IMAGES = Path(__file__).parents[2] / "docs" / "images"
UPDATE = bool(os.environ.get("LIBRA_UPDATE_SCREENSHOTS"))
CATCH_UP = 25_000 if UPDATE else 0
"""milliseconds for the Rerun viewer, which is slow where the processor draws it"""

Picture = Callable[[str], None]


@pytest.fixture
def picture(page: Page, tmp_path: Path) -> Picture:
    folder = IMAGES if UPDATE else tmp_path

    def take(name: str) -> None:
        page.wait_for_timeout(CATCH_UP or 500)
        page.screenshot(path=folder / f"{name}.png")

    return take


@pytest.fixture
def paused(client: Client) -> Client:
    """An episode that has gone on for a while, and stands still."""
    stand(client, 880_002, which=-1, step=14)
    return client


def test_the_page_while_both_systems_think(page: Page, paused: Client, picture: Picture) -> None:
    expect(page.locator("#pause")).to_have_text("Resume", timeout=30_000)
    picture("cockpit")


def test_a_branch_by_hand_and_the_tree_of_episodes(page: Page, paused: Client, picture: Picture) -> None:
    first = paused.predict(api_name="/status")["episode"]
    paused.predict(12, api_name="/rewind")
    page.click("#take-over")
    wait_for(paused, lambda now: now["driver"] == "human" and now["holder"] is not None, 60)
    page.focus("#live-view .screen")
    page.keyboard.down("f")
    wait_for(paused, lambda now: now["line"]["human"], 60)
    page.keyboard.up("f")
    picture("hands")
    paused.predict(api_name="/stop")
    paused.predict(api_name="/pause")
    page.click("#tree")
    page.wait_for_function("document.querySelectorAll('#branches [data-episode]').length >= 2")
    page.click(f'#branches [data-episode="{first}"]')
    looked = wait_for(paused, lambda now: now["looked"] is not None, 60)["looked"]
    assert looked[0] == first
    page.wait_for_function("document.querySelector('[data-field=\"where\"]').textContent.includes('step')")
    picture("tree")
    page.click("#tree")


def test_the_page_on_a_phone(page: Page, paused: Client, picture: Picture) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    try:
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        for name in ("run", "stop", "take-over", "timeline"):
            assert page.locator(f"#{name}").is_visible(), name
        picture("phone")
    finally:
        page.set_viewport_size({"width": 1440, "height": 900})


def test_a_direction_that_is_pinned_and_the_panel_for_the_world(page: Page, paused: Client, picture: Picture) -> None:
    wait_for(paused, lambda now: now["tokens"] is not None, 60)
    for bin_ in ("x +0.7", "z +0.9"):
        page.click(f'#token-grid button[aria-label^="{bin_}"]')
    page.wait_for_function("document.querySelector('.foresight .coarse').getAttribute('points').length > 20")
    page.keyboard.press("Shift+C")
    assert page.is_visible("#world-panel") and page.text_content("#drop").strip() == "Drop it"
    picture("steer")
    page.click("#world")
    page.click("#unpin")
