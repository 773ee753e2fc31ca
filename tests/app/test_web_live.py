"""The live view's side of a socket: newest wins, and few are on the way."""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any

from app.frames import KEPT_BACKDROPS
from app.web.live import IN_FLIGHT, Shot, Watcher, pack_frame


class Socket:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes | str] = []

    async def send_bytes(self, data: bytes) -> None:
        self.sent.append(data)

    async def send_text(self, data: str) -> None:
        self.sent.append(data)


async def _pumped(watcher: Watcher, socket: Any, offers: list[Shot]) -> None:
    pump = asyncio.create_task(watcher.pump(socket))
    for offer in offers:
        watcher.offer_frame(offer)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    pump.cancel()
    await asyncio.gather(pump, return_exceptions=True)


def test_a_watcher_that_acknowledges_nothing_gets_a_few_frames_and_no_more() -> None:
    watcher, socket = Watcher("page 1"), Socket()
    asyncio.run(_pumped(watcher, socket, [Shot(bytes([i])) for i in range(9)]))
    assert socket.sent == [bytes([i]) for i in range(IN_FLIGHT)]
    assert watcher.frame == Shot(bytes([8])) and watcher.dropped == 9 - IN_FLIGHT - 1


def test_after_an_acknowledgement_the_newest_frame_is_sent() -> None:
    watcher, socket = Watcher("page 1"), Socket()
    watcher.credit = 0
    watcher.offer_frame(Shot(b"old"))
    watcher.offer_frame(Shot(b"new"))
    watcher.acknowledge()
    asyncio.run(_pumped(watcher, socket, [Shot(b"newest")]))
    assert socket.sent == [b"newest"]


def test_a_frame_carries_its_facts_before_its_picture() -> None:
    message = pack_frame(b"jpeg", {"step": 3})
    length = struct.unpack("<I", message[:4])[0]
    assert json.loads(message[4 : 4 + length]) == {"step": 3} and message[4 + length :] == b"jpeg"


def test_a_backdrop_is_sent_once_before_the_first_patch_of_it_and_again_to_who_has_forgotten_it() -> None:
    watcher, socket = Watcher("page 1"), Socket()
    watcher.credit = 9
    patches = [Shot(f"{n}".encode(), f"scene {n}", f"behind {n}".encode()) for n in range(KEPT_BACKDROPS + 1)]
    whole = Shot(b"whole")
    asyncio.run(_pumped(watcher, socket, [patches[0], patches[0], whole, *patches[1:], patches[0]]))
    expected = [b"behind 0", b"0", b"0", b"whole"]
    for n in (*range(1, KEPT_BACKDROPS + 1), 0):
        expected += [f"behind {n}".encode(), f"{n}".encode()]
    assert socket.sent == expected
