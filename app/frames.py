"""The newest live picture: whoever watches waits for a newer one, which is drawn because they wait."""

from __future__ import annotations

import contextlib
import threading
from multiprocessing.connection import Connection
from typing import Any, Final

WANTED: Final = "wanted"
"""what the live renderer is told when somebody waits for a picture"""

KEPT_BACKDROPS: Final = 4
"""the newest: a scene has one for each detail"""

Meta = dict[str, Any]


class FrameFeed:
    """Holds the newest JPEG of the live view, and the backdrops of which moving pictures are patches.

    Any number of threads may wait for the next one; none of them delays another. The renderer is asked for one picture
    when somebody waits: what nobody could take costs nothing.
    """

    def __init__(self) -> None:
        self._renderer: Connection | None = None
        self._asked = False
        self._changed = threading.Condition()
        self._id = 0
        self._jpeg = b""
        self._meta: Meta = {}
        self._backdrops: dict[str, bytes] = {}
        self._closed = False

    def publish(self, jpeg: bytes, meta: Meta, backdrop: bytes = b"") -> None:
        """Replace the newest picture; `backdrop` is the JPEG that it is a patch of, if that is new."""
        with self._changed:
            if backdrop:
                self._backdrops[meta["on"]] = backdrop
                for name in [*self._backdrops][:-KEPT_BACKDROPS]:
                    del self._backdrops[name]
            self._id, self._jpeg, self._meta, self._asked = self._id + 1, jpeg, meta, False
            self._changed.notify_all()

    def wait_newer(self, last_id: int = 0, timeout: float | None = 1.0) -> tuple[int, bytes, Meta] | None:
        """The newest picture if it is newer than `last_id`, waiting for one at most `timeout` seconds.

        Returns:
            (id, JPEG, meta) with meta `{"step": control step, "stamp": time.monotonic() of the pose shown,
            "seed": scene seed}` and, of a patch, `"on"` and `"at"` as in `app.live`; None when none came in time or the
            feed is closed.
        """
        with self._changed:
            if self._id <= max(last_id, 0):
                self._ask()
            self._changed.wait_for(lambda: self._id > max(last_id, 0) or self._closed, timeout)
            return (self._id, self._jpeg, self._meta) if self._id > max(last_id, 0) else None

    def latest(self) -> tuple[int, bytes, Meta] | None:
        """The newest picture, or None before the first."""
        return self.wait_newer(0, 0)

    def backdrop(self, name: str) -> bytes | None:
        """The JPEG of a backdrop; None if newer ones have replaced it."""
        with self._changed:
            return self._backdrops.get(name)

    def read_from(self, connection: Connection) -> threading.Thread:
        """Publish what the live renderer sends over a duplex pipe, in a thread of its own, until its end."""
        with self._changed:
            self._renderer, self._asked = connection, False
            self._ask()

        def read() -> None:
            try:
                while True:
                    self.publish(*connection.recv())
            except (EOFError, OSError):
                pass

        thread = threading.Thread(target=read, name="live-frames", daemon=True)
        thread.start()
        return thread

    def _ask(self) -> None:
        if self._renderer is not None and not self._asked:
            self._asked = True
            with contextlib.suppress(OSError):  # it is gone: the next one is told
                self._renderer.send(WANTED)

    def close(self) -> None:
        """Wake everybody who waits; no picture comes any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
