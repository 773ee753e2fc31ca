"""Serving the cockpit: FastAPI carries the page (Gradio), the live view's WebSocket, downloads and page assets."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import logging
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

# The cockpit reports to nobody; Gradio reads this when it is imported.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import uvicorn
from fastapi import FastAPI, WebSocket
from fastapi.staticfiles import StaticFiles
from starlette.middleware.trustedhost import TrustedHostMiddleware

from app import DEFAULT_HOST, DEFAULT_PORT, ROOT
from app.web.commands import CockpitLike, Commands
from app.web.downloads import make_router
from app.web.live import LiveFeed

ASSETS: Final = ROOT / "assets" / "web"
_LOOPBACK_NAMES: Final = ["localhost", "127.0.0.1"]


class PortInUse(OSError):
    """Something else serves on the port of the page."""


def serve(cockpit: CockpitLike, host: str = DEFAULT_HOST, port: int = DEFAULT_PORT) -> None:
    """Start the cockpit, serve its page until interrupted, stop the cockpit.

    Raises:
        PortInUse: with one sentence that names the port and the fix.
    """
    listener = _listen(host, port)
    cockpit.start()
    try:
        make_server(build_app(cockpit, host)).run(sockets=[listener])
    finally:
        cockpit.stop()
        listener.close()


def make_server(app: FastAPI) -> uvicorn.Server:
    """What serves the application."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        ws_per_message_deflate=False,  # frames are JPEG: deflating them costs time and saves nothing
        timeout_graceful_shutdown=1,  # open pages keep their connections for as long as they live
    )
    return uvicorn.Server(config)


def build_app(cockpit: CockpitLike, host: str = DEFAULT_HOST) -> FastAPI:
    """The web application of a cockpit; served on a loopback host it answers to loopback names alone."""
    import gradio as gr

    from app.web.page import build_page
    from app.web.theme import CockpitTheme

    commands = Commands(cockpit.client, cockpit.episode_files)
    feed = LiveFeed(cockpit.frames, commands)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        feed.start()
        asyncio.get_running_loop().set_exception_handler(_forgive_lost_pages)
        try:
            yield
        finally:
            feed.stop()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.feed = feed
    if _is_loopback(host) and ":" not in host:  # the middleware cannot read IPv6 names
        # A foreign site that points its own name at 127.0.0.1 must not be able to drive the arm.
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=_LOOPBACK_NAMES, www_redirect=False)
    app.include_router(make_router(cockpit))

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await feed.serve(socket)

    base = f"/web/{_assets_version()}"
    app.mount(base, StaticFiles(directory=ASSETS), name="web")
    return gr.mount_gradio_app(
        app,
        build_page(commands, cockpit.rerun_url),
        path="/",
        theme=CockpitTheme(),
        head=_head(base),
        favicon_path=str(ASSETS / "favicon.png"),
        footer_links=[],
        run_history=False,
        show_error=False,
        server_name=host,
    )


def _head(base: str) -> str:
    return (
        f'<link rel="stylesheet" href="{base}/cockpit.css">\n'
        f'<script type="module" src="{base}/cockpit.js"></script>\n'
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


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _forgive_lost_pages(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    if not isinstance(context.get("exception"), (ConnectionResetError, BrokenPipeError)):
        loop.default_exception_handler(context)


logging.getLogger("httpx").setLevel(logging.WARNING)
