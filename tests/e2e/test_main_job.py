"""The main job in a real browser: type a sentence, the policy does it, and both systems are seen to think."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from gradio_client import Client
from playwright.sync_api import Page
from rerun.chunk import RrdReader

from e2e.steps import INSTRUCTION, rerun_in, say, stand, wait_for
from records import CONTROL_PERIOD
from viz import paths

DRAWN = "(window.libra?.view.frames ?? 0)"
ATTEMPTS = 2
"""scenes that are tried until one attempt succeeds: the policy is learned, and not every attempt does"""


def test_the_page_fits_and_has_its_elements(page: Page) -> None:
    for name in ("instruction", "run", "pause", "step", "reset", "stop", "status", "live-view", "rerun"):
        assert page.locator(f"#{name}").count() == 1, name
    assert page.evaluate("document.documentElement.scrollHeight") <= 900
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440


def test_a_typed_sentence_is_carried_out_and_seen_in_rerun(page: Page, client: Client) -> None:
    before = page.evaluate(DRAWN)
    for attempt in range(ATTEMPTS):
        status = client.predict(str(880_000 + attempt), api_name="/reset")
        assert status["state"] == "idle" and status["suggestions"]
        say(page, status["suggestions"][0])
        status = wait_for(client, lambda now: now["state"] == "ended", 90)
        if status["outcome"] == "success":
            break
    assert status["outcome"] == "success"
    assert page.evaluate(DRAWN) - before >= 2 * status["step"] * CONTROL_PERIOD, "less than two frames a second"
    page.locator("#status [data-field=outcome]", has_text="uccess").wait_for()
    recording = recording_of(client, status["episode"])
    wanted = {f"{paths.TOKEN_GRID}/cells", paths.COARSE, paths.REFINED, paths.TAKEN}
    deadline = time.monotonic() + 60
    while (missing := wanted - entities(recording)) and time.monotonic() < deadline:
        time.sleep(1)
    assert not missing


def recording_of(client: Client, episode: str) -> Path:
    """Its file, once Rerun has come to it: it has what the loop leaves of the processor."""
    deadline = time.monotonic() + 60
    while True:
        (mine,) = (each for each in client.predict(api_name="/episodes")["episodes"] if each["episode"] == episode)
        for file in mine["files"]:
            if file.endswith(".rrd"):
                return Path(file)
        assert time.monotonic() < deadline, mine
        time.sleep(0.5)


def entities(recording: Path) -> set[str]:
    return {chunk.entity_path.lstrip("/") for chunk in RrdReader(recording).stream().collect().stream()}


def test_the_viewer_is_shown_once_it_begins_not_the_white_page_before(page: Page) -> None:
    for _ in ("hidden", "shown"):
        page.click("#rerun-toggle")
    page.wait_for_selector("#rerun iframe.loading", state="attached")
    assert "loading" in (page.text_content('[data-field="viewer"]') or "")
    rerun_in(page)
    page.wait_for_selector("#rerun iframe:not(.loading)", timeout=15_000)


def test_no_picture_of_the_viewer_keeps_the_page_waiting(page: Page) -> None:
    rerun = rerun_in(page)
    page.evaluate(
        "() => { window.longest = 0; let last = performance.now(); window.ticking = setInterval(() => {"
        " longest = Math.max(longest, performance.now() - last); last = performance.now(); }, 10); }"
    )
    rerun.evaluate("() => { const began = performance.now(); while (performance.now() - began < 3000); }")
    assert page.evaluate("() => { clearInterval(ticking); return longest; }") < 1500


def test_the_viewer_takes_no_key_from_who_types_elsewhere(page: Page) -> None:
    rerun = rerun_in(page)
    rerun.evaluate("() => { window.drawn = 0; libra.viewer.onPicture = () => { drawn += 1; }; }")
    rerun.wait_for_function("() => drawn > 0")
    page.fill(INSTRUCTION, "")
    page.focus(INSTRUCTION)
    words = "pick up the red cube"
    before = rerun.evaluate("drawn")
    for letter in words:
        page.keyboard.type(letter)
        page.wait_for_timeout(100)
    assert rerun.evaluate("drawn") > before
    assert page.input_value(INSTRUCTION) == words


_AT_THE_SAME_STEP = """() => {
  const { looked, recording, cursor, handle } = window.libra.viewer;
  return Boolean(looked) && handle?.get_active_recording_id() === recording && cursor === looked[1];
}"""


def test_rerun_goes_to_the_step_that_is_looked_at_and_along_in_play(page: Page, client: Client) -> None:
    rerun = rerun_in(page)
    page.wait_for_selector("#rewind:enabled")
    page.focus("#timeline canvas")
    for key in ("Home", "PageDown", "ArrowRight"):
        before = client.predict(api_name="/status")["looked"]
        page.keyboard.press(key)
        looked = wait_for(client, lambda now, before=before: now["looked"] not in (None, before), 30)["looked"]
        rerun.wait_for_function(_AT_THE_SAME_STEP)
        assert client.predict(api_name="/status")["looked"] == looked, "the viewer's cursor moves the page back"
    rerun.evaluate("() => { window.pictures = []; libra.viewer.onPicture = (drawn) => pictures.push(drawn); }")
    page.keyboard.press("Home")
    page.evaluate("window.libra.view.ask({ do: 'play', on: true, speed: 0.5 })")
    rerun.wait_for_function("() => new Set(pictures.map((drawn) => drawn.cursor)).size > 1")
    page.evaluate("window.libra.view.ask({ do: 'play', on: false })")
    assert all(abs(drawn["looked"] - drawn["cursor"]) <= 1 for drawn in rerun.evaluate("pictures"))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [("", "instruction"), ("x" * 300, "200"), ("pick up the purple banana", "see")],
)
def test_words_that_cannot_be_carried_out_get_one_sentence_and_no_motion(
    client: Client, words: str, sentence: str
) -> None:
    client.predict("880000", api_name="/reset")
    before = client.predict(api_name="/status")["end_effector_position"]
    status = client.predict(words, api_name="/run")
    if "error" not in status:
        status = wait_for(client, lambda now: now["state"] == "ended", 30)
        assert status["outcome"] == "refused"
    assert sentence in (status.get("error") or status["message"])
    after = client.predict(api_name="/status")["end_effector_position"]
    assert max(abs(a - b) for a, b in zip(before, after, strict=True)) < 0.002


def test_every_button_is_an_endpoint_that_answers_with_an_object(client: Client) -> None:
    status = client.predict("880001", api_name="/reset")
    assert status["state"] == "idle" and status["seed"] == 880_001
    assert "error" in client.predict("a seed", api_name="/reset")
    step = stand(client, 880_001)["step"]
    client.predict(api_name="/step")
    assert wait_for(client, lambda now: now["step"] > step, 60)["step"] == step + 1
    assert client.predict(api_name="/stop")["state"] == "holding"
    assert client.predict(api_name="/pause")["state"] == "paused"
    assert client.predict(api_name="/pause")["state"] == "holding", "it goes on as it was"


def test_escape_stops_the_arm_while_the_viewer_has_the_keyboard(page: Page, client: Client) -> None:
    client.predict("880000", api_name="/reset")
    assert client.predict(api_name="/take_over")["driver"] == "human"
    rerun_in(page).evaluate("() => document.querySelector('canvas').focus()")
    page.focus("#rerun iframe")
    page.keyboard.press("Escape")
    wait_for(client, lambda now: now["driver"] != "human", 60)
    client.predict("880000", api_name="/reset")
