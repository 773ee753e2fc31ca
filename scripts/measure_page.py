"""How long from a key press to the first changed pixel of the live view, and how many frames a second, in Chromium.

    python scripts/measure_page.py --presses 200 --json page.json

Needs the browser that `make test` installs. Close other programs first.
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright
from tqdm import tqdm

from app import DEFAULT_CHECKPOINT
from app.bench.watching import free_port
from app.browser import find_browser
from app.cockpit import Cockpit

FLAGS = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
]  # fmt: skip
SEEN_SECONDS = 1.0
"""after which a key that nobody saw counts as missed"""


@contextmanager
def cockpit_page(seed: int) -> Iterator[Page]:
    """The page of a cockpit, opened in headless Chromium."""
    from app.web.server import build_app, make_server

    found = find_browser()
    if found is None:
        sys.exit("No browser: `make test` installs one.")
    with tempfile.TemporaryDirectory() as folder, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        cockpit = Cockpit(DEFAULT_CHECKPOINT, seed, free_port(), Path(folder))
        cockpit.start()
        server = make_server(build_app(cockpit))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=str(found[0]), args=FLAGS)
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                page.goto(f"http://127.0.0.1:{listener.getsockname()[1]}/")
                page.wait_for_function("window.libra?.view.frames > 5", timeout=120_000)
                while cockpit.client.call("status")["policy"] != "ready":
                    time.sleep(0.5)
                yield page
                browser.close()
        finally:
            server.should_exit = True
            thread.join(10)
            cockpit.stop()


def measure_keys(page: Page, presses: int) -> list[float | None]:
    """Milliseconds from each key press to the first changed pixel; None: not seen."""
    page.evaluate("() => { libra.drive.take(); libra.view.watchChanges(true); }")
    page.wait_for_function("libra.drive.mine")
    page.evaluate(
        """() => addEventListener("keydown", (event) => {
            window.pressed = performance.timeOrigin + event.timeStamp;
        }, true)"""
    )
    page.focus("#live-view .screen")
    found: list[float | None] = []
    for number in tqdm(range(presses), "keys"):
        time.sleep(random.uniform(0.6, 1.0))  # the arm comes to rest, at any moment of a control step
        page.evaluate("() => { libra.view.changes.length = 0; }")
        page.keyboard.down("rf"[number // 4 % 2])
        time.sleep(0.12)
        page.keyboard.up("rf"[number // 4 % 2])
        time.sleep(0.3)
        pressed, changes = page.evaluate("() => [window.pressed, libra.view.changes]")
        later = [at - pressed for at in changes if 0 < at - pressed < 1e3 * SEEN_SECONDS]
        found.append(later[0] if later else None)
    page.evaluate("() => libra.view.watchChanges(false)")
    return found


def measure_rate(page: Page, seconds: float) -> float:
    """Frames a second that the page draws."""
    before = page.evaluate("libra.view.frames")
    started = time.monotonic()
    time.sleep(seconds)
    return float((page.evaluate("libra.view.frames") - before) / (time.monotonic() - started))


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presses", type=int, default=100, help="key presses (default 100)")
    parser.add_argument("--without-rerun", action="store_true", help="hide the Rerun viewer first")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    with cockpit_page(880_002) as page:
        if arguments.without_rerun:
            page.evaluate("() => document.querySelector('#rerun-toggle').click()")
        time.sleep(15)
        keys = measure_keys(page, arguments.presses)
        rate = measure_rate(page, 10)
    seen = sorted(each for each in keys if each is not None)
    report: dict[str, Any] = {"presses": len(keys), "seen": len(seen), "frames_per_second": rate}
    if seen:
        report["key_to_pixel_ms"] = {
            name: seen[min(len(seen) - 1, int(share * len(seen)))] for name, share in (("p50", 0.5), ("p95", 0.95))
        }
    print(json.dumps(report))
    if arguments.json:
        arguments.json.write_text(json.dumps({**report, "ms": keys}, indent=1))


if __name__ == "__main__":
    main()
