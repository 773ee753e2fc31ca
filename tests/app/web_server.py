"""A real web server for the tests of the page: everything but the processes behind it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from app.frames import FrameFeed
from app.web.access import Access
from app.web.server import build_app, make_server

TOKEN = "a-token-for-these-tests"


class QuietSession:
    """Remembers what it was asked, and always answers the same."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def call(self, command: str, /, **arguments: Any) -> dict[str, Any]:
        self.asked += [] if command == "status" else [command]
        return {"state": "idle", "step": 0, "seed": 7, "message": "Ready."}

    def tell(self, command: str, /, **arguments: Any) -> None:
        self.asked.append(command)


class Behind:
    """What the web server needs of a cockpit."""

    def __init__(
        self, client: Any = None, rerun_url: str = "rerun+http://127.0.0.1:9/proxy",
        library: Path = Path("none"),
    ) -> None:  # fmt: skip
        self.client = client or QuietSession()
        self.frames = FrameFeed()
        self.rerun_url = rerun_url
        self.files: list[Path] = []
        self.library = library

    def episode_files(self) -> list[Path]:
        return self.files

    def start(self) -> None: ...

    def stop(self) -> None: ...


def shared(token: str = TOKEN) -> Access:
    return Access(token, link=f"http://192.168.1.20:7860/?token={token}")


@contextmanager
def served(behind: Behind, access: Access | None = None) -> Iterator[tuple[str, Any]]:
    """`127.0.0.1:PORT` of a server that runs, and its application."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        app = build_app(behind, access)  # type: ignore[arg-type]
        server = make_server(app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 30
        while not server.started:
            assert thread.is_alive() and time.monotonic() < deadline
            time.sleep(0.02)
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}", app
        finally:
            server.should_exit = True
            thread.join(10)
            behind.frames.close()


def browser(address: str, token: str | None = None, **headers: str) -> httpx.Client:
    """A client that keeps cookies; with a token it has been let in before."""
    cookies = {} if token is None else {f"libra-{address.split(':')[1]}": token}
    return httpx.Client(base_url=f"http://{address}", headers=headers, cookies=cookies, trust_env=False, timeout=30)
