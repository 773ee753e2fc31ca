"""The Rerun process: reads messages from a session, serves the live view, writes an .rrd file per episode.

A session that ends, however it does, leaves it as it is: the next one's connection comes over the control connection.

Messages are tuples: `("episode", episode id, recording id, instruction, list[GeometryRecord], rrd path or None, hands)`
with (K, 3) hands by episode of those in the same tree or None,
`("step", StepRecord, body positions (B, 3), body quaternions (B, 4) wxyz)`, `("end", outcome, sentence)`, `("stop",)`.
What is looked at again comes beside the episode that goes on, in recordings that no file keeps: the same with
"shown episode", "shown step" and "shown end"; with "shown scene", arguments as of a step, where no episode is open yet.
The end of a connection counts as "stop".
"""

from __future__ import annotations

import logging
import signal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cv2
import rerun as rr

from viz import paths
from viz.blueprint import build_blueprint
from viz.columns import BATCH_SECONDS
from viz.episode import EpisodeLog
from viz.launch import DEFAULT_MEMORY, DEFAULT_PORT, HOST, server_url

logger = logging.getLogger(__name__)
_SHOWN = "shown "


def run(control: Connection, port: int = DEFAULT_PORT, memory_limit: str = DEFAULT_MEMORY) -> None:
    """Serve, and log what the sessions send that `control` brings, until its end. The body of the Rerun process."""
    # Ctrl-C reaches every process of the terminal: the session ends the episode first, then closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)  # its pictures are small, and the processors are wanted elsewhere
    server = rr.RecordingStream(paths.APPLICATION_ID, send_properties=False)
    # The server lives as long as this recording, which itself stays empty; episodes connect to it one after another.
    server.set_sinks(rr.GrpcServerSink(HOST, port, server_memory_limit=memory_limit))
    # Made active here and once: a viewer that gets an episode's data first would keep a layout of its own guess, and
    # a layout that every episode made active would undo what the person at the viewer has arranged.
    server.send_blueprint(build_blueprint())
    try:
        while True:
            with control.recv() as connection:
                serve(connection, server_url(port))
    except (EOFError, OSError):
        pass
    finally:
        server.disconnect()


def serve(connection: Connection, url: str | None) -> None:
    """Log what arrives on the connection, to the server at `url` and to files, until "stop" or its end."""
    episodes: dict[str, EpisodeLog] = {}
    told: set[str] = set()
    try:
        while (message := _receive(connection, episodes)) is not None:
            try:
                _handle(message, episodes, url)
            except Exception as error:  # one bad message must not end the view of all later ones
                # Once per kind: what is wrong with one step is often wrong with all of them, twenty times a second.
                if (kind := f"{message[0]}: {error}") not in told:
                    told.add(kind)
                    logger.exception("A %r message could not be logged.", message[0])
    finally:
        for episode in episodes.values():
            episode.close()


def _receive(connection: Connection, episodes: dict[str, EpisodeLog]) -> tuple[Any, ...] | None:
    try:
        if not connection.poll(BATCH_SECONDS):  # nothing comes: what was logged is shown as it is
            for episode in episodes.values():
                episode.flush()
        message = connection.recv()
    except (EOFError, OSError):
        return None
    return None if message[0] == "stop" else message


def _handle(message: tuple[Any, ...], episodes: dict[str, EpisodeLog], url: str | None) -> None:
    """`episodes`: the one that goes on, under "", and the one that is shown, under its prefix."""
    kind, *rest = message
    prefix = _SHOWN if kind.startswith(_SHOWN) else ""
    known = episodes.get(prefix)
    match (kind.removeprefix(prefix), *rest):
        case ("episode", str(identifier), str(recording), str(instruction), geometry, path, before):
            if known is not None:
                known.close()
            file = None if path is None else Path(path)
            episodes[prefix] = EpisodeLog(identifier, instruction, geometry, file, url, before, recording)
        case ("step", record, positions, quaternions):
            if known is not None:
                known.step(record, positions, quaternions)
        case ("scene", record, positions, quaternions):
            if known is not None:
                known.scene(record, positions, quaternions)
        case ("things", geometry):
            if known is not None:
                known.things(geometry)
        case ("end", outcome, sentence):
            if known is not None:
                episodes.pop(prefix).end(outcome, sentence)
        case _:
            raise ValueError(f"unknown message {kind!r}; known are episode, step, scene, things, end, stop")
