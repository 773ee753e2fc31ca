"""The web process's side of the session: commands in, status out."""

from __future__ import annotations

import select
import threading
import time
from multiprocessing.connection import Connection
from typing import Any

TIMEOUT = 15.0
"""seconds; an answer takes milliseconds, but loading the policy's libraries from a cold disk stops all else"""


TELL_SECONDS = 0.05
"""for which a command that waits for no answer may wait for others to be sent"""


class SessionGone(ConnectionError):
    """The session process is dead, or does not answer; the message names the fix."""


class SessionClient:
    """Sends commands to the session process; thread-safe.

    Commands: `reset(seed)`, `run(instruction)`, `pause`, `step`, `stop`, `status`, `set_schedule(name)`,
    `set_planner_latency(ms)`, `take_over(holder)`, `hand_back(holder)`, `drive(holder, action, number)`,
    `nudge(name, offset)`, `rewind(step, episode)`, `branch(step, driver, ...)`. Each returns at once with the status
    as a dict (see docs/architecture.md); one that was refused has `error` in it, a sentence that names the fix.

    Args:
        connection: duplex pipe to the session process; the client owns it from now on.
    """

    def __init__(self, connection: Connection) -> None:
        self.last: dict[str, Any] = {}
        """the newest status"""
        self._connection = connection
        self._gone = _DEAD
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._number = 0

    def call(self, command: str, /, timeout: float = TIMEOUT, **arguments: Any) -> dict[str, Any]:
        """The status after a command.

        Raises:
            SessionGone: the process is dead, or did not answer within `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        if not self._lock.acquire(timeout=timeout):
            raise SessionGone(_BUSY)
        try:
            self._number += 1
            if not self._sending.acquire(timeout=max(0.0, deadline - time.monotonic())):
                raise SessionGone(_BUSY)
            try:
                self._connection.send((self._number, command, arguments))
            finally:
                self._sending.release()
            while self._connection.poll(max(0.0, deadline - time.monotonic())):
                number, status = self._connection.recv()
                if number == self._number:  # an older one is the late answer to a call that gave up
                    self.last = status
                    return self.last
        except (EOFError, OSError) as error:
            raise SessionGone(self._gone) from error
        finally:
            self._lock.release()
        raise SessionGone(_BUSY)

    def tell(self, command: str, /, **arguments: Any) -> None:
        """A command that waits for nothing: `drive`, `leave`. To a session that is gone or stands still it is lost."""
        if not self._sending.acquire(timeout=TELL_SECONDS):
            return
        try:
            if self._takes_more():
                self._connection.send((None, command, arguments))
        except OSError:
            pass
        finally:
            self._sending.release()

    def _takes_more(self) -> bool:
        """Whether there is room in the pipe: whoever tells something must never stand still with the session."""
        poller = select.poll()
        poller.register(self._connection.fileno(), select.POLLOUT)
        return bool(poller.poll(0))

    def renew(self, connection: Connection) -> None:
        """Talk to another session process from now on."""
        with self._lock:
            self._connection.close()
            self._connection = connection

    def give_up(self, sentence: str) -> None:
        """There will be no other session process: what callers are told from now on."""
        self._gone = sentence

    def close(self) -> None:
        """Hang up: the session ends its episode and itself."""
        self._connection.close()


_DEAD = "The session's process has ended; another one is being started, which takes a few seconds."
_BUSY = "The session does not answer; if that lasts for half a minute, its process is started anew."
