"""The thread that reads episodes, the newest first, with one renderer for all of them.

A GL context belongs to a thread and takes a third of a second to come up: a replay would wait for it.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from queue import SimpleQueue
from typing import Final

from scenes.canvas import PictureLost
from scenes.env import TabletopEnv

WAIT_SECONDS: Final = 0.05
"""between two looks whether what has to wait may go on"""
CALM_SECONDS: Final = 1.0
"""after an episode was asked for, in which its own first pictures come before everything else"""
Work = Iterator[bool]
"""Does a little each time and says whether it did: False if it has to wait. Raises nothing."""
_asked: Final[SimpleQueue[Work]] = SimpleQueue()


def read_in_background(work: Work) -> None:
    """Before whatever was asked for earlier; what was asked for already comes to the front."""
    _thread()
    _asked.put(work)


@contextmanager
def environment() -> Iterator[TabletopEnv]:
    """For one episode; only in `Work`."""
    try:
        yield TabletopEnv(renderer=_owner().renderer)
    except PictureLost:
        _owner().renew_renderer()
        raise


@cache
def _owner() -> TabletopEnv:
    """Whose renderer all use."""
    owner = TabletopEnv()
    owner.views()
    atexit.register(
        _free
    )  # now: with the first context MuJoCo registers the end of EGL, and what comes later runs before
    return owner


@cache
def _thread() -> threading.Thread:
    thread = threading.Thread(target=_serve, name="reader", daemon=True)
    thread.start()
    return thread


def _serve() -> None:
    works: list[Work] = []
    asked_at = 0.0
    while True:
        if not works or not _asked.empty():
            newest = _asked.get()
            works = [*(work for work in works if work is not newest), newest]
            asked_at = time.monotonic()
        calm = time.monotonic() - asked_at < CALM_SECONDS
        for work in [each for each in reversed(works) if each is newest or not calm]:
            did = next(work, None)
            if did is None:
                works.remove(work)
            if did is not False:
                break
        else:
            time.sleep(WAIT_SECONDS)


def _free() -> None:
    """A GL context is freed by the thread that it belongs to."""
    done = threading.Event()

    def free() -> Work:
        _owner().close()
        done.set()
        yield True

    read_in_background(free())
    done.wait(1.0)
