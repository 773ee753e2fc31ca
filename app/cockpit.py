"""The cockpit's supervisor: starts and stops session, live renderer and Rerun, for the web process."""

from __future__ import annotations

from pathlib import Path

from app import DEFAULT_CHECKPOINT, DEFAULT_RERUN_PORT
from app.client import SessionClient
from app.frames import FrameFeed


class Cockpit:
    """One robot: `start`, then `client.call(...)`, `frames.wait_newer(...)`, `rerun_url`, `episode_files()`, `stop`."""

    def __init__(
        self,
        checkpoint: Path = DEFAULT_CHECKPOINT,
        seed: int = 0,
        rerun_port: int = DEFAULT_RERUN_PORT,
        folder: Path | None = None,
    ) -> None:
        self.client = SessionClient()
        self.frames = FrameFeed()
        self.rerun_url = ""
        self.folder = folder or Path("runs")

    def start(self) -> None:
        """Start all processes."""

    def episode_files(self) -> list[Path]:
        """Finished and running episodes of this run on disk (`.arrow`, `.rrd`), oldest first."""
        return []

    def stop(self) -> None:
        """End all processes."""
