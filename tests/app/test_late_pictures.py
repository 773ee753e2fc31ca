"""What a page does with pictures that come late: a real page with its worker, and a renderer as late as it is told."""

from __future__ import annotations

import time
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from e2e.steps import FLAGS
from playwright.sync_api import Page, sync_playwright
from web_server import Behind, served

from app.browser import find_browser
from app.frames import FrameFeed

PICTURE = cv2.imencode(".jpg", np.zeros((54, 96, 3), np.uint8))[1].tobytes()
LATE = 0.3
"""seconds"""


class Renderer:
    """Publishes pictures, and knows which of them the page has shown."""

    def __init__(self, frames: FrameFeed, page: Page) -> None:
        self.frames, self.page = frames, page

    def shows(self, late: float = 0.0) -> bool:
        """Whether a picture of the world `late` seconds ago is drawn."""
        stamp = self.publish(late)
        return bool(self.page.evaluate("(stamp) => libra.view.ages.some(([of]) => of === stamp)", stamp))

    def publish(self, late: float = 0.0, again: bool = False) -> float:
        stamp = time.monotonic() - late
        self.frames.publish(PICTURE, {"step": 0, "stamp": stamp, "seed": 7, "again": again})
        self.page.wait_for_timeout(120)
        return stamp


@pytest.fixture
def renderer() -> Iterator[Renderer]:
    """With a page that has shown two pictures which were not late."""
    found = find_browser()
    assert found is not None, "no browser: `make test` installs one"
    behind = Behind()
    with served(behind) as (address, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(found[0]), args=FLAGS)
        page = browser.new_page()
        page.goto(f"http://{address}/")
        page.wait_for_function("window.libra?.view.isHeard")
        page.evaluate("() => libra.view.watchAges(true)")
        renderer = Renderer(behind.frames, page)
        renderer.publish()
        assert renderer.shows()
        yield renderer
        browser.close()


def test_a_late_picture_is_not_shown_also_not_as_the_first_one_after_a_rest(renderer: Renderer) -> None:
    assert not renderer.shows(LATE)
    renderer.publish(again=True)
    time.sleep(1)  # longer than late pictures alone are put up with
    assert not renderer.shows(LATE), "what was late before the rest says nothing of what comes after it"
    assert renderer.shows()


def test_where_every_picture_is_late_an_old_one_is_better_than_none(renderer: Renderer) -> None:
    assert not renderer.shows(LATE)
    assert any(renderer.shows(LATE) for _ in range(8))
