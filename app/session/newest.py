"""A newest-wins sender: the receiver asks, and gets what is newest then; a frozen receiver costs the caller nothing."""

from __future__ import annotations

import logging
import threading
from multiprocessing.connection import Connection
from typing import Any, Final

READY: Final = "ready"
"""what the receiver sends when it can take another message"""

logger = logging.getLogger(__name__)


class NewestSender:
    """Keeps one message, the newest, and sends it when the receiver says `READY`.

    The receiver never finds old messages queued up in the pipe, and the caller is never delayed.
    """

    def __init__(self, connection: Connection) -> None:
        self.skipped = 0
        """messages that a newer one replaced before they were sent"""
        self._connection = connection
        self._newest: Any = None
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="newest-sender", daemon=True)
        self._thread.start()

    def send(self, message: Any) -> None:
        """Offer a message and return at once. Never raises."""
        with self._changed:
            self.skipped += self._newest is not None
            self._newest = message
            self._changed.notify()

    def close(self) -> None:
        """Let go; what was not sent is dropped. The pipe closes within half a second unless a write hangs in it."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _run(self) -> None:
        try:
            while not self._closed:
                # In short waits: a receiver that never asks must not keep this thread from ending.
                if not self._connection.poll(0.5):
                    continue
                self._connection.recv()
                with self._changed:
                    self._changed.wait_for(lambda: self._newest is not None or self._closed)
                    message, self._newest = self._newest, None
                if message is not None:
                    self._connection.send(message)
        except (EOFError, OSError) as error:
            logger.warning("The receiver of live poses is gone (%s).", error)
        self._connection.close()
