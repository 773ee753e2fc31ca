"""The cockpit's supervisor: starts and stops session, live renderer and Rerun, for the web process."""

from __future__ import annotations

import contextlib
import os
import time
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from pathlib import Path

from app import DEFAULT_CHECKPOINT, DEFAULT_RERUN_PORT, ROOT
from app import live as live_process
from app.client import SessionClient, SessionGone
from app.frames import FrameFeed
from app.session import process as session_process
from app.session.episode import episode_files
from app.session.protocol import SessionSettings
from viz.launch import RerunProcess, server_url, start_rerun

START_SECONDS = 60.0
STOP_SECONDS = 8.0
RERUN_NICENESS = 5


class CockpitError(RuntimeError):
    """The cockpit cannot start; the message names the fix."""


class Cockpit:
    """One robot: `start`, then `client.call(...)`, `frames.wait_newer(...)`, `rerun_url`, `episode_files()`, `stop`.

    Args:
        checkpoint: folder of the policy; a bad one shows as a sentence in the status, the scene works without.
        seed: of the first scene.
        rerun_port: of the Rerun stream on the loopback interface.
        folder: for the episode files, `runs/<date-time>/` by default.
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
    ) -> None:
        self.folder = folder or ROOT / "runs" / time.strftime("%Y-%m-%d-%H%M%S")
        self.rerun_url = server_url(rerun_port)
        self.frames = FrameFeed()
        self.settings = SessionSettings(
            checkpoint=checkpoint, seed=seed, folder=self.folder, policy=policy, time_limit=time_limit
        )
        self._rerun_port = rerun_port
        self._client: SessionClient | None = None
        self._rerun: RerunProcess | None = None
        self._processes: list[SpawnProcess] = []

    @property
    def client(self) -> SessionClient:
        """Commands to the session."""
        if self._client is None:
            raise CockpitError("The cockpit is not running; call start() first.")
        return self._client

    def start(self) -> None:
        """Start all processes; returns when the scene is ready (the policy may still be loading).

        Raises:
            CockpitError: the session did not come up.
            viz.PortInUse: names the port of the Rerun stream.
        """
        context = get_context("spawn")
        self._rerun = start_rerun(self._rerun_port)
        with contextlib.suppress(OSError, AttributeError):
            os.setpriority(os.PRIO_PROCESS, self._rerun.process.pid or 0, RERUN_NICENESS)
        ours, theirs = context.Pipe()
        poses_out, poses_in = context.Pipe()
        frames_in, frames_out = context.Pipe(duplex=False)
        session = context.Process(
            target=session_process.main,
            args=(self.settings, theirs, poses_out, self._rerun.connection),
            name="libra-session",
            daemon=True,
        )
        live = context.Process(
            target=live_process.main, args=(poses_in, frames_out, self.settings.seed), name="libra-live", daemon=True
        )
        self._processes = [session, live]
        for process in self._processes:
            process.start()
        # Our copies of their ends: while one is open, nobody would see the pipe's end.
        for connection in (theirs, poses_out, poses_in, frames_out, self._rerun.connection):
            connection.close()
        self._client = SessionClient(ours)
        self.frames.read_from(frames_in)
        try:
            self._client.call("status", timeout=START_SECONDS)
        except SessionGone as error:
            self.stop()
            raise CockpitError("The session did not come up; `libra doctor` finds out why.") from error

    def episode_files(self) -> list[Path]:
        """Logs (`.arrow`) and Rerun recordings (`.rrd`) of this run, oldest first; the last may still grow."""
        return episode_files(self.folder)

    def stop(self) -> None:
        """End the episode and all processes; what hangs is ended by force."""
        if self._client is not None:
            self._client.close()
        processes = [*self._processes, *([self._rerun.process] if self._rerun is not None else [])]
        deadline = time.monotonic() + STOP_SECONDS
        for process in processes:
            process.join(max(0.1, deadline - time.monotonic()))
            if process.is_alive():
                process.terminate()
                process.join(1.0)
        self.frames.close()
        self._processes = []
