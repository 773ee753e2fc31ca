"""What Rerun is told: a bounded sender for the session, and the process that logs, serves and files episodes."""

from viz.launch import DEFAULT_PORT, PortInUse, RerunProcess, server_url, start_rerun
from viz.sender import BoundedSender

__all__ = ["DEFAULT_PORT", "BoundedSender", "PortInUse", "RerunProcess", "server_url", "start_rerun"]
