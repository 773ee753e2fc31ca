"""Starting the Rerun process, without importing Rerun into the one that starts it."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Final

HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 9876
DEFAULT_MEMORY: Final = "64MB"
"""what the server keeps for viewers that come late; the oldest goes first.

A viewer in a browser must take all of it before it is up to date; older episodes are on disk anyway.
"""


@dataclass(frozen=True)
class RerunProcess:
    """A running Rerun process: it outlives the sessions that it listens to, one after another."""

    process: SpawnProcess
    control: Connection
    """over which it is given connections; it ends when this one does"""
    url: str

    def connect(self) -> Connection:
        """Have it listen to another session: the writable end of a new pipe, for a `BoundedSender`.

        Raises:
            OSError: the process is gone.
        """
        reader, writer = Pipe(duplex=False)
        with reader:
            self.control.send(reader)
        return writer

    def close(self) -> None:
        """Hang up: once the session has hung up as well, the process ends."""
        self.control.close()


class PortInUse(OSError):
    """Something else serves on the port of the Rerun process."""


def server_url(port: int) -> str:
    """Address for a viewer of the process that serves on this port of the loopback interface."""
    return f"rerun+http://{HOST}:{port}/proxy"


def start_rerun(port: int = DEFAULT_PORT, memory_limit: str = DEFAULT_MEMORY) -> RerunProcess:
    """Start the Rerun process; returns at once, it serves about a second later.

    Args:
        port: TCP port on the loopback interface.
        memory_limit: such as "128MB".

    Raises:
        PortInUse: with one sentence that names the port and the fix.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            message = f"Port {port} for Rerun is in use; stop the other program or choose another port."
            raise PortInUse(message) from error
    context = get_context("spawn")
    reader, writer = context.Pipe(duplex=False)
    # Daemon: it must not outlive a session that dies without a word, and it ends at the end of the pipe anyway.
    process = context.Process(target=_run, args=(reader, port, memory_limit), name="libra-rerun", daemon=True)
    process.start()
    reader.close()
    return RerunProcess(process, writer, server_url(port))


def _run(control: Connection, port: int, memory_limit: str) -> None:
    from viz.process import run  # here, in the new process: importing Rerun takes a second

    run(control, port, memory_limit)
