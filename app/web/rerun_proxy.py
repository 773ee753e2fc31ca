"""Rerun's stream through the page's own port, for viewers that do not reach the port of Rerun itself.

A viewer in a page asks for it as gRPC-web, which is plain HTTP: one request, an answer that never ends. Rerun's server
waits for its slowest viewer, the recorder of the episodes with it; so what a viewer has not taken yet waits here, and a
viewer for which too much waits is left behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Final

import httpx
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

logger = logging.getLogger(__name__)

SERVICE: Final = "/rerun.sdk_comms.v1alpha1.MessageProxyService"
READS: Final = ("ReadMessages", "ReadTables")
"""what viewers ask; whoever may only watch writes nothing"""
MAX_WAITING: Final = 96 << 20
"""bytes that wait for one viewer: all that Rerun's server keeps for one that comes late, and some seconds more"""
MAX_VIEWERS: Final = 8
MAX_REQUEST: Final = 1 << 16
"""bytes; a viewer's request has five"""
_PASSED_ON: Final = ("accept", "content-type", "grpc-timeout", "user-agent", "x-grpc-web", "x-user-agent")
_PASSED_BACK: Final = ("content-type", "grpc-status", "grpc-message", "grpc-encoding")


class RerunProxy:
    """ASGI application that answers viewers with what Rerun's server answers.

    Args:
        rerun_url: of the server, `rerun+http://127.0.0.1:PORT/proxy`.
        max_waiting: bytes that may wait for one viewer.
    """

    def __init__(self, rerun_url: str, max_waiting: int = MAX_WAITING) -> None:
        base = rerun_url.removeprefix("rerun+").removesuffix("/proxy")
        # Answers never end, so there is no time limit for reading; a proxy of the environment is not for loopback.
        self._client = httpx.AsyncClient(base_url=base, timeout=httpx.Timeout(5.0, read=None), trust_env=False)
        self._max_waiting = max_waiting
        self.viewers = 0

    def routes(self) -> list[Route]:
        """Where viewers look for the server."""
        return [Route(f"{SERVICE}/{method}", self, methods=["POST"]) for method in READS]

    async def close(self) -> None:
        """Hang up."""
        await self._client.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One viewer, until it leaves, is left behind, or Rerun ends."""
        if self.viewers >= MAX_VIEWERS:
            sentence = f"{MAX_VIEWERS} viewers watch Rerun already: hide one of them, then show this one again."
            return await PlainTextResponse(sentence, 503)(scope, receive, send)
        self.viewers += 1
        try:
            await self._answer(Request(scope, receive), receive, send)
        except ClientDisconnect:
            pass
        except httpx.HTTPError as error:
            logger.debug("Rerun does not answer.", exc_info=error)
            sentence = "Rerun does not answer; it is started anew within seconds: hide the viewer, then show it again."
            await PlainTextResponse(sentence, 503)(scope, receive, send)
        finally:
            self.viewers -= 1

    async def _answer(self, request: Request, receive: Receive, send: Send) -> None:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_REQUEST:
                sentence = f"A viewer's request has at most {MAX_REQUEST} bytes."
                return await PlainTextResponse(sentence, 413)(request.scope, receive, send)
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        async with self._client.stream("POST", request.url.path, content=body, headers=headers) as answer:
            back = [(name.encode(), answer.headers[name].encode()) for name in _PASSED_BACK if name in answer.headers]
            await send({"type": "http.response.start", "status": answer.status_code, "headers": back})
            await self._pass_on(answer, receive, send)

    async def _pass_on(self, answer: httpx.Response, receive: Receive, send: Send) -> None:
        waiting: asyncio.Queue[bytes] = asyncio.Queue()
        bytes_waiting = 0

        async def read() -> None:
            nonlocal bytes_waiting
            with contextlib.suppress(httpx.HTTPError):  # Rerun ended: what came until then is passed on
                async for part in answer.aiter_raw():
                    bytes_waiting += len(part)
                    if bytes_waiting > self._max_waiting:
                        logger.warning("A Rerun viewer was too slow and was left behind; hide it, then show it again.")
                        writing.cancel()
                        return
                    waiting.put_nowait(part)
            waiting.put_nowait(b"")

        async def write() -> None:
            nonlocal bytes_waiting
            while part := await waiting.get():
                await send({"type": "http.response.body", "body": part, "more_body": True})
                bytes_waiting -= len(part)
            await send({"type": "http.response.body"})

        async def leave() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        writing, leaving = asyncio.create_task(write()), asyncio.create_task(leave())
        tasks = (writing, leaving, asyncio.create_task(read()))
        try:
            await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
