"""A cockpit that runs, a browser that looks at it, and a client that asks it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio_client import Client
from playwright.sync_api import Page, sync_playwright

from app.browser import find_browser
from e2e.steps import FLAGS, INSTRUCTION, wait_for

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="package")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the cockpit of these tests keeps its episodes."""
    return tmp_path_factory.mktemp("library")


@pytest.fixture(scope="package")
def address(library: Path) -> Iterator[str]:
    port = free_port()
    line = [sys.executable, "-m", "app.cli", "demo", "--port", str(port), "--rerun-port", str(free_port())]
    cockpit = subprocess.Popen([*line, "--seed", "880000", "--library", str(library)], cwd=ROOT)
    address = f"http://127.0.0.1:{port}/"
    deadline = time.monotonic() + 300
    while True:
        try:
            urllib.request.urlopen(address, timeout=2).close()
            break
        except OSError:
            assert cockpit.poll() is None and time.monotonic() < deadline, "the cockpit did not come up"
            time.sleep(0.5)
    yield address
    cockpit.send_signal(signal.SIGINT)
    assert cockpit.wait(60) == 0


@pytest.fixture(scope="package")
def client(address: str) -> Client:
    client = Client(address, verbose=False)
    wait_for(client, lambda status: status["policy"] == "ready", 120)
    return client


@pytest.fixture(scope="package")
def page(address: str) -> Iterator[Page]:
    found = find_browser()
    assert found is not None, "no browser: `make test` installs one"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(found[0]), args=FLAGS)
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(120_000)
        page.goto(address)
        page.wait_for_selector(INSTRUCTION)
        yield page
        browser.close()


@pytest.fixture(scope="module")
def without_viewer(page: Page) -> Iterator[None]:
    """Where the processor draws it, every picture of the viewer takes the page's, too: not while hands are tested."""
    page.wait_for_function("window.libra?.view.frames > 5")
    page.wait_for_timeout(3000)  # it mounts a little after the first picture
    hide_or_show = "(hidden) => document.body.classList.contains('viewer-hidden') === hidden || {0}"
    hide_or_show = hide_or_show.format("document.querySelector('#rerun-toggle').click()")
    page.evaluate(hide_or_show, True)
    yield
    page.evaluate(hide_or_show, False)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A cockpit and a browser that starts beside other work take their time; waits of their own end sooner."""
    for item in items:
        if item.path.parent == Path(__file__).parent and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(600))
