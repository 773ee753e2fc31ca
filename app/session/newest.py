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
    """Keeps one message per kind (`message[0]`), the newest, and sends one whenever the receiver says `READY`.

    Kinds go out in the order in which they first came up, so a scene comes before its poses. Never more than one
    message per kind waits, whatever the receiver does.
    """

    def __init__(self, connection: Connection) -> None:
        self.skipped = 0
        """messages that a newer one replaced before they were sent"""
        self._connection = connection
        self._newest: dict[str, tuple[Any, ...]] = {}
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="newest-sender", daemon=True)
        self._thread.start()

    def send(self, message: tuple[Any, ...]) -> None:
        """Offer a message and return at once. Never raises."""
        with self._changed:
            self.skipped += message[0] in self._newest
            self._newest[message[0]] = message
            self._changed.notify()

    def close(self) -> None:
        """Let go; what was not sent is dropped."""
        with self._changed:
            self._closed = True
            self._newest.clear()
            self._changed.notify()

    def _run(self) -> None:
        try:
            while not self._closed:
                # In short waits: a receiver that never asks must not keep this thread from ending.
                if not self._connection.poll(0.5):
                    continue
                self._connection.recv()
                with self._changed:
                    self._changed.wait_for(lambda: self._newest or self._closed)
                    if self._closed:
                        break
                    message = self._newest.pop(next(iter(self._newest)))
                self._connection.send(message)
        except (EOFError, OSError) as error:
            logger.warning("The receiver of live poses is gone (%s).", error)
        self._connection.close()
