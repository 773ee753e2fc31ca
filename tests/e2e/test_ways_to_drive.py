"""Every way to drive, in a real browser: gamepad, mouse and wheel, thumbs; and what makes the arm hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from gradio_client import Client
from playwright.sync_api import Page

from e2e.steps import wait_for

pytestmark = pytest.mark.usefixtures("without_viewer")
Status = dict[str, Any]
PAD = """() => {
  window.pad = { index: 0, connected: true, mapping: "standard", axes: [0, 0, 0, 0],
    buttons: Array.from({ length: 17 }, () => ({ pressed: false, value: 0 })) };
  navigator.getGamepads = () => [window.pad];
}"""
NO_PAD = "() => { delete navigator.getGamepads; }"
HAND = """() => {
  const view = libra.view.canvas.getBoundingClientRect(), at = libra.drive.camera.project(libra.drive.pull.hand, view);
  return [view.x + at.x, view.y + at.y];
}"""


@pytest.fixture
def mine(page: Page, client: Client) -> Iterator[Status]:
    """An arm that this page has just taken."""
    client.predict("880001", api_name="/reset")
    page.click("#take-over")
    yield wait_for(client, lambda now: now["driver"] == "human" and now["holder"].startswith("page"), 60)
    client.predict(api_name="/stop")
    client.predict("880001", api_name="/reset")


def height(status: Status) -> float:
    return float(status["end_effector_position"][2])


def holds(client: Client) -> None:
    """It does, and goes on to."""
    wait_for(client, lambda now: now["state"] == "holding", 60)
    before = client.predict(api_name="/status")["end_effector_position"]
    after = client.predict(api_name="/status")["end_effector_position"]
    assert max(abs(a - b) for a, b in zip(after, before, strict=True)) < 0.004


def test_a_standard_gamepad_moves_the_arm_and_its_buttons_press(page: Page, client: Client, mine: Status) -> None:
    page.evaluate(PAD)
    try:
        page.evaluate("() => { pad.axes[3] = -1; }")
        wait_for(client, lambda now: height(now) > height(mine) + 0.03, 60)
        page.evaluate("() => { pad.axes[3] = 0; }")
        holds(client)
        page.evaluate("() => { pad.buttons[0] = { pressed: true, value: 1 }; }")
        wait_for(client, lambda now: now["gripper"] > 0, 60)
        page.evaluate("() => { pad.buttons[1] = { pressed: true, value: 1 }; }")
        wait_for(client, lambda now: now["driver"] != "human", 60)
    finally:
        page.evaluate(NO_PAD)


def test_the_mouse_pulls_the_hand_and_the_wheel_moves_it_nearer(page: Page, client: Client, mine: Status) -> None:
    page.wait_for_function("libra.drive.mine && libra.drive.pull.hand")
    x, y = page.evaluate(HAND)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 40, steps=4)
    assert page.is_visible("#live-view .ghost")
    risen = wait_for(client, lambda now: height(now) > height(mine) + 0.02, 60)
    page.mouse.wheel(0, -400)  # nearer to whoever looks: away from the robot
    wait_for(client, lambda now: now["end_effector_position"][0] > risen["end_effector_position"][0] + 0.02, 60)
    page.mouse.up()
    assert page.is_hidden("#live-view .ghost")
    holds(client)


def test_two_thumbs_on_a_phone_move_the_hand_up(page: Page, client: Client, address: str) -> None:
    client.predict("880001", api_name="/reset")
    assert page.context.browser is not None
    context = page.context.browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    try:
        phone = context.new_page()
        phone.add_init_script("localStorage.setItem('libra-viewer', 'hidden')")
        phone.goto(address)
        phone.wait_for_function("window.libra?.view.frames > 2", timeout=60_000)
        phone.tap("#take-over")
        before = wait_for(client, lambda now: now["driver"] == "human" and now["holder"] is not None, 60)
        box = phone.locator('.pad[data-pad="height"]').bounding_box()
        assert box is not None
        phone.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        phone.mouse.down()
        phone.mouse.move(box["x"] + box["width"] / 2, box["y"] + 2, steps=3)
        wait_for(client, lambda now: height(now) > height(before) + 0.03, 60)
        phone.mouse.up()
        holds(client)
    finally:
        context.close()
        client.predict(api_name="/stop")
        client.predict("880001", api_name="/reset")


@pytest.mark.parametrize(
    "lost",
    [
        "() => { dispatchEvent(new Event('blur')); }",
        "() => { Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')); delete document.hidden; }",
    ],
    ids=["another window", "a hidden tab"],
)
def test_a_key_that_is_held_when_the_page_is_left_moves_nothing_more(
    page: Page,
    client: Client,
    mine: Status,
    lost: str,
) -> None:
    page.focus("#live-view .screen")
    page.keyboard.down("r")
    wait_for(client, lambda now: height(now) > height(mine) + 0.01, 60)
    page.evaluate(lost)
    holds(client)
    page.keyboard.up("r")
