"""The page for everybody: names for screen readers, tooltips and keys, focus that is seen, all on one screen."""

from __future__ import annotations

import pytest
from gradio_client import Client
from playwright.sync_api import Page

from e2e.steps import stand, wait_for

NAMELESS = """() => [...document.querySelectorAll("button, input, select, textarea, a, canvas, [role=slider], dialog")]
    .filter((each) => each.getClientRects().length && !each.closest("#rerun"))
    .filter((each) => {
      const label = each.labels?.length ? [...each.labels].map((one) => one.textContent).join("") : "";
      const by = each.getAttribute("aria-labelledby");
      const named = by ? document.getElementById(by)?.textContent : "";
      return !(each.getAttribute("aria-label") || named || label || each.textContent || each.title || "").trim();
    }).map((each) => each.outerHTML.slice(0, 160))"""
MUTE = """() => [...document.querySelectorAll("button")]
    .filter((each) => !each.closest("#rerun, #suggestions, #token-grid, dialog, #latency, #branches, #refresh"))
    .filter((each) => (each.id || each.closest("#world-panel")) && !each.dataset.tip).map((each) => each.outerHTML)"""
KEYLESS = """() => [...document.querySelectorAll("button[id], #world-panel button")]
    .filter((each) => !each.closest("#rerun, dialog, .hover-panel:not(#world-panel), .tour"))
    .filter((each) => each.dataset.tip && !each.dataset.key)
    .map((each) => each.outerHTML)"""
TWICE = """() => {
    const keys = [...document.querySelectorAll("[data-key]:not(#hand-back)")].map((each) => each.dataset.key);
    return keys.filter((key, at) => keys.indexOf(key) !== at);
}"""
STICKS_OUT = """() => [...document.querySelectorAll("#world-panel button, #world-panel input, #controls button")]
    .filter((each) => each.getClientRects().length)
    .filter((each) => {
      const [box, panel] = [each, each.closest("#world-panel, #controls")].map((one) => one.getBoundingClientRect());
      return box.left < panel.left || box.right > panel.right + 0.5;
    }).map((each) => each.outerHTML.slice(0, 160))"""
FOCUSED = """() => {
    const at = document.activeElement;
    if (at === document.body || at.closest("#rerun")) return null; // within the frame its own page shows it
    const seen = (each) => {
      const style = each && getComputedStyle(each);
      if (!style) return false;
      return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== "none";
    };
    return [at.id || at.outerHTML.slice(0, 90), Boolean(seen(at) || seen(at.closest("label")))];
}"""


@pytest.fixture(autouse=True)
def at_rest(page: Page, client: Client) -> None:
    page.wait_for_function("window.libra?.view.frames > 5")
    client.predict("880001", api_name="/reset")
    wait_for(client, lambda now: now["state"] == "idle", 60)


def test_everything_has_a_name_and_every_button_says_what_it_does_and_which_key_does_it(page: Page) -> None:
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(MUTE) == []
    assert page.evaluate(KEYLESS) == []
    assert page.evaluate(TWICE) == []


def test_the_whole_page_is_on_one_screen(page: Page) -> None:
    assert page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [1440, 900]
    last = page.evaluate("document.querySelector('#controls').getBoundingClientRect().bottom")
    assert last <= 900


def test_whoever_has_only_keys_sees_where_they_are_and_does_everything(page: Page, client: Client) -> None:
    page.evaluate("document.activeElement.blur()")
    unseen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUSED)
        if found is not None and not found[1]:
            unseen.append(found[0])
    assert unseen == []
    page.focus("#live-view .screen")  # where C alone would mean something else
    page.keyboard.press("Shift+C")
    assert page.is_visible("#world-panel") and page.evaluate(STICKS_OUT) == []
    before = len(client.predict(api_name="/status")["objects"])
    page.focus("#drop")
    page.keyboard.press("Enter")
    wait_for(client, lambda now: len(now["objects"]) == before + 1, 60)
    page.keyboard.press("Escape")
    assert page.is_hidden("#world-panel")
    page.keyboard.press("t")
    wait_for(client, lambda now: now["driver"] == "human", 60)
    page.keyboard.press("Escape")
    wait_for(client, lambda now: now["state"] == "holding", 60)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    assert page.is_visible("#help-dialog") and "Rewind" not in page.text_content("#help-dialog h2")
    page.keyboard.press("Escape")
    assert page.is_hidden("#help-dialog")


def test_a_line_that_is_sketched_from_the_hand_pins_its_direction(page: Page, client: Client) -> None:
    assert stand(client, 880_001)["tokens"] is not None
    page.wait_for_function("document.querySelector('#pause').textContent.includes('Resume')")
    seen = page.evaluate(
        "() => { const view = libra.view.canvas.getBoundingClientRect();"
        " const at = libra.drive.camera.project(libra.drive.pull.hand, view); return [view.x + at.x, view.y + at.y]; }"
    )
    page.mouse.move(*seen)
    page.mouse.down()
    page.mouse.move(seen[0], seen[1] - 60, steps=3)
    page.mouse.up()
    page.wait_for_function("document.querySelectorAll('#token-grid [aria-pressed=true]').length === 3")
    assert page.is_visible('#token-grid button[aria-pressed="true"][aria-label^="z +0.9"]')
    page.wait_for_function("document.querySelector('.foresight .refined').getAttribute('points').length > 10")
    page.click("#unpin")


def test_a_page_at_rest_lets_the_browser_rest(page: Page) -> None:
    frames = """async () => {
        const number = () => requestAnimationFrame(() => {}); // they are counted, whoever asks for one
        const before = number();
        await new Promise((done) => setTimeout(done, 1000));
        return number() - before - 1;
    }"""
    assert min(page.evaluate(frames) for _ in range(3)) <= 6
