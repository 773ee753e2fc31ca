"""What somebody at the page gets, in Chromium: how soon a key is seen, how many pictures, how surely the arm holds.

    python scripts/measure_page.py --presses 200 --losses 100 --json page.json

Needs the browser that `make test` installs. Close other programs first.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from tqdm import tqdm

from app import ROOT
from app.bench.operator import Page as Robot
from app.bench.watching import free_port
from app.browser import find_browser
from records import CONTROL_PERIOD
from records.log import read_episode

WINDOW = 1440, 987
"""pixels, with the bars around a page of 1440×900"""
FLAGS = [
    "--headless=new", "--hide-scrollbars", "--mute-audio", "--no-first-run", "--no-sandbox",
    "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--enable-unsafe-swiftshader",
]  # fmt: skip
"""a browser on a machine without a graphics card: WebGL, which Rerun needs, and nothing else by a GPU in software"""
GPU_IN_SOFTWARE = ["--use-gl=angle", "--use-angle=swiftshader", "--ignore-gpu-blocklist"]
"""puts the whole page together as a graphics card would: 25 pictures a second of an empty page take a core and more"""
SEED = 880_002
SETTLED_SECONDS = 2.0
"""after which somebody has read what they could ask for in a new scene"""
SEEN_SECONDS = 1.0
"""after which a key that nobody saw counts as missed"""


@dataclass
class Bench:
    """A cockpit as people have it, by `libra demo` in a login session of its own, and a browser.

    The system shares the processor between login sessions first: what measures must not stand beside what is measured.
    """

    robot: Robot
    library: Path
    address: str
    playwright: Playwright
    debugger: str
    """address at which the browser is told what to do"""
    browser: Browser

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody looks into the browser meanwhile: it is told of all that a page gets and does, a tenth of a core."""
        self.browser.close()  # the connection to it; pages stay
        try:
            yield
        finally:
            self.browser = self.playwright.chromium.connect_over_cdp(self.debugger)

    def page(self) -> Page:
        """The cockpit's, which is open; the browser's own empty one comes before it or after it."""
        return next(page for page in self.browser.contexts[0].pages if page.url.startswith(self.address))

    def open(self, with_rerun: bool = True) -> Page:
        """The page, once it is usable."""
        page = self.browser.contexts[0].new_page()
        if not with_rerun:
            page.add_init_script("localStorage.setItem('libra-viewer', 'hidden')")
        page.goto(self.address)
        page.wait_for_function("window.libra?.view.frames > 5", timeout=120_000)
        return page

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """A command, and the status that answers it; ends the script where it is refused."""
        answer = self.robot.ask(command, **arguments)
        if answer.get("error"):
            sys.exit(f"{command!r} was refused: {answer['error']}")
        return answer

    def log(self) -> Path:
        """Of the running episode."""
        return next(self.library.glob(f"**/{self.ask('episodes')['episode']}.arrow"))


@contextmanager
def bench(seed: int) -> Iterator[Bench]:
    """A cockpit that runs, and headless Chromium."""
    found = find_browser()
    if found is None:
        sys.exit("No browser: `make test` installs one.")
    with ExitStack() as stack:
        library = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        host = stack.enter_context(served(seed, library))
        robot = Robot(host, sees=False)
        stack.callback(robot.close)
        while robot.hear_status()["policy"] != "ready":
            pass
        debugger = stack.enter_context(running(found[0]))
        playwright = stack.enter_context(sync_playwright())
        yield Bench(
            robot, library, f"http://{host}/", playwright, debugger, playwright.chromium.connect_over_cdp(debugger)
        )


@contextmanager
def running(chromium: Path) -> Iterator[str]:
    """A browser without a window; its debugger's address, once it answers."""
    address = f"127.0.0.1:{(port := free_port())}"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        line = [str(chromium), *FLAGS, f"--remote-debugging-port={port}", f"--user-data-dir={profile}"]
        line += [f"--window-size={','.join(map(str, WINDOW))}", "about:blank"]
        browser = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not _answers(f"{address}/json/version"):
                if browser.poll() is not None:
                    sys.exit(f"{chromium} did not start.")
                time.sleep(0.2)
            yield f"http://{address}"
        finally:
            browser.terminate()
            browser.wait(30)


