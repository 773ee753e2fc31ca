"""A log is followed while it grows."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from records.log import EpisodeHeader, EpisodeWriter
from records.tail import follow_episode
from tests.viz.viz_episodes import make_intent, make_record


def test_steps_are_seen_as_they_are_written_and_the_end_ends_it(tmp_path: Path) -> None:
    path = tmp_path / "episode-001.arrow"
    records = [make_record(step, make_intent(0)) for step in range(6)]

    def write() -> None:
        time.sleep(0.05)
        writer = EpisodeWriter(path, EpisodeHeader("episode-001", "go", 3, 0.0))
        for record in records:
            writer.append(record)
            time.sleep(0.02)
        writer.close()

    thread = threading.Thread(target=write)
    thread.start()
    seen = []
    for record in follow_episode(path):
        assert not seen or thread.is_alive() or record.step == 5
        seen.append(record.step)
    thread.join()
    assert seen == list(range(6))


def test_a_log_that_nobody_goes_on_with_ends_after_a_while(tmp_path: Path) -> None:
    path = tmp_path / "episode-001.arrow"
    writer = EpisodeWriter(path, EpisodeHeader("episode-001", "go", 3, 0.0))
    writer.append(make_record(0, make_intent(0)))
    assert [record.step for record in follow_episode(path, patience=0.1)] == [0]
    writer.close()
