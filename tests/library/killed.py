"""A process that records until it is killed and says every step: `python -m tests.library.killed FOLDER`."""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path

from app.session.recorder import Recorder
from records.log import EpisodeHeader
from tests.library.recorded import make_record

STEPS = 30
"""of an episode"""


def main(folder: Path, hz: float = 20.0) -> None:
    recorder = Recorder()
    recorder.begin(folder / "none" / "first", EpisodeHeader("", "", 0, 0.0))  # what is slow once is done before
    recorder.flush(60)
    due = time.monotonic()
    for number in itertools.count(1):
        name = f"episode-{number:03d}"
        recorder.begin(folder / f"{name}.arrow", EpisodeHeader(name, "pick up the red cube", number, time.time()))
        for step in range(STEPS):
            while recorder.full:  # as the session does: the arm holds
                time.sleep(0.005)
            last = step == STEPS - 1
            recorder.append(
                make_record(name, step, "policy", "pick up the red cube", outcome="success" if last else None)
            )
            print(number, step, flush=True)
            due += 1 / hz
            time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
