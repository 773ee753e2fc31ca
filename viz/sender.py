"""A bounded, newest-wins sender: whoever watches, the caller is never delayed."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any, Final

from records import StepRecord

Message = tuple[Any, ...]
STEPS: Final = ("step", "shown step")
"""kinds of messages that may be dropped"""

logger = logging.getLogger(__name__)


class BoundedSender:
    """Sends messages over a connection from a thread of its own.

    `("step", StepRecord, ...)` messages, and those of shown steps, are droppable: when the receiver falls behind, first
    the images of the oldest waiting steps go (`StepRecord.observation` becomes None in a copy), then the oldest steps
    themselves. Every other message ("episode", "end", "stop") is kept, in order, for as long as there is a receiver.

    Args:
        connection: writable end of a pipe; the sender owns it from now on.
        capacity: steps that may wait.
        image_capacity: waiting steps that may carry images; a quarter of `capacity` by default.
    """

    def __init__(self, connection: Connection, capacity: int = 64, image_capacity: int | None = None) -> None:
        if capacity < 1:
            raise ValueError(f"capacity is {capacity}; it must be at least 1")
        self.capacity = capacity
        self.image_capacity = max(1, capacity // 4) if image_capacity is None else min(image_capacity, capacity)
        self.dropped_images = 0
        """steps that lost their images (and were not dropped whole later)"""
        self.dropped_steps = 0
        self._connection = connection
        # Waiting messages by the number of their arrival: dropping one from the middle is as cheap as sending it.
        self._waiting: OrderedDict[int, Message] = OrderedDict()
        self._steps: deque[int] = deque()
        self._with_images: deque[int] = deque()
        self._stripped: set[int] = set()
        self._next = 0
        self._closing = False
        self._alive = True
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="rerun-sender", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether there is still a receiver; when False, every step counts as dropped."""
        return self._alive

    @property
    def waiting(self) -> int:
        """Messages not yet handed to the connection."""
        return len(self._waiting)

    def send(self, message: Message) -> None:
        """Queue a message and return at once (well under 0.2 ms), whatever the receiver does. Never raises."""
        is_step = message[0] in STEPS
        with self._changed:
            if self._closing or not self._alive:
                self.dropped_steps += is_step
                return
            number, self._next = self._next, self._next + 1
            self._waiting[number] = message
            if is_step:
                self._steps.append(number)
                if message[1].observation is not None:
                    self._with_images.append(number)
                self._drop()
            self._changed.notify()

    def close(self, timeout: float = 2.0) -> None:
        """Send what waits for at most `timeout` seconds, then let go: a receiver that hangs is left behind."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout)
        if self._thread.is_alive():
            # Closing the connection under a blocked write is undefined: the daemon thread keeps it until the end.
            logger.warning("Rerun did not read its last messages within %.1f s; they are dropped.", timeout)
            with self._changed:
                self._forget()

    def _drop(self) -> None:
        while len(self._with_images) > self.image_capacity:
            number = self._with_images.popleft()
            kind, record, *rest = self._waiting[number]
            self._waiting[number] = (kind, _without_images(record), *rest)
            self._stripped.add(number)
            self.dropped_images += 1
        while len(self._steps) > self.capacity:
            number = self._steps.popleft()
            del self._waiting[number]
            self.dropped_steps += 1
            if number in self._stripped:
                self._stripped.discard(number)
                self.dropped_images -= 1
            elif self._with_images and self._with_images[0] == number:
                self._with_images.popleft()

    def _take(self) -> Message | None:
        """The oldest waiting message, or None when the sender is closed and empty."""
        with self._changed:
            while not self._waiting:
                if self._closing:
                    return None
                self._changed.wait()
            number, message = self._waiting.popitem(last=False)
            for queue in (self._steps, self._with_images):
                if queue and queue[0] == number:
                    queue.popleft()
            self._stripped.discard(number)
            return message

    def _run(self) -> None:
        while (message := self._take()) is not None:
            try:
                self._connection.send(message)
            except OSError as error:
                logger.warning("Rerun is gone (%s); the episode goes on without it.", error)
                break
            except Exception:  # one message that cannot be pickled must not end the view of all others
                logger.exception("A %r message could not be sent to Rerun.", message[0])
        with self._changed:
            self._forget()
        self._connection.close()

    def _forget(self) -> None:
        self._alive = False
        self.dropped_steps += len(self._steps)
        self.dropped_images -= len(self._stripped)
        for queue in (self._waiting, self._steps, self._with_images, self._stripped):
            queue.clear()


def _without_images(record: StepRecord) -> StepRecord:
    return replace(record, observation=None)
