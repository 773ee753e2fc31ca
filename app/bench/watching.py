"""What it costs to watch: the same tasks under Rerun, a page in a browser, and viewers that cannot keep up."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.bench import figures, viewers
from app.bench.trial import BenchError, Tick, Trial, session_alone
from app.browser import find_browser
from app.session.protocol import SessionSettings
from viz.launch import HOST, start_rerun

if TYPE_CHECKING:
    from app.web.live import LiveFeed

OPEN_SECONDS: Final = 60.0
BROWSER_FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--window-size=1440,900",
    "--remote-debugging-port=0",
)
"""a browser without a screen that draws Rerun in software, as one on a machine without a graphics card does"""

Say = Callable[[str], None]


def measure_watching(
    settings: SessionSettings, seconds: float, each: bool, tick: Tick, say: Say
) -> list[dict[str, Any]]:
    """One row for Rerun, one with a page and one viewer as well, one with five more viewers; or only the last."""
    rows = []
    if each:
        with _under_rerun(settings) as trial:
            rows.append(_row("Rerun", trial, None, seconds, tick, say))
    with ExitStack() as stack:
        trial, feed, address = stack.enter_context(with_page(settings))
        who = stack.enter_context(_browser(address, feed))
        if each:
            rows.append(_row(f"Rerun, page, {who}", trial, feed, seconds, tick, say))
        stack.enter_context(_light_viewers(address, viewers.PAUSES))
        more = f"Rerun, page, {who}, five light viewers"
        rows.append(_row(more, trial, feed, seconds, tick, say))
    return rows


def _row(name: str, trial: Trial, feed: LiveFeed | None, seconds: float, tick: Tick, say: Say) -> dict[str, Any]:
    say("watching: " + name.rpartition(", ")[2])
    trial.wait_for_policy()
    before = 0 if feed is None else feed.dropped
    attempts = trial.play("asynchronous", 0, seconds, 0, tick)
    dropped = dict(trial.status["dropped"])
    if feed is not None:
        dropped["live_frames"] = feed.dropped - before
    return {"watching": name, **figures.timing(attempts), "dropped": dropped}


@contextmanager
def _under_rerun(settings: SessionSettings) -> Iterator[Trial]:
    rerun = start_rerun(free_port())
    with tempfile.TemporaryDirectory(prefix="libra-bench-") as folder:
        try:
            with session_alone(replace(settings, folder=Path(folder)), rerun.connect()) as trial:
                yield trial
        finally:
            rerun.close()
            rerun.process.join(5)
            rerun.process.kill()


@contextmanager
def with_page(settings: SessionSettings, folder: Path | None = None) -> Iterator[tuple[Trial, LiveFeed, str]]:
    """The whole cockpit, served by this process as by `libra demo`; episodes are kept if a folder is given."""
    from app.cockpit import Cockpit
    from app.web.server import build_app, make_server

    with tempfile.TemporaryDirectory(prefix="libra-bench-") as temporary, socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen(128)
        cockpit = Cockpit(
            settings.checkpoint,
            rerun_port=free_port(),
            folder=folder or Path(temporary),
            policy=settings.policy,
            time_limit=settings.time_limit,
        )
        cockpit.start()
        try:
            app = build_app(cockpit)
            server = make_server(app)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
            thread.start()
            yield Trial(cockpit.client, cockpit.folder), app.state.feed, f"{HOST}:{listener.getsockname()[1]}"
            server.should_exit = True
            thread.join(10)
        finally:
            cockpit.stop()


@contextmanager
def _browser(address: str, feed: LiveFeed) -> Iterator[str]:
    """A browser that shows the page, or a light viewer where there is none; says which of the two."""
    found = find_browser()
    if found is None:
        with _light_viewers(address, (0.0,)):
            yield "a light viewer instead of a browser"
        return
    with tempfile.TemporaryDirectory(prefix="libra-bench-", ignore_cleanup_errors=True) as profile:
        browser = subprocess.Popen(
            [found[0], *BROWSER_FLAGS, f"--user-data-dir={profile}", f"http://{address}/"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that it can be ended with all its processes
        )
        try:
            deadline = time.monotonic() + OPEN_SECONDS
            while not feed.watched:
                if time.monotonic() > deadline or browser.poll() is not None:
                    raise BenchError("The browser did not show the page within a minute.")
                time.sleep(0.2)
            yield "one browser"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(browser.pid, signal.SIGKILL)
            browser.wait(10)


@contextmanager
def _light_viewers(address: str, pauses: tuple[float | None, ...]) -> Iterator[None]:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=viewers.main, args=(f"ws://{address}/live", pauses, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(OPEN_SECONDS) or ours.recv() != "ready":
            raise BenchError("The light viewers could not connect to the page.")
        yield
    except EOFError as error:
        raise BenchError("The light viewers could not connect to the page.") from error
    finally:
        ours.close()
        process.join(5)
        process.kill()


def free_port() -> int:
    """A port of the loopback interface that nobody uses now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
