"""What tests in the browser do again and again."""

from __future__ import annotations

import time

from gradio_client import Client
from playwright.sync_api import Frame, Page

INSTRUCTION = "#instruction textarea, #instruction input"
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]


def wait_for(client: Client, done, seconds: float) -> dict:  # type: ignore[no-untyped-def, type-arg]
    deadline = time.monotonic() + seconds
    while True:
        status = client.predict(api_name="/status")
        if done(status):
            return status
        assert time.monotonic() < deadline, status
        time.sleep(0.1)


def say(page: Page, words: str) -> None:
    page.fill(INSTRUCTION, words)
    page.press(INSTRUCTION, "Enter")


def rerun_in(page: Page) -> Frame:
    """The page of the Rerun viewer within the cockpit's, once the viewer answers."""
    frame = page.wait_for_selector("#rerun iframe").content_frame()
    assert frame is not None
    frame.wait_for_function("() => window.libra?.viewer?.handle")
    return frame
