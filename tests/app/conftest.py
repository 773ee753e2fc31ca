"""What several tests of the session need: one in this process, with the stand-in policy."""

from __future__ import annotations

from pathlib import Path

import pytest
from stand_in import load

from app.session.driver import PolicyDriver
from app.session.protocol import SessionSettings
from app.session.recorder import Recorder
from app.session.session import Session
from app.session.watchers import Watchers


@pytest.fixture
def make(tmp_path):
    """Makes sessions that are closed at the end; `policy=False` leaves them without one."""
    made = []

    def build(recorder=None, policy=True, **settings):
        recorder = recorder or Recorder()
        given = {"checkpoint": Path("none"), "folder": tmp_path, "seed": 7, **settings}
        session = Session(SessionSettings(**given), Watchers(), recorder)
        if policy:
            session.adopt(PolicyDriver(load(Path("none"))), None)
        made.append((session, recorder))
        return session

    yield build
    for session, recorder in made:
        session.close()
        recorder.close()
