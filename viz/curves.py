"""Training curves for Rerun: follows every `log.jsonl` of a folder, in a process that training never waits for.

`python -m viz.curves runs/train --out runs/curves.rrd [--port 9877]` reads until its standard input ends.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import rerun as rr
import rerun.blueprint as rrb

from viz.launch import HOST
from viz.paths import escape

STEP = "step"
_SPEED = {"rate": "rate", "steps_per_second": "speed"}
_NO_CURVES = {"step", "seconds"}


def build_blueprint() -> rrb.Blueprint:
    """The loss of every stage, its parts, learning rate and speed."""
    legend = rrb.PlotLegend("lefttop")
    names = {"loss/total": "Loss", "loss": "Loss and its parts", "rate": "Learning rate", "speed": "Steps per second"}
    views = [rrb.TimeSeriesView(origin=f"/{path}", name=name, plot_legend=legend) for path, name in names.items()]
    return rrb.Blueprint(
        rrb.Grid(*views, grid_columns=2),
        rrb.TimePanel(state="collapsed", timeline=STEP, play_state="following"),
        auto_views=False,
        auto_layout=False,
    )


@dataclass
class Follower:
    """What of one `log.jsonl` has been sent."""

    path: Path
    offset: int = 0
    step: int = 0
    """last step that was sent: a resumed run writes some again, the same"""
    rest: bytes = field(default=b"", repr=False)

    def read(self) -> list[dict[str, Any]]:
        """Lines that are new; one that is not yet whole waits."""
        if self.path.stat().st_size < self.offset:
            self.offset, self.rest = 0, b""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            data = file.read()
        self.offset += len(data)
        *lines, self.rest = (self.rest + data).split(b"\n")
        fresh = []
        for line in lines:
            try:
                record = json.loads(line)
                step = int(record["step"])
            except (ValueError, KeyError, TypeError):
                continue
            if step > self.step:
                fresh.append(record)
                self.step = step
        return fresh

    def send(self, recording: rr.RecordingStream) -> None:
        """Log what is new."""
        records, stage = self.read(), escape(self.path.parent.name)
        for name in sorted({name for record in records for name in record} - _NO_CURVES):
            points = [(record["step"], float(record[name])) for record in records if name in record]
            path = f"{_SPEED.get(name, f'loss/{escape(name)}')}/{stage}"
            steps, values = zip(*points, strict=True)
            recording.send_columns(
                path, indexes=[rr.TimeColumn(STEP, sequence=steps)], columns=rr.Scalars.columns(scalars=values)
            )


def follow(folder: Path, recording: rr.RecordingStream, followers: dict[Path, Follower]) -> None:
    """Log what is new in every stage of a folder."""
    for path in sorted(folder.glob("*/log.jsonl")):
        followers.setdefault(path, Follower(path)).send(recording)
    recording.flush()


def main() -> int:
    """Follow until standard input ends, then once more."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of stages, each with a log.jsonl")
    parser.add_argument("--out", type=Path, required=True, help="recording to write")
    parser.add_argument("--port", type=int, help=f"serve them on this port of {HOST}, too")
    parser.add_argument("--period", type=float, default=2.0, help="seconds between two looks")
    arguments = parser.parse_args()
    recording = rr.RecordingStream("libra_training", recording_id=str(arguments.folder.absolute()))
    sinks: list[Any] = [rr.FileSink(arguments.out)]
    if arguments.port:
        sinks.append(rr.GrpcServerSink(HOST, arguments.port, server_memory_limit="64MB"))
    recording.set_sinks(*sinks)
    recording.send_blueprint(build_blueprint())
    followers: dict[Path, Follower] = {}
    while True:
        follow(arguments.folder, recording, followers)
        if select.select([sys.stdin], [], [], arguments.period)[0] and not os.read(sys.stdin.fileno(), 1):
            break
    follow(arguments.folder, recording, followers)
    recording.disconnect()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
