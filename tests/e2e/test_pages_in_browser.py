"""Library and failures in a real browser, beside the cockpit that they show episodes in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from gradio_client import Client
from playwright.sync_api import Page

from e2e.steps import wait_for

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def recorded(client: Client) -> str:
    """An episode of this run, by its id in the library."""
    status = client.predict("880003", api_name="/reset")
    client.predict(status["suggestions"][0], api_name="/run")
    wait_for(client, lambda now: now["step"] >= 30, 90)
    client.predict(api_name="/stop")
    status = client.predict("880004", api_name="/reset")
    return str(client.predict(api_name="/episodes")["episodes"][-1]["episode"])


@pytest.fixture(scope="module")
def evaluation(library: Path) -> str:
    """A kept evaluation of the scripted expert."""
    words = ["eval", "--expert", "--episodes", "2", "--tasks", "pick", "--seed", "880000", "--workers", "1"]
    line = [sys.executable, "-m", "app.cli", *words, "--keep", str(library / "evaluations")]
    subprocess.run(line, cwd=ROOT, check=True, capture_output=True)
    return next(path.name for path in (library / "evaluations").iterdir() if path.is_dir())


@pytest.fixture
def beside(page: Page) -> Page:
    """Another tab."""
    other = page.context.new_page()
    other.set_default_timeout(120_000)
    yield other
    other.close()


def test_an_episode_of_the_library_is_found_played_and_starred(
    beside: Page, address: str, client: Client, recorded: str, library: Path
) -> None:
    beside.goto(f"{address}library")
    beside.wait_for_selector("#episodes .row")
    beside.fill("#search", recorded)
    beside.wait_for_function("document.querySelectorAll('#episodes .row').length >= 1")
    assert float(beside.get_attribute("#episodes", "data-took") or "1e9") < 200
    beside.focus("#episodes")
    beside.keyboard.press("ArrowDown")
    beside.keyboard.press("Enter")
    status = wait_for(client, lambda now: now["looked"] is not None and now["looked"][1] >= 5, 60)
    assert status["looked"][0].endswith(recorded)
    wait_for(client, lambda now: now["playing"] is None, 60)
    beside.keyboard.press("s")
    beside.wait_for_selector('#episodes .star[aria-pressed="true"]')
    assert list(library.rglob(f"{recorded}.edits.json"))
    assert beside.locator("#facts h2").is_visible() and beside.locator("#player-view").is_visible()


def test_a_cell_of_an_evaluation_opens_the_episode_and_its_scene_can_be_taken_over(
    beside: Page, address: str, client: Client, evaluation: str
) -> None:
    beside.goto(f"{address}failures")
    beside.wait_for_selector('#matrix[data-count="2"]')
    beside.focus("#matrix")
    beside.keyboard.press("ArrowRight")
    assert "pick" in (beside.text_content("#cell") or "")
    beside.keyboard.press("Enter")
    looked = wait_for(client, lambda now: now["looked"] is not None, 60)["looked"]
    assert looked[0].startswith(evaluation)
    beside.wait_for_selector("#film img")
    beside.click("#one-take-over")
    beside.wait_for_url(address)
    status = wait_for(client, lambda now: now["rewound"] is not None, 60)
    assert status["rewound"][0] == looked[0] and status["state"] == "paused"
    client.predict("880000", api_name="/reset")


@pytest.mark.parametrize("name", ["library", "failures"])
def test_a_page_fits_a_phone_and_leads_back(beside: Page, address: str, name: str) -> None:
    beside.set_viewport_size({"width": 390, "height": 844})
    beside.goto(f"{address}{name}")
    beside.wait_for_selector("#player-view")
    assert beside.evaluate("document.documentElement.scrollWidth") <= 390
    assert beside.locator('.pages a[href="/"]').is_visible()
