"""A page's first script."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.web.first_script import FirstScript

PAGE = "<html><head><script>first()</script></head><body>ä</body></html>"


async def page(_: Request) -> Response:
    return HTMLResponse(PAGE)


async def in_parts(_: Request) -> Response:
    return StreamingResponse(iter([PAGE[:20], PAGE[20:]]), media_type="text/html")


@pytest.mark.parametrize("path", ["/", "/parts"])
def test_it_comes_before_all_others_and_the_page_is_whole(path: str) -> None:
    app = Starlette(routes=[Route("/", page), Route("/parts", in_parts), Route("/other", page)])
    client = TestClient(FirstScript(app, "/web/early.js", ("/", "/parts")))
    answer = client.get(path)
    assert answer.text == PAGE.replace("<head>", '<head><script src="/web/early.js"></script>')
    if length := answer.headers.get("content-length"):
        assert int(length) == len(answer.content)
    assert client.get("/other").text == PAGE
