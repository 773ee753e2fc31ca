"""The session process: its body, and the thread that answers the web process."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from app.priority import come_first, set_priority
from app.session.protocol import SessionSettings

SWITCH_INTERVAL = 0.0005
"""seconds after which the control loop gets the interpreter back from planner, refiner and recorder"""
PRIORITY = -10

logger = logging.getLogger(__name__)


def main(
    settings: SessionSettings, commands: Connection, live: Connection | None = None, rerun: Connection | None = None
) -> None:
    """Run the session until the web process closes its end of `commands`.

    Args:
        settings: of the session.
        commands: duplex pipe; requests `(number, name, arguments)`, answers `(number, status)`.
        live: duplex pipe to the live renderer.
        rerun: writable end of the pipe to the Rerun process.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C: the web process closes the pipe, then the episode ends well
    # One thread for each model: two cores carry planner, refiner and the loop side by side.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ["LP_NUM_THREADS"] = "0"  # small pictures are drawn as fast by the thread that wants them
    sys.setswitchinterval(SWITCH_INTERVAL)
    set_priority(PRIORITY)

    import cv2

    from app.session.loop import SessionLoop, load_policy
    from app.session.recorder import Recorder
    from app.session.session import Session
    from app.session.watchers import Watchers

    cv2.setNumThreads(1)
    watchers, recorder = Watchers(live, rerun), Recorder()
    loop = SessionLoop(Session(settings, watchers, recorder))
    loader = load_policy(loop)
    threading.Thread(target=_answer, args=(commands, loop, watchers), name="commands", daemon=True).start()
    threading.Thread(target=_settle_memory, args=(loader,), daemon=True).start()
    come_first()
    try:
        loop.run()
    finally:
        recorder.close()
        watchers.close()


def _answer(commands: Connection, loop: Any, watchers: Any) -> None:
    """Answer one request after the other; at the end of the pipe, end the loop.

    `watch` is not for the session: it brings new connections to watchers that were started anew, and a sentence.
    """
    try:
        while True:
            number, name, arguments = commands.recv()
            try:
                if name == "watch":
                    sentence = arguments.pop("sentence")
                    watchers.renew(**arguments)
                    loop.tell(partial(loop.session.watched_anew, sentence))
                    name, arguments = "status", {}
                status = loop.ask(name, arguments)
            except Exception as error:  # one request that failed must not silence all later ones
                logger.exception("The command %r failed.", name)
                sentence = (
                    f"The command {name!r} failed ({type(error).__name__}: {error}); press Reset, then try again."
                )
                status = {"error": sentence, **loop.session.status}
            commands.send((number, status))
    except (EOFError, OSError):
        loop.close()


def _settle_memory(loader: threading.Thread) -> None:
    """Once the policy is there: what is loaded is not garbage, so the collector need not walk it in the loop."""
    loader.join()
    gc.collect()
    gc.freeze()
