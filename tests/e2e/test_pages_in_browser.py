"""Library and failures in a real browser, beside the cockpit that they show episodes in."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from gradio_client import Client
from playwright.sync_api import Page, expect

from app import DEFAULT_CHECKPOINT
from e2e.steps import stand, wait_for

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def recorded(client: Client) -> str:
    """An episode of this run, by its id in the library."""
    stand(client, 880_003, step=30)
    client.predict("880004", api_name="/reset")
    return str(client.predict(api_name="/episodes")["episodes"][-1]["episode"])


def evaluate(library: Path, *words: str) -> str:
    """Two episodes of the scripted expert, kept; the id of their evaluation."""
    line = [sys.executable, "-m", "app.cli", "eval", "--expert", "--episodes", "2", "--tasks", "pick", "--workers", "1"]
    known = set((library / "evaluations").glob("*"))
    where = ["--seed", "880000", "--keep", str(library / "evaluations")]
    subprocess.run([*line, *where, *words], cwd=ROOT, check=True, capture_output=True)
    (fresh,) = set((library / "evaluations").glob("*")) - known
    return fresh.name


@pytest.fixture(scope="module")
def evaluation(library: Path) -> str:
    return evaluate(library)


@pytest.fixture(scope="module")
def disturbed(library: Path, evaluation: str) -> str:
    """The same scenes in other light."""
    return evaluate(library, "--perturb", "light")


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


def test_two_evaluations_are_compared_and_the_address_brings_it_all_back(
    beside: Page, address: str, evaluation: str, disturbed: str
) -> None:
    beside.goto(f"{address}failures#{disturbed}")
    beside.wait_for_selector('#matrix[data-count="2"]')
    beside.select_option("#against", evaluation)
    beside.locator("#summary", has_text="Before:").wait_for()
    assert "2 pairs" in (beside.text_content("#summary") or "")
    beside.select_option("#filter-changed", "unchanged")
    beside.select_option("#sort", "steps")
    beside.focus("#matrix")
    beside.keyboard.press("Home")
    beside.keyboard.press("Enter")
    beside.click("#one-other")
    beside.locator("#facts", has_text="This is how it was before").wait_for()
    beside.click("#one-other")
    beside.locator("#one-other", has_text="How it was before").wait_for()
    assert "against=" in beside.url and beside.url.split("#")[1].startswith(disturbed)
    beside.reload()
    beside.wait_for_selector("#one-other")
    chosen = [beside.input_value(place) for place in ("#evaluation", "#against", "#filter-changed", "#sort")]
    assert chosen == [disturbed, evaluation, "unchanged", "steps"]
    beside.click("#clear-filters")
    beside.select_option("#evaluation", evaluation)
    beside.wait_for_selector("#changed-label", state="hidden")
    assert beside.input_value("#against") == ""


def test_an_address_of_nothing_is_said_to_be_one(beside: Page, address: str, evaluation: str) -> None:
    beside.goto(f"{address}failures#{evaluation}/99")
    beside.locator("#notice", has_text="has no episode 99").wait_for()
    beside.goto(f"{address}failures?again#nowhere")
    beside.locator("#notice", has_text="no evaluation nowhere").wait_for()


@pytest.mark.parametrize("name", ["library", "failures"])
def test_a_page_fits_a_phone_and_leads_back(beside: Page, address: str, name: str) -> None:
    beside.set_viewport_size({"width": 390, "height": 844})
    beside.goto(f"{address}{name}")
    beside.wait_for_selector("#player-view")
    assert beside.evaluate("document.documentElement.scrollWidth") <= 390
    assert beside.locator('.pages a[href="/"]').is_visible()


def test_a_checkpoint_that_was_made_here_is_compared_with_its_parent_by_one_button(
    beside: Page, address: str, library: Path
) -> None:
    folder = library / "better"
    shutil.copytree(DEFAULT_CHECKPOINT, folder)
    parent = {"checkpoint": str(DEFAULT_CHECKPOINT), "fingerprint": ""}
    lineage = {"parent": parent, "episodes": [], "human_steps": 12, "families": ["button"], "commit": "", "compare": ""}
    (folder / "lineage.json").write_text(json.dumps(lineage))
    beside.goto(f"{address}library")
    beside.wait_for_selector("#episodes")
    beside.click("#do-tune")
    row = beside.locator('#made li[data-name="better"]')
    expect(row).to_contain_text("12 steps by hand")
    expect(row.locator(".worth")).to_have_text("not measured yet")
    beside.click('#made button[aria-label^="Compare: better"]')
    beside.focus('#made button[aria-label^="Cancel: better"]')
    beside.wait_for_timeout(1500)  # looked at once more meanwhile
    beside.keyboard.press("Enter")
    beside.wait_for_selector('#made button[aria-label^="Go on: better"]')
    expect(row.locator(".so-far")).to_contain_text("it can go on from there")
