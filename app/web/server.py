"""Serving the cockpit: FastAPI carries the page (Gradio), the live view's WebSocket, downloads and page assets."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

# The cockpit reports to nobody; Gradio reads this when it is imported.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import uvicorn
from fastapi import FastAPI, WebSocket
from fastapi.staticfiles import StaticFiles

from app import DEFAULT_HOST, DEFAULT_PORT, ROOT
from app.web.access import Access, Gate, access_for
from app.web.commands import CockpitLike, Commands
from app.web.downloads import make_router
from app.web.failures import make_failures_router
from app.web.first_script import FirstScript
from app.web.library import make_library_router
from app.web.live import LiveFeed
from app.web.rerun_proxy import RerunProxy
from app.web.shelf import Shelf

ASSETS: Final = ROOT / "assets" / "web"
STYLES: Final = ("palette", "cockpit", "hands", "narrow")
"""of the cockpit page, in this order: the last changes what the others say where windows are narrow"""
SWITCH_INTERVAL: Final = 0.0005
"""seconds after which threads take turns: a human's command and the picture that answers it pass through several"""


class PortInUse(OSError):
    """Something else serves on the port of the page."""


def serve(
    cockpit: CockpitLike, host: str = DEFAULT_HOST, port: int = DEFAULT_PORT, access: Access | None = None
) -> None:
    """Start the cockpit, serve its page until interrupted, stop the cockpit.

    Args:
        cockpit: whose page.
        host: where to listen.
        port: where to listen.
        access: who may reach the page; by default anybody on this machine, on a network nobody without a new token.

    Raises:
        PortInUse: with one sentence that names the port and the fix.
    """
    listener = _listen(host, port)
    cockpit.start()
    try:
        make_server(build_app(cockpit, access or access_for(host, port))).run(sockets=[listener])
    finally:
        cockpit.stop()
        listener.close()


def make_server(app: FastAPI) -> uvicorn.Server:
    """What serves the application."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,  # an address may have the token in it
        ws_per_message_deflate=False,  # frames are JPEG: deflating them costs time and saves nothing
        timeout_graceful_shutdown=1,  # open pages keep their connections for as long as they live
    )
    return uvicorn.Server(config)


def build_app(cockpit: CockpitLike, access: Access | None = None) -> FastAPI:
    """The web application of a cockpit, for this machine alone if nothing else is said.

    Where a token is asked for, others may be far away: then Rerun's stream goes through the page's port as well.
    """
    import gradio as gr
    from gradio import routes

    from app.web import inspector
    from app.web.page import build_page
    from app.web.theme import CockpitTheme

    setattr(routes, "print", _print)  # noqa: B010 - nothing that mypy knows of
    access = access or Access()
    commands = Commands(cockpit.client, cockpit.episode_files, getattr(cockpit, "tuning", None))
    rerun = RerunProxy(cockpit.rerun_url)
    feed = LiveFeed(cockpit.frames, commands)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        feed.start()
        asyncio.get_running_loop().set_exception_handler(_forgive_lost_pages)
        try:
            yield
        finally:
            feed.stop()
            await rerun.close()

    base = f"/web/{_assets_version()}"
    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.feed = feed
    app.add_middleware(inspector.Framing)
    app.add_middleware(FirstScript, f"{base}/at-rest.js", ("/", f"{inspector.PATH}/"))
    app.add_middleware(Gate, access=access)
    app.include_router(make_router(cockpit))

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await feed.serve(socket)

    if access.token is not None:
        app.router.routes.extend(rerun.routes())
    app.include_router(make_failures_router(cockpit.library, commands, base))
    app.include_router(make_library_router(Shelf(cockpit.library), commands, base))
    app.mount(base, StaticFiles(directory=ASSETS), name="web")
    pages = {
        inspector.PATH: (
            inspector.build_inspector(commands, cockpit.rerun_url if access.token is None else None),
            _head(base, ("rerun",), "rerun"),
        ),
        "/": (build_page(commands, access.link), _head(base, STYLES, "cockpit")),
    }
    for path, (page, head) in pages.items():
        gr.mount_gradio_app(
            app,
            page,
            path=path,
            theme=CockpitTheme(),
            head=head,
            favicon_path=str(ASSETS / "favicon.png") if path == "/" else None,
            footer_links=[],
            run_history=False,
            show_error=False,
        )
    return app


def _print(*words: object) -> None:
    """For Gradio, which tells the terminal of every file of a component that a page fetches."""
    if not str(words[0]).startswith("id="):
        print(*words)


def _head(base: str, styles: Sequence[str], script: str) -> str:
    links = "".join(f'<link rel="stylesheet" href="{base}/{name}.css">\n' for name in styles)
    return (
        f'{links}<script type="module" src="{base}/{script}.js"></script>\n'
        '<meta name="color-scheme" content="dark light">'
    )


def _assets_version() -> str:
    """Part of the assets' address, so that a browser never mixes an old script with a new page."""
    files = sorted(path for path in ASSETS.iterdir() if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)  # now, so that a browser that opens at once waits instead of being turned away
    except OSError as error:
        listener.close()
        raise PortInUse(
            f"The page cannot be served on {host}:{port} ({error.strerror}); choose another with --port."
        ) from error
    return listener


def _forgive_lost_pages(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    if not isinstance(context.get("exception"), (ConnectionResetError, BrokenPipeError)):
        loop.default_exception_handler(context)


logging.getLogger("httpx").setLevel(logging.WARNING)
