"""The live view: the newest frame and status to every watcher over a WebSocket, however slow one of them is.

To the browser: text messages are the status as JSON; binary messages are frames: the length of their meta data
(uint32, little endian), the meta data as JSON, the picture as JPEG. A frame with `"on"` is a patch of a backdrop, which
is sent before the first patch of it: `{"backdrop": name}`, JPEG. From the browser: `shown` acknowledges a frame;
`{"drive": [...], "n": number}` is a human's command; `{"do": name, ...}` is a command (see `LiveFeed`) that is answered
with `{"reply": status}`. A socket is who holds the arm: its first message tells it its name, `{"you": name}`, and when
it ends while it drives, the arm holds. The status that it gets says how many watch (`watching`).
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson
from fastapi import WebSocket, WebSocketDisconnect

from app.frames import KEPT_BACKDROPS
from app.web.commands import Commands, Frames, plain

logger = logging.getLogger(__name__)

IN_FLIGHT: Final = 2
"""frames on the way to one watcher; more would queue up somewhere in the network and arrive late"""
STATUS_PERIOD: Final = 0.2
"""seconds"""
_FRAME_TIMEOUT: Final = 1.0
ACKNOWLEDGEMENT: Final = "shown"


@dataclass(frozen=True)
class Shot:
    """A packed frame, and the packed backdrop that it is a patch of."""

    frame: bytes
    on: str = ""
    """name of the backdrop; none: the frame is a whole picture"""
    backdrop: bytes = b""


class Watcher:
    """One open page: the newest frame that it has not seen, and how many it may be sent.

    Args:
        name: who it is when it drives; no other open page has it.
        hungry: is set when it can take a picture.
    """

    def __init__(self, name: str, hungry: threading.Event | None = None) -> None:
        self.changed = asyncio.Event()
        self.frame: Shot | None = None
        self.backdrops = deque[str](maxlen=KEPT_BACKDROPS)
        self.status: bytes | None = None
        self.credit = IN_FLIGHT
        self.hungry = threading.Event() if hungry is None else hungry
        self.hungry.set()
        self.dropped = 0
        self.name = name

    def offer_frame(self, frame: Shot) -> None:
        """Newest wins: what was not sent yet is dropped."""
        self.dropped += self.frame is not None
        self.frame = frame
        self.changed.set()

    def offer_status(self, status: bytes) -> None:
        """Newest wins."""
        self.status = status
        self.changed.set()

    def acknowledge(self) -> None:
        """A frame arrived."""
        self.credit = min(self.credit + 1, IN_FLIGHT)
        self.changed.set()
        self.hungry.set()

    async def pump(self, socket: WebSocket) -> None:
        """Send what is newest for as long as the socket is open."""
        while True:
            await self.changed.wait()
            self.changed.clear()
            if self.status is not None:
                status, self.status = self.status, None
                await socket.send_text(status.decode())
            if self.frame is not None and self.credit > 0:
                frame, self.frame = self.frame, None
                self.credit -= 1
                if frame.on and frame.on not in self.backdrops:
                    self.backdrops.append(frame.on)
                    await socket.send_bytes(frame.backdrop)
                await socket.send_bytes(frame.frame)
                if self.credit > 0:
                    self.hungry.set()


class LiveFeed:
    """Carries frames and status from the cockpit's threads to the watchers. Start it inside the event loop."""

    def __init__(self, frames: Frames, commands: Commands) -> None:
        self._frames = frames
        self._commands = commands
        self._watchers: set[Watcher] = set()
        self._newest_frame: Shot | None = None
        self._newest_status: bytes | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = threading.Event()
        self._wanted = threading.Event()
        self._hungry = threading.Event()
        self._dropped_before = 0

    @property
    def watched(self) -> bool:
        """Whether a page is open."""
        return bool(self._watchers)

    @property
    def dropped(self) -> int:
        """Frames that some watcher was too slow for, since the start."""
        return self._dropped_before + sum(watcher.dropped for watcher in tuple(self._watchers))

    def start(self) -> None:
        """Begin to listen to the cockpit."""
        self._loop = asyncio.get_running_loop()
        for name, body in (("live-frames", self._read_frames), ("live-status", self._read_status)):
            threading.Thread(target=body, name=name, daemon=True).start()

    def stop(self) -> None:
        """Let the threads end."""
        self._stopping.set()
        self._wanted.set()
        self._hungry.set()

    async def serve(self, socket: WebSocket) -> None:
        """Show one page everything until it leaves."""
        await socket.accept()
        watcher = Watcher(self._name(socket), self._hungry)
        self._watchers.add(watcher)
        self._wanted.set()
        await socket.send_text(orjson.dumps({"you": watcher.name}).decode())
        if self._newest_frame is not None:
            watcher.offer_frame(self._newest_frame)
        if self._newest_status is not None:
            watcher.offer_status(self._newest_status)
        pump = asyncio.create_task(watcher.pump(socket))
        try:
            while True:
                text = await socket.receive_text()
                if text == ACKNOWLEDGEMENT:
                    watcher.acknowledge()
                elif (asked := _read(text)) is not None and "drive" in asked:
                    self._commands.drive_on(watcher.name, asked["drive"], asked.get("n"))
                elif asked is not None:
                    await socket.send_text(orjson.dumps({"reply": await self._do(watcher.name, asked)}).decode())
        except (WebSocketDisconnect, RuntimeError, KeyError):  # gone, or it sent bytes, which no page of ours does
            pass
        finally:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)
            self._watchers.discard(watcher)
            self._commands.leave(watcher.name)
            self._dropped_before += watcher.dropped
            if not self._watchers:
                self._wanted.clear()

    def _name(self, socket: WebSocket) -> str:
        """Short, for others to read: the smallest number that is free, and whether it is a phone."""
        taken = {int(watcher.name.split()[1]) for watcher in self._watchers}
        number = next(number for number in itertools.count(1) if number not in taken)
        return f"page {number}{' (phone)' if 'Mobi' in socket.headers.get('user-agent', '') else ''}"

    async def _do(self, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        commands = self._commands
        known: dict[str, Callable[[], dict[str, Any]]] = {
            "run": lambda: commands.run(asked.get("instruction"), name),
            "pause": lambda: commands.pause(name),
            "step": lambda: commands.step(name),
            "stop": commands.stop,
            "reset": lambda: commands.reset(asked.get("seed"), name),
            "next_scene": lambda: commands.next_scene(name),
            "take_over": lambda: commands.take_over(name),
            "hand_back": lambda: commands.hand_back(name),
            "mark_failure": lambda: commands.mark_failure(name, asked.get("seconds", 2.0)),
            "finish": lambda: commands.finish(name, asked.get("outcome"), asked.get("instruction"), asked.get("seed")),
            "ask": lambda: commands.ask(name),
            "give": lambda: commands.give(name),
            "keep": lambda: commands.keep(name),
            "nudge": lambda: commands.nudge(name, asked.get("name"), asked.get("offset")),
            "pin_tokens": lambda: commands.pin_tokens(asked.get("pins"), asked.get("steps")),
            "preview_tokens": lambda: commands.preview_tokens(asked.get("pins"), asked.get("steps")),
            "episodes": commands.episodes,
            "look": lambda: commands.look(asked.get("step"), asked.get("episode")),
            "play": lambda: commands.play(asked.get("on", True), asked.get("speed", 1)),
            "rewind": lambda: commands.rewind(name, asked.get("step"), asked.get("episode")),
            "branch": lambda: commands.branch(asked.get("point"), name),
        }
        wanted = str(asked.get("do"))
        if wanted not in known:
            return {**commands.status(), "error": f"There is no command {wanted!r}; use {', '.join(known)}."}
        return await asyncio.to_thread(known[wanted])

    def _publish(self, offer: Callable[[Any], None], message: Any) -> None:
        if self._loop is not None and not self._stopping.is_set():
            self._loop.call_soon_threadsafe(offer, message)

    def _offer_frame(self, frame: Shot) -> None:
        self._newest_frame = frame
        for watcher in self._watchers:
            watcher.offer_frame(frame)

    def _offer_status(self, status: bytes) -> None:
        self._newest_status = status
        for watcher in self._watchers:
            watcher.offer_status(status)

    def _read_frames(self) -> None:
        last, failed = -1, False
        while not self._stopping.is_set():
            self._hungry.wait()
            try:
                newer = self._frames.wait_newer(last, _FRAME_TIMEOUT)
                if newer is not None and newer[0] != last:
                    last, picture, meta = newer
                    if picture and (shot := self._shot(picture, {**meta, "frame": last})) is not None:
                        self._hungry.clear()  # until one of those who get it can take another
                        self._publish(self._offer_frame, shot)
                    continue
            except Exception:  # a renderer that died must not end the page
                # Once: what is wrong with one picture is wrong with all that come after it, thirty a second.
                logger.log(logging.DEBUG if failed else logging.ERROR, "A picture could not be shown.", exc_info=True)
                failed = True
            self._stopping.wait(0.05)

    def _shot(self, picture: bytes, meta: dict[str, Any]) -> Shot | None:
        """None if newer backdrops have replaced its own: the next frame is of one of them."""
        name, backdrop = meta.get("on"), b""
        if name:
            jpeg = self._frames.backdrop(name)
            if jpeg is None:
                return None
            backdrop = pack_frame(jpeg, {"backdrop": name})
        return Shot(pack_frame(picture, meta), name or "", backdrop)

    def _read_status(self) -> None:
        while not self._stopping.is_set():
            self._wanted.wait()
            started = time.monotonic()
            try:
                status = {**self._commands.status(), "watching": len(self._watchers)}
                self._publish(self._offer_status, orjson.dumps(status))
            except Exception:
                logger.exception("The status could not be shown.")
            self._stopping.wait(max(0.02, STATUS_PERIOD - (time.monotonic() - started)))


def _read(text: str) -> dict[str, Any] | None:
    """A JSON object; None if it is none, which no page of ours sends."""
    try:
        asked = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return asked if isinstance(asked, dict) else None


def pack_frame(picture: bytes, meta: dict[str, Any]) -> bytes:
    """One binary message, see the module."""
    header = orjson.dumps(plain(meta))
    return struct.pack("<I", len(header)) + header + picture
