"""A script that runs before any other of a page: what Gradio is given for the `head` comes when the page is there."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PLACE: Final = b"<head>"


class FirstScript:
    """ASGI middleware that puts a script at the top of some pages.

    Args:
        app: what serves the pages.
        address: of the script.
        paths: of the pages.
    """

    def __init__(self, app: ASGIApp, address: str, paths: tuple[str, ...]) -> None:
        self._app, self._paths = app, paths
        self._script = f'<script src="{address}"></script>'.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or connection."""
        if scope["type"] != "http" or scope["path"] not in self._paths:
            await self._app(scope, receive, send)
            return
        begin: Message | None = None

        async def send_with_script(message: Message) -> None:
            nonlocal begin
            if message["type"] == "http.response.start":
                begin = message
                return
            if begin is not None:  # the top of the page is in the first part of it
                before, place, after = message.get("body", b"").partition(_PLACE)
                headers = MutableHeaders(scope=begin)
                if place:
                    message = {**message, "body": before + place + self._script + after}
                    if "content-length" in headers:
                        headers["content-length"] = str(int(headers["content-length"]) + len(self._script))
                await send(begin)
                begin = None
            await send(message)

        await self._app(scope, receive, send_with_script)