@contextmanager
def served(seed: int, library: Path) -> Iterator[str]:
    """`libra demo` in a session of its own; its `host:port`, once it answers."""
    port = free_port()
    host = f"127.0.0.1:{port}"
    line = [sys.executable, "-m", "app.cli", "demo", "--port", port, "--rerun-port", free_port()]
    line += ["--seed", seed, "--library", library]
    demo = subprocess.Popen([str(word) for word in line], cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        while not _answers(f"{host}/"):
            if demo.poll() is not None:
                sys.exit("The cockpit did not start; `libra doctor` finds out why.")
            time.sleep(0.5)
        yield host
    finally:
        demo.send_signal(signal.SIGTERM)
        demo.wait(60)


def _answers(address: str) -> bool:
    try:
        with urlopen(f"http://{address}", timeout=30):
            return True
    except OSError:
        return False


def measure_keys(page: Page, presses: int) -> list[tuple[float, float] | None]:
    """Milliseconds from each key press to the first changed pixel, and to the motion that it shows; None: not seen."""
    page.evaluate("() => { libra.drive.take(); libra.view.watchChanges(true); }")
    page.wait_for_function("libra.drive.mine")
    page.evaluate(
        """() => addEventListener("keydown", (event) => {
            window.pressed = performance.timeOrigin + event.timeStamp;
        }, true)"""
    )
    page.focus("#live-view .screen")
    found: list[tuple[float, float] | None] = []
    for number in tqdm(range(presses), "keys"):
        time.sleep(random.uniform(0.6, 1.0))  # the arm comes to rest, at any moment of a control step
        page.evaluate("() => { libra.view.changes.length = 0; }")
        page.keyboard.down("rf"[number // 4 % 2])
        time.sleep(0.12)
        page.keyboard.up("rf"[number // 4 % 2])
        time.sleep(0.3)
        pressed, changes = page.evaluate("() => [window.pressed, libra.view.changes]")
        clock = 1e3 * (time.time() - time.monotonic())
        later = [
            (at - pressed, 1e3 * stamp + clock - pressed)
            for at, stamp in changes
            if 0 < at - pressed < 1e3 * SEEN_SECONDS
        ]
        found.append(later[0] if later else None)
    page.evaluate("() => { libra.view.watchChanges(false); }")
    page.click("#stop")
    return found


def measure_pictures(made: Bench, page: Page, seconds: float) -> tuple[float, list[float], list[int]]:
    """Pictures a second that are drawn while the policy moves the arm; how old and wide each is (ms, pixels)."""
    running: list[tuple[float, float]] = []
    seed = SEED
    page.evaluate("() => { libra.view.watchAges(true); }")
    with made.alone(), tqdm(total=round(seconds), desc="pictures") as bar:
        while (spent := sum(end - begin for begin, end in running)) < seconds:
            bar.update(round(spent) - bar.n)
            status = made.ask("reset", seed=(seed := seed + 1))
            time.sleep(SETTLED_SECONDS)
            made.ask("run", instruction=random.choice(status["suggestions"]))
            began, log = time.time(), made.log()
            while made.robot.hear_status()["state"] == "running" and time.time() - began < 6:
                pass
            made.ask("stop")
            # Until the first intent is there, and from when the task is done, nothing moves.
            moved = [each.wall_time for each in read_episode(log).records if each.control_source == "policy"]
            running += [(moved[0], moved[-1] + CONTROL_PERIOD)] if moved else []
        time.sleep(1)
    page = made.page()
    seen = page.evaluate("() => libra.view.ages")
    page.evaluate("() => { libra.view.watchAges(false); }")
    clock = time.time() - time.monotonic()
    drawn = [each for each in seen if any(begin <= each[1] / 1e3 <= end for begin, end in running)]
    return len(drawn) / spent, [at - 1e3 * (stamp + clock) for stamp, at, _ in drawn], [width for *_, width in drawn]


def _lose_focus(_: Bench, page: Page) -> float:
    return _at(page, "document.activeElement.blur()")


def _kill_tab(made: Bench, _: Page) -> float:
    told = made.browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    lost_at = time.time()
    for process in told:
        if process["type"] == "renderer":
            os.kill(process["id"], signal.SIGKILL)
    return lost_at


def _cut_socket(_: Bench, page: Page) -> float:
    return _at(page, "libra.view.worker.terminate()")


def _at(page: Page, what: str) -> float:
    """When the page did that: to be told to takes longer than the arm does to hold, on a busy machine."""
    return 1e-3 * float(
        page.evaluate(f"() => {{ const at = performance.timeOrigin + performance.now(); {what}; return at; }}")
    )


LOSSES = {"focus lost": _lose_focus, "tab killed": _kill_tab, "socket cut": _cut_socket}


def measure_losses(made: Bench, losses: int, with_rerun: bool = True) -> list[dict[str, Any]]:
    """While a key is held the page is lost, in each of `LOSSES` in turn: milliseconds until the arm holds."""
    found = []
    page: Page | None = None
    for number in tqdm(range(losses * len(LOSSES)), "losses"):
        kind = list(LOSSES)[number % len(LOSSES)]
        if page is None:
            page = made.open(with_rerun)
        page.evaluate("(seed) => libra.view.ask({ do: 'reset', seed })", SEED)  # by the page, which may still drive
        while made.robot.hear_status()["step"]:
            pass
        page.evaluate("() => { libra.drive.take(); }")
        page.wait_for_function("libra.drive.mine")
        page.focus("#live-view .screen")
        before = made.robot.hear_status()["end_effector_position"]
        page.keyboard.down("f")  # down, where there is room
        while not _moves(made, before) and page.evaluate("() => libra.drive.mine"):
            pass
        time.sleep(random.uniform(0.05, 0.3))
        lost_at = LOSSES[kind](made, page)
        if kind != "focus lost":
            with contextlib.suppress(PlaywrightError):
                page.close()
            page = None
        time.sleep(0.6)
        if page is not None:
            page.keyboard.up("f")  # not sooner: the key that is let go would hold the arm, too
        found.append({"kind": kind, **_held_after(made, lost_at)})
    if page is not None:
        page.close()
    return found


def _moves(made: Bench, before: list[float]) -> bool:
    there = made.robot.hear_status()["end_effector_position"]
    return max(abs(now - then) for now, then in zip(there, before, strict=True)) > 3e-3


def _held_after(made: Bench, moment: float) -> dict[str, Any]:
    """Whether the arm moved at a moment (Unix seconds), and how many milliseconds later a step began that did not."""
    records = read_episode(made.log()).records
    before = [record for record in records if record.wall_time <= moment]
    moving = [record.step for record in records if record.action[:6].any()]
    after = [record for record in records if record.step > moving[-1]]
    return {
        "moving": bool(before and before[-1].action[:6].any()),
        "ms": 1e3 * max(0.0, after[0].wall_time - moment) if after else None,
    }


def shares(values: list[float]) -> dict[str, float]:
    """Median, 95th percentile and worst, rounded."""
    values = sorted(values)
    at = {"p50": 0.5, "p95": 0.95, "max": 1.0}
    return {name: round(values[min(len(values) - 1, int(share * len(values)))], 1) for name, share in at.items()}


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presses", type=int, default=100, help="key presses (default 100)")
    parser.add_argument(
        "--losses", type=int, default=0, help="lost pages while a key is held, of each kind (default none)"
    )
    parser.add_argument("--without-rerun", action="store_true", help="hide the Rerun viewer first")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    report: dict[str, Any] = {}

    def found(**figures: Any) -> None:
        report.update(figures)
        print(json.dumps(figures), flush=True)

    with bench(SEED) as made:
        page = made.open(not arguments.without_rerun)
        time.sleep(15)
        keys = measure_keys(page, arguments.presses) if arguments.presses else []
        if seen := [each for each in keys if each is not None]:
            found(
                key_to_pixel_ms={"presses": len(keys), "seen": len(seen), **shares([each for each, _ in seen])},
                key_to_motion_ms=shares([moved for _, moved in seen]),
                motion_to_pixel_ms=shares([each - moved for each, moved in seen]),
            )
        rate, ages, widths = measure_pictures(made, page, 40)
        found(
            pictures_per_second=round(rate, 1),
            pictures_by_width={width: widths.count(width) for width in sorted(set(widths))},
            picture_age_ms={"older than 150": sum(age > 150 for age in ages), "of": len(ages), **shares(ages)},
        )
        made.page().close()
        losses = measure_losses(made, arguments.losses, not arguments.without_rerun)
    if losses:
        losses = [each for each in losses if each["moving"]]  # at the table's height nothing is left to be held
        held = [each["ms"] for each in losses if each["ms"] is not None]
        found(
            loss_to_hold_ms={
                "losses": len(losses),
                "held within 250": sum(each <= 250 for each in held),
                **{
                    kind: shares([e["ms"] for e in losses if e["kind"] == kind and e["ms"] is not None])
                    for kind in LOSSES
                },
            }
        )
    if arguments.json:
        arguments.json.write_text(json.dumps({**report, "keys": keys, "ages": ages, "losses": losses}, indent=1))


if __name__ == "__main__":
    main()
