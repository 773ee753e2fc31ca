"""The session process: its body, and the thread that answers the web process."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import sys
import threading
from functools import partial
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from app.priority import come_first, set_priority
from app.session.protocol import SessionSettings

if TYPE_CHECKING:
    from app.session.loop import SessionLoop
    from app.session.watchers import Watchers

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
        commands: duplex pipe; requests `(number, name, arguments)`, answers `(number, status)`; a request
            whose number is None wants none.
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


def _answer(commands: Connection, loop: SessionLoop, watchers: Watchers) -> None:
    """Carry out one request after the other and answer it, unless its number is None; at the end, end the loop.

    No request waits for the one before: what needs the loop is answered from there. `watch` is not for the session: it
    brings new connections to watchers that were started anew, and a sentence.
    """
    sending = threading.Lock()

    def answer(number: int | None, status: dict[str, Any]) -> None:
        if number is not None:
            # Who asked may be gone: the end of the pipe is seen where requests are read.
            with sending, contextlib.suppress(OSError):
                commands.send((number, status))

    def carry_out(number: int | None, name: str, arguments: dict[str, Any]) -> None:
        try:
            answer(number, loop.session.command(name, arguments))
        except Exception as error:  # one request that failed must not silence all later ones
            logger.exception("The command %r failed.", name)
            sentence = f"The command {name!r} failed ({type(error).__name__}: {error}); press Reset, then try again."
            answer(number, {"error": sentence, **loop.session.status})

    def take(number: int | None, name: str, arguments: dict[str, Any]) -> None:
        if name == "watch":
            sentence = arguments.pop("sentence")
            watchers.renew(**arguments)
            loop.tell(partial(loop.session.watched_anew, sentence))
            name = "status"
        if name == "status":  # needs no turn: the loop leaves a new one after every step
            answer(number, loop.status)
        elif name == "drive":
            answer(number, loop.drive(arguments))
        elif name == "leave":
            loop.leave(arguments["holder"])
        else:
            loop.tell(partial(carry_out, number, name, arguments))

    while True:
        try:
            number, name, arguments = commands.recv()
        except (EOFError, OSError):
            loop.close()
            return
        try:
            take(number, name, arguments)
        except Exception as error:  # Stop must be heard whatever came before it
            logger.exception("The request %r failed.", name)
            answer(number, {"error": f"The request {name!r} failed ({type(error).__name__}: {error}).", **loop.status})


def _settle_memory(loader: threading.Thread) -> None:
    """Once the policy is there: what is loaded is not garbage. From then on the loop collects, whenever it rests."""
    loader.join()
    gc.collect()
    gc.freeze()
    gc.disable()
