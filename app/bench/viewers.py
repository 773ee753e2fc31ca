"""Light viewers of the live view, in a process of their own: quick ones, slow ones, and one that is frozen."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection

PAUSES = (0.0, 0.0, 0.5, 2.0, None)
"""seconds that each takes for a picture; None never takes one"""


def main(address: str, pauses: Sequence[float | None], until: Connection) -> None:
    """Watch until the other end of `until` is closed.

    Args:
        address: of the WebSocket.
        pauses: one viewer for each.
        until: says "ready" when all are connected.
    """
    ready = threading.Barrier(len(pauses) + 1)
    for pause in pauses:
        threading.Thread(target=_watch, args=(address, pause, ready), daemon=True).start()
    ready.wait(30)
    with contextlib.suppress(EOFError, OSError):
        until.send("ready")
        until.recv()


def _watch(address: str, pause: float | None, ready: threading.Barrier) -> None:
    from websockets.sync.client import connect

    with connect(address, max_size=None, compression=None) as socket:
        ready.wait(30)
        while pause is None:
            time.sleep(1.0)
        for message in socket:
            if isinstance(message, bytes):
                time.sleep(pause)
                socket.send("shown")
