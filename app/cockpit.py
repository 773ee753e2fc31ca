"""The cockpit's supervisor: starts session, live renderer and Rerun, starts anew what dies, and stops them all."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
import time
from collections import defaultdict, deque
from dataclasses import replace
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Final

from app import DEFAULT_CHECKPOINT, DEFAULT_RERUN_PORT, ROOT
from app import live as live_process
from app.client import SessionClient, SessionGone
from app.frames import FrameFeed
from app.session import process as session_process
from app.session.episode import episode_files
from app.session.protocol import SessionSettings
from app.tuning import FineTuning
from viz.launch import PortInUse, RerunProcess, server_url, start_rerun

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 8.0
RERUN_NICENESS: Final = 5
LOOK_SECONDS: Final = 1.0
"""between two looks at processes that live"""
STILL_LOOKS: Final = 20
"""in a row at which the session's loop has not turned, after which it hangs"""
MAX_DEATHS: Final = 5
DEATHS_WINDOW: Final = 120.0
"""seconds within which so many deaths mean that starting anew does not help"""

logger = logging.getLogger(__name__)


class CockpitError(RuntimeError):
    """The cockpit cannot start; the message names the fix."""


class Cockpit:
    """One robot: `start`, then `client.call(...)`, `frames.wait_newer(...)`, `rerun_url`, `episode_files()`, `stop`.

    Args:
        checkpoint: folder of the policy; a bad one shows as a sentence in the status, the scene works without.
        seed: of the first scene.
        rerun_port: of the Rerun stream on the loopback interface.
        folder: for the episode files, `runs/<date-time>/` by default.
        library: what the library page shows, `runs/` by default, or `folder` where that was given.
        policy: `module:function` that loads the policy.
        time_limit: control steps until an attempt counts as failed.
    """

    def __init__(
        self,
        checkpoint: Path = DEFAULT_CHECKPOINT,
        seed: int = 0,
        rerun_port: int = DEFAULT_RERUN_PORT,
        folder: Path | None = None,
        policy: str = SessionSettings.policy,
        time_limit: int = SessionSettings.time_limit,
        library: Path | None = None,
    ) -> None:
        self.library = library or folder or ROOT / "runs"
        self.folder = folder or self.library / time.strftime("%Y-%m-%d-%H%M%S")
        self.rerun_url = server_url(rerun_port)
        self.frames = FrameFeed()
        self.settings = SessionSettings(
            checkpoint=checkpoint, seed=seed, folder=self.folder, policy=policy, time_limit=time_limit
        )
        self.tuning = FineTuning(checkpoint, self.library)
        self._rerun_port = rerun_port
        self._context = get_context("spawn")
        self._client: SessionClient | None = None
        self._session: SpawnProcess | None = None
        self._live: SpawnProcess | None = None
        self._rerun: RerunProcess | None = None
        self._deaths: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MAX_DEATHS))
        self._stopping = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, name="supervisor", daemon=True)

    @property
    def client(self) -> SessionClient:
        """Commands to the session; the same object whichever process answers."""
        if self._client is None:
            raise CockpitError("The cockpit is not running; call start() first.")
        return self._client

    def start(self) -> None:
        """Start all processes; returns when the scene is ready (the policy may still be loading).

        Raises:
            CockpitError: the session did not come up.
            viz.PortInUse: names the port of the Rerun stream.
        """
        self._start_rerun()
        try:
            self._client = SessionClient(self._start_session(self.settings))
            self._supervisor.start()
        except SessionGone as error:
            self.stop()
            raise CockpitError("The session did not come up; `libra doctor` finds out why.") from error

    def episode_files(self) -> list[Path]:
        """Logs (`.arrow`) and Rerun recordings (`.rrd`) of this run, oldest first; the last may still grow."""
        return episode_files(self.folder)

    def stop(self) -> None:
        """End the episode and all processes; what hangs is ended by force."""
        self._stopping.set()
        if self._supervisor.is_alive():
            self._supervisor.join(START_SECONDS)
        if self._client is not None:
            self._client.close()
        if self._rerun is not None:
            self._rerun.close()
        deadline = time.monotonic() + STOP_SECONDS
        for process in (self._session, self._live, None if self._rerun is None else self._rerun.process):
            if process is not None:
                process.join(max(0.1, deadline - time.monotonic()))
                _end(process)
        self.frames.close()

    # Starting.

    def _start_rerun(self) -> None:
        self._rerun = start_rerun(self._rerun_port)
        with contextlib.suppress(OSError, AttributeError):
            os.setpriority(os.PRIO_PROCESS, self._rerun.process.pid or 0, RERUN_NICENESS)

    def _start_session(self, settings: SessionSettings) -> Connection:
        """A session with a live renderer of its own; our end of its pipe, once it answers.

        Raises:
            SessionGone: it did not come up.
        """
        ours, theirs = self._context.Pipe()
        poses = self._start_live(settings.seed)
        with theirs, poses, self._listener() as steps:  # our copies: while one is open, nobody sees the pipe's end
            self._session = self._context.Process(
                target=session_process.main, args=(settings, theirs, poses, steps), name="libra-session", daemon=True
            )
            self._session.start()
        SessionClient(ours).call("status", timeout=START_SECONDS)
        return ours

    def _start_live(self, seed: int) -> Connection:
        """A live renderer; the end of its pipe that is the session's. It ends with the session that it shows."""
        poses_out, poses_in = self._context.Pipe()
        frames_in, frames_out = self._context.Pipe()
        with poses_in, frames_out:
            self._live = self._context.Process(
                target=live_process.main, args=(poses_in, frames_out, seed), name="libra-live", daemon=True
            )
            self._live.start()
        self.frames.read_from(frames_in)
        return poses_out

    def _listener(self) -> Connection:
        """The writable end of a pipe to the Rerun process; one that nobody reads if that is gone."""
        assert self._rerun is not None
        try:
            return self._rerun.connect()
        except OSError:
            reader, writer = self._context.Pipe(duplex=False)
            reader.close()
            return writer

    # Watching over them.

    def _supervise(self) -> None:
        """Start anew what dies, until the cockpit stops or nothing helps."""
        turned_at, still = 0.0, 0
        while not self._stopping.is_set():
            assert self._session is not None and self._live is not None and self._rerun is not None
            processes = (self._session, self._live, self._rerun.process)
            alive = [process.sentinel for process in processes if process.is_alive()]
            if self._session.sentinel in connection.wait(alive, LOOK_SECONDS):
                self._session.join(LOOK_SECONDS)  # its files are closed a little before it counts as dead
            if self._stopping.is_set():
                return
            if self._session.is_alive() and still < STILL_LOOKS:
                self._renew_watchers()
                before, turned_at = turned_at, self._turned_at() or turned_at
                still = still + 1 if turned_at == before else 0
            elif not self._renew_session(hung=self._session.is_alive()):
                return
            else:
                still = 0

    def _turned_at(self) -> float | None:
        """When the session's loop last began a turn, which it does several times a second."""
        try:
            return float(self.client.call("status", timeout=LOOK_SECONDS)["turned_at"])
        except SessionGone:
            return None

    def _renew_session(self, hung: bool) -> bool:
        """Another session in place of one that died or hangs, with its settings; False if that does not help."""
        assert self._session is not None and self._live is not None
        how = "hung" if hung else f"ended ({_why(self._session)})"
        for process in (self._session, self._live):
            _end(process)
        logger.error("The session %s.", how)
        if not self._worth_another("session"):
            self.client.give_up(f"The session {how}, again and again; `libra doctor` finds out why.")
            return False
        last = self.client.last
        self.settings = replace(
            self.settings,
            seed=last.get("seed", self.settings.seed),
            schedule=last.get("schedule", self.settings.schedule),
            planner_latency_ms=last.get("planner_latency_ms", self.settings.planner_latency_ms),
            episodes=len({path.stem for path in self.episode_files()}),
            restarts=self.settings.restarts + 1,
            notice=f"The session {how} and was started anew, with scene, schedule and latency as before; press Run.",
        )
        try:
            self.client.renew(self._start_session(self.settings))
        except SessionGone:  # counted at the next look as one more that died, or that hangs
            logger.exception("The new session did not come up.")
        return True

    def _renew_watchers(self) -> None:
        """Another live renderer or Rerun process in place of one that died; the session goes on meanwhile."""
        assert self._live is not None and self._rerun is not None
        if not self._live.is_alive() and self._worth_another("live renderer"):
            sentence = f"The live view's process ended ({_why(self._live)}) and was started anew."
            with self._start_live(self.client.last.get("seed", self.settings.seed)) as poses:
                self._tell(sentence, live=poses)
        if not self._rerun.process.is_alive() and self._worth_another("Rerun process"):
            sentence = f"Rerun ended ({_why(self._rerun.process)}) and was started anew: it shows the next episode."
            self._rerun.close()
            try:
                self._start_rerun()
            except PortInUse as error:
                logger.warning("%s", error)
                return
            with self._listener() as steps:
                self._tell(sentence, rerun=steps)

    def _tell(self, sentence: str, **connections: Any) -> None:
        logger.warning(sentence)
        # A session that dies just now is seen at the next look, and brings watchers of its own.
        with contextlib.suppress(SessionGone):
            self.client.call("watch", sentence=sentence, **connections)

    def _worth_another(self, name: str) -> bool:
        """Whether starting it anew may help: not when it has died too often in a short time."""
        now = time.monotonic()
        deaths = self._deaths[name]
        often = len(deaths) == MAX_DEATHS and now - deaths[0] < DEATHS_WINDOW
        if not often:
            deaths.append(now)
        return not often


def _end(process: SpawnProcess) -> None:
    """By force, if need be."""
    for force in (process.terminate, process.kill):
        if process.is_alive():
            force()
            process.join(1.0)


def _why(process: SpawnProcess) -> str:
    """How a process ended."""
    process.join(1.0)
    code = process.exitcode
    return signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
