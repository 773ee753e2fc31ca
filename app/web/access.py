"""Who may reach the page: on a network whoever has the token, and a page of another site nowhere.

The token comes once, in the address that is shared (`/?token=...`), and is exchanged for a cookie; programs send it as
`Authorization: Bearer ...` with every request.
"""

from __future__ import annotations

import html
import secrets
import socket
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Final
from urllib.parse import urlencode, urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.addresses import LOOPBACK_NAMES, in_url, is_everywhere, is_loopback, own_addresses

TOKEN_BYTES: Final = 16
NO_TOKEN: Final = "This cockpit opens with its token: use the whole address that `libra demo` printed, or its QR code."
WRONG_TOKEN: Final = "This is not the token of this cockpit: use the address that `libra demo` printed when it started."
OTHER_SITE: Final = "This page belongs to another site, which may not talk to the cockpit."
OTHER_NAME: Final = "This cockpit does not go by that name; if it should, start it with `libra demo --lan NAME`."
_PAGE: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Libra Cockpit</title>'
    '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="dark light">'
    '<body style="font: 16px/1.5 system-ui; max-width: 32em; margin: 20vh auto; padding: 0 1em">{body}</body></html>'
)
_HEADERS: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


@dataclass(frozen=True)
class Access:
    """How the page is reached, and what for.

    Args:
        token: that whoever comes must have; None asks for none.
        names: that the server goes by, besides the address at which a connection arrives.
        link: the address to share, with the token; None if there is nothing to share.
    """

    token: str | None = field(default=None, repr=False)
    names: tuple[str, ...] = LOOPBACK_NAMES
    link: str | None = field(default=None, repr=False)


def access_for(host: str, port: int, token: str | None = None, name: str | None = None) -> Access:
    """Who may reach a server that listens there: on this machine anybody, on a network whoever has the token.

    Args:
        host: where it listens.
        port: where it listens.
        token: characters that need no escaping in an address; a random one by default.
        name: name or address that others reach the machine by.
    """
    if is_loopback(host):
        return Access(names=(*LOOPBACK_NAMES, host))
    token = token or secrets.token_urlsafe(TOKEN_BYTES)
    known = [each for each in (name, None if is_everywhere(host) else host) if each] or own_addresses()
    address = known[0] if known else host
    machine = socket.gethostname()
    names = (*LOOPBACK_NAMES, machine, f"{machine}.local", *known)
    link = f"http://{in_url(address)}:{port}/?{urlencode({'token': token})}"
    return Access(token, tuple(each.lower() for each in names), link)


class Gate:
    """ASGI middleware in front of everything: page, live channel, endpoints, downloads, Rerun's stream.

    Args:
        app: what lies behind it.
        access: who may pass.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or connection: an answer of the gate's own, or what lies behind it."""
        answer = self._answer(HTTPConnection(scope)) if scope["type"] in ("http", "websocket") else None
        await (answer or self._app)(scope, receive, send)

    def _answer(self, asked: HTTPConnection) -> Response | None:
        if not self._is_ours(asked):
            return _refusal(asked, 403, OTHER_NAME)
        if not same_origin(asked):
            return _refusal(asked, 403, OTHER_SITE)
        if self._access.token is None:
            return None
        given = _given(asked)
        if given is not None and self._fits(given):
            return self._welcome(asked)
        if self._fits(_carried(asked) or ""):
            return None
        nothing = given is None and "authorization" not in asked.headers
        return _refusal(asked, 401, NO_TOKEN) if nothing else _refusal(asked, 403, WRONG_TOKEN)

    def _is_ours(self, asked: HTTPConnection) -> bool:
        """Another site could point its own name at this machine, but then its name is in the request."""
        try:
            name = urlsplit(f"//{asked.headers.get('host', '')}").hostname
        except ValueError:
            return False
        return name is not None and (name in self._access.names or name == _arrived_at(asked))

    def _fits(self, token: str) -> bool:
        return secrets.compare_digest(token.encode(), str(self._access.token).encode())

    def _welcome(self, asked: HTTPConnection) -> Response:
        # The page that goes on is ours: after a redirect, a browser that came from a link on another site would keep
        # a strict cookie to itself. It replaces the address with the token, also in the browser's history.
        body = _PAGE.format(body='<a href="/">Open the cockpit</a>')
        answer = HTMLResponse(body, headers={**_HEADERS, "Refresh": "0; url=/"})
        answer.set_cookie(
            _cookie(asked),
            str(self._access.token),
            httponly=True,
            samesite="strict",
            secure=asked.scope.get("scheme") == "https",
        )
        return answer


def same_origin(asked: HTTPConnection) -> bool:
    """Whether the page that asks came from here. Programs send no origin and are welcome."""
    origin = asked.headers.get("origin")
    try:
        return origin is None or urlsplit(origin).netloc == asked.headers.get("host")
    except ValueError:
        return False


def _given(asked: HTTPConnection) -> str | None:
    """The token in the address, which counts where the page is opened and nowhere else."""
    opened = asked.scope["type"] == "http" and asked.scope["method"] == "GET" and asked.scope["path"] == "/"
    return asked.query_params.get("token") if opened else None


def _carried(asked: HTTPConnection) -> str | None:
    """The token that comes with every request."""
    kind, _, token = asked.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else asked.cookies.get(_cookie(asked))


def _cookie(asked: HTTPConnection) -> str:
    """A browser keeps one cookie of a name for all ports of a machine, which may serve several cockpits."""
    return f"libra-{_server(asked)[1]}"


def _arrived_at(asked: HTTPConnection) -> str | None:
    """Our own address that a connection was made to, which is a name of ours by being there."""
    try:
        address = ip_address(_server(asked)[0].partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def _server(asked: HTTPConnection) -> tuple[str, int]:
    host, port = asked.scope.get("server") or ("", 0)
    return str(host), int(port or 0)


def _refusal(asked: HTTPConnection, status: int, sentence: str) -> Response:
    headers = {**_HEADERS, **({"WWW-Authenticate": "Bearer"} if status == 401 else {})}
    if "text/html" in asked.headers.get("accept", ""):
        return HTMLResponse(_PAGE.format(body=f"<p>{html.escape(sentence)}</p>"), status, headers)
    return PlainTextResponse(sentence, status, headers)
