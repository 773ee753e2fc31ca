"""Rerun's stream through the page's port: as it comes, for as long as somebody looks, and never more than fits."""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import contextmanager

import httpx
import pytest
from web_server import TOKEN, Behind, browser, served, shared

from app.web.rerun_proxy import MAX_VIEWERS, SERVICE, RerunProxy
from viz.launch import server_url

READ = f"{SERVICE}/ReadMessages"
ASK = {"content-type": "application/grpc-web+proto", "x-grpc-web": "1"}
NOTHING = b"\x00\x00\x00\x00\x00"
PART = bytes(1 << 16)


class Upstream:
    """A server that sends what it is told to, and knows who is still there."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = server_url(self.listener.getsockname()[1])
        self.asked: list[bytes] = []
        self.connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            asked = b""
            while not asked.endswith(NOTHING) and (part := connection.recv(1 << 16)):  # head and body come in parts
                asked += part
            self.asked.append(asked)
            head = "HTTP/1.1 200 OK\r\ncontent-type: application/grpc-web+proto\r\ntransfer-encoding: chunked\r\n\r\n"
            connection.sendall(head.encode())
            self.connections.append(connection)

    def send(self, part: bytes, viewer: int = -1) -> None:
        self.connections[viewer].sendall(f"{len(part):x}\r\n".encode() + part + b"\r\n")

    def is_left(self, viewer: int = -1) -> bool:
        """Whether the viewer hung up; waits for it."""
        self.connections[viewer].settimeout(20)
        try:
            return self.connections[viewer].recv(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False


@pytest.fixture
def upstream():
    made = Upstream()
    yield made
    for each in (made.listener, *made.connections):
        each.close()


@pytest.fixture
def page(upstream):
    with served(Behind(rerun_url=upstream.url), shared()) as (address, app):
        yield address, app


@contextmanager
def viewer(address):
    with browser(address, TOKEN) as client, client.stream("POST", READ, content=NOTHING, headers=ASK) as answer:
        yield answer


def proxy_of(app) -> RerunProxy:
    return next(route.endpoint for route in app.routes if getattr(route, "path", "") == READ)


def wait_until(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_viewer_gets_what_rerun_sends_when_it_sends_it(page, upstream):
    with viewer(page[0]) as answer:
        assert answer.status_code == 200 and answer.headers["content-type"] == ASK["content-type"]
        parts = answer.iter_raw()
        for said in (b"first", b"second"):
            upstream.send(said)
            assert next(parts) == said
    asked = upstream.asked[0].lower()
    assert asked.startswith(f"post {READ.lower()} ".encode()) and b"x-grpc-web: 1" in asked
    assert b"cookie" not in asked and b"authorization" not in asked and b"origin" not in asked


def test_when_a_viewer_leaves_rerun_is_told(page, upstream):
    with viewer(page[0]) as answer:
        upstream.send(b"x")
        next(answer.iter_raw())
    assert upstream.is_left()
    wait_until(lambda: proxy_of(page[1]).viewers == 0)


def test_when_rerun_ends_the_viewer_has_all_that_came_until_then(page, upstream):
    with viewer(page[0]) as answer:
        for _ in range(20):
            upstream.send(PART)
        upstream.connections[0].shutdown(socket.SHUT_RDWR)
        assert sum(len(part) for part in answer.iter_raw()) == 20 * len(PART)


def test_a_viewer_that_takes_nothing_is_left_behind_and_delays_nobody(page, upstream):
    proxy_of(page[1])._max_waiting = 1 << 20
    with viewer(page[0]), viewer(page[0]) as other:
        began = time.monotonic()
        for _ in range(400):  # 26 MB: more than fits into the sockets' buffers and what may wait
            try:
                upstream.send(PART, 0)
            except ConnectionError:
                break
        assert upstream.is_left(0) and time.monotonic() - began < 30
        upstream.send(b"still here", 1)
        assert next(other.iter_raw()) == b"still here"


def test_no_more_viewers_than_can_be_served(page, monkeypatch):
    proxy_of(page[1]).viewers = MAX_VIEWERS
    with viewer(page[0]) as answer:
        assert answer.status_code == 503 and b"viewers watch Rerun already" in answer.read()


def test_while_rerun_is_gone_the_answer_is_a_sentence():
    with served(Behind(), shared()) as (address, _), viewer(address) as answer:
        assert answer.status_code == 503 and b"Rerun does not answer" in answer.read()


def test_nobody_writes_to_rerun_through_the_page(page, upstream):
    with browser(page[0], TOKEN) as client:
        for method in ("WriteMessages", "WriteTable"):
            assert client.post(f"{SERVICE}/{method}", content=NOTHING, headers=ASK).status_code in (404, 405)
        assert client.post(READ, content=bytes(1 << 17), headers=ASK).status_code == 413
    assert upstream.asked == []


def test_on_this_machine_alone_the_stream_keeps_its_own_port(upstream):
    with served(Behind(rerun_url=upstream.url)) as (address, _):
        answer = httpx.post(f"http://{address}{READ}", content=NOTHING, headers=ASK, trust_env=False)
        assert answer.status_code in (404, 405)


def test_what_a_real_rerun_server_has_logged_comes_through():
    import rerun as rr

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = rr.RecordingStream("libra-test", send_properties=False)
    server.set_sinks(rr.GrpcServerSink("127.0.0.1", port, server_memory_limit="16MB"))
    episode = rr.RecordingStream("libra-test", recording_id="an-episode")
    episode.connect_grpc(server_url(port))
    picture = os.urandom(3000)  # which is sent as it is, for it cannot be packed
    try:
        with served(Behind(rerun_url=server_url(port)), shared()) as (address, _), viewer(address) as answer:
            assert answer.status_code == 200
            episode.log("picture", rr.EncodedImage(contents=picture, media_type="image/jpeg"), static=True)
            received, parts = b"", answer.iter_raw()
            while picture not in received:
                received += next(parts)
    finally:
        episode.disconnect()
        server.disconnect()
