"""Hands on in a real browser: take the arm, move it with a key, steer the tokens, move the world, go back."""

from __future__ import annotations

from pathlib import Path

import pytest
from gradio_client import Client
from playwright.sync_api import Page, expect

from e2e.steps import INSTRUCTION, stand, wait_for
from records.log import read_episode

pytestmark = pytest.mark.usefixtures("without_viewer")


@pytest.fixture
def begun(client: Client) -> Client:
    """An episode that has begun in a scene that is set up anew, and stands still."""
    stand(client, 880_001, which=2)
    return client


def test_a_key_moves_the_arm_of_whoever_took_it_and_hand_back_returns_it(page: Page, begun: Client) -> None:
    page.click("#take-over")
    taken = wait_for(begun, lambda now: now["driver"] == "human" and now["holder"].startswith("page"), 60)
    page.focus("#live-view .screen")
    page.keyboard.down("r")
    risen = wait_for(begun, lambda now: now["end_effector_position"][2] > taken["end_effector_position"][2] + 0.03, 60)
    assert risen["driver"] == "human"
    page.keyboard.up("r")
    expect(page.locator('[data-field="badge"]')).to_contain_text("Human drives", timeout=30_000)
    wait_for(begun, lambda now: now["state"] == "holding" and now["driver"] == "human", 60)
    refused = begun.predict(api_name="/take_over")
    assert "Somebody else drives" in refused["error"]
    page.click("#hand-back")
    # It may have done what was asked before anybody looks.
    wait_for(begun, lambda now: now["driver"] == "policy" or now["outcome"] is not None, 60)
    assert begun.predict(api_name="/status")["holder"] is None


def test_a_key_that_is_held_while_the_focus_goes_elsewhere_is_let_go(page: Page, begun: Client) -> None:
    page.click("#take-over")
    wait_for(begun, lambda now: now["driver"] == "human", 60)
    page.focus("#drive-frame")  # within the view: its keys drive, too
    page.keyboard.down("r")
    wait_for(begun, lambda now: now["state"] == "running" and now["driver"] == "human", 60)
    page.focus(INSTRUCTION)
    assert page.evaluate("libra.drive.keys.held.size") == 0
    wait_for(begun, lambda now: now["state"] == "holding", 60)
    page.keyboard.up("r")
    page.click("#hand-back")


def test_a_client_drives_with_numbers_and_wrong_ones_move_nothing(begun: Client) -> None:
    assert "press Take over first" in begun.predict([0, 0, 1, 0, 0, 0, -1], api_name="/drive")["error"]
    assert begun.predict(api_name="/take_over")["driver"] == "human"
    assert "from -1 to 1" in begun.predict([0, 0, 9, 0, 0, 0, -1], api_name="/drive")["error"]
    before = begun.predict(api_name="/status")["end_effector_position"][2]
    for _ in range(20):
        begun.predict([0, 0, 0.8, 0, 0, 0, -1], api_name="/drive")
    assert begun.predict(api_name="/status")["end_effector_position"][2] > before + 0.02
    assert begun.predict(api_name="/hand_back")["driver"] == "policy"


def test_a_bin_that_is_clicked_is_foreseen_then_carried_out(page: Page, begun: Client) -> None:
    page.click('#token-grid button[aria-label^="z +0.9"]')
    page.wait_for_function("document.querySelector('.foresight .coarse').getAttribute('points').length > 20")
    page.click("#pin")
    wait_for(begun, lambda now: "z to bin 9" in now["message"], 60)
    begun.predict(api_name="/pause")
    wait_for(begun, lambda now: now["line"]["human"], 60)
    begun.predict("880001", api_name="/reset")  # closes the log
    files = begun.predict(api_name="/episodes")["episodes"][-1]["files"]
    (log,) = (Path(each) for each in files if each.endswith(".arrow"))
    wait_for(begun, lambda _: read_episode(log).finished, 60)
    pinned = [record for record in read_episode(log).records if record.pins is not None]
    assert pinned and all(record.pins == (-1, -1, 9, -1, -1, -1, -1) for record in pinned)
    # The hand-over limits how fast a command may change, so the first steps may be on their way.
    assert all(record.action[2] > 0.79 for record in pinned[2:])


def test_an_object_that_is_dragged_lies_elsewhere(page: Page, begun: Client) -> None:
    status = begun.predict(api_name="/stop")
    name, (x, y, z) = next(iter(status["places"].items()))
    seen = page.evaluate(
        "(place) => { const view = document.querySelector('#live-view canvas').getBoundingClientRect();"
        " const at = libra.drive.camera.project(place, view); return [view.x + at.x, view.y + at.y]; }",
        [x, y, z],
    )
    page.mouse.move(*seen)
    page.mouse.down()
    page.mouse.move(seen[0] + 12, seen[1] + 8, steps=3)
    page.mouse.up()
    moved = wait_for(begun, lambda now: abs(now["places"][name][0] - x) + abs(now["places"][name][1] - y) > 0.01, 60)
    assert "by hand" in moved["message"] or moved["line"]["events"]


def test_the_line_leads_back_and_a_branch_goes_on_from_there(page: Page, begun: Client) -> None:
    begun.predict(api_name="/stop")
    status = wait_for(begun, lambda now: now["state"] == "holding", 60)
    page.focus("#timeline canvas")
    page.keyboard.press("PageUp")
    page.wait_for_function("document.querySelector('[data-field=\"where\"]').textContent.includes('step')")
    page.click("#rewind")
    rewound = wait_for(begun, lambda now: now["state"] == "paused", 60)["rewound"]
    assert rewound[0] == status["episode"]
    page.click("#branch")
    branched = wait_for(begun, lambda now: now["branch"] == rewound, 60)
    assert branched["episode"] != status["episode"] and branched["step"] >= rewound[1]
    episodes = begun.predict(api_name="/episodes")["episodes"]
    assert {status["episode"], branched["episode"]} <= {each["episode"] for each in episodes}


def test_one_key_marks_a_failure_and_another_finishes_what_was_put_right(page: Page, begun: Client) -> None:
    failed = begun.predict(api_name="/status")
    assert page.locator("#mark-failure:not([disabled])").count() == 1
    page.focus("#live-view .screen")
    page.keyboard.press("x")
    taken = wait_for(begun, lambda now: now["driver"] == "human" and now["episode"] != failed["episode"], 60)
    assert taken["branch"][0] == failed["episode"] and taken["holder"].startswith("page")
    page.keyboard.down("r")
    wait_for(begun, lambda now: now["line"]["human"], 60)
    page.keyboard.up("r")
    page.keyboard.press("c")
    after = wait_for(begun, lambda now: now["seed"] == 880_002, 60)
    assert after["holder"] is None and after["corrections"]["useful"] >= 1
    ended = {each["episode"]: each.get("outcome") for each in begun.predict(api_name="/episodes")["episodes"]}
    assert (ended[failed["episode"]], ended[taken["episode"]]) == ("failure", "success")
    page.locator('[data-field="corrections"]', has_text="s each").wait_for()
    page.click("#finish-failure")
    wait_for(begun, lambda now: now["seed"] == 880_003, 60)
