"""What tests in the browser do again and again."""

from __future__ import annotations

import time
from typing import Any

from gradio_client import Client
from playwright.sync_api import Frame, Page

Status = dict[str, Any]
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


def wait_for(client: Client, done, seconds: float) -> Status:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + seconds
    while True:
        status = client.predict(api_name="/status")
        if done(status):
            return status
        assert time.monotonic() < deadline, status
        time.sleep(0.1)


def stand(client: Client, seed: int, which: int = 0, step: int = 12) -> Status:
    """An episode whose time stands still at a control step: however slow the machine is, it is not over yet."""
    for _ in range(4):
        status = client.predict(str(seed), api_name="/reset")
        client.predict(status["suggestions"][which], api_name="/run")
        if client.predict(api_name="/pause")["state"] == "paused":
            break
    status = client.predict(api_name="/status")
    while status["step"] < step:
        before = status["step"]
        assert client.predict(api_name="/step")["state"] == "paused", "the episode was over before it was paused"
        status = wait_for(client, lambda now, before=before: now["step"] > before, 60)
    return status


def say(page: Page, words: str) -> None:
    page.fill(INSTRUCTION, words)
    page.press(INSTRUCTION, "Enter")


def rerun_in(page: Page) -> Frame:
    """The page of the Rerun viewer within the cockpit's, once the viewer answers."""
    frame = page.wait_for_selector("#rerun iframe").content_frame()
    assert frame is not None
    frame.wait_for_function("() => window.libra?.viewer?.handle")
    return frame
