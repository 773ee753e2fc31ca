"""Going back, measured in lockstep: is the state the recorded one, and do the same steps follow, bit for bit?"""

from __future__ import annotations

import random
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from tqdm import tqdm

from app.bench.trial import FIRST_SEED, BenchError
from app.session.driver import PolicyDriver
from app.session.protocol import SessionSettings, Status
from app.session.recorder import Recorder
from app.session.session import Session
from app.session.watchers import Watchers
from policy.runtime import Lockstep, Runtime, schedule_named
from records.log import read_episode

DELAYS: Final = (1, 4, 8)
"""control steps of planner latency, taking turns"""
PLAYED: Final = 60
REPEATED: Final = 30
"""control steps after going back"""


def measure_rewinds(checkpoint: Path, times: int, policy: str = SessionSettings.policy) -> dict[str, Any]:
    """Play, go back to a random step, go on, and compare with the first time as it is on disk.

    Args:
        checkpoint: of the policy.
        times: how often.
        policy: `module:function` that loads it.

    Raises:
        BenchError: a command was refused.
    """
    torch.set_num_threads(1)  # threads that wait for each other take ten times as long where something else runs
    module, _, name = policy.partition(":")
    loaded = getattr(import_module(module), name)(checkpoint)
    rng = random.Random(2)
    exact = same = repeated = 0
    with tempfile.TemporaryDirectory(prefix="libra-bench-") as folder:
        recorder = Recorder()
        session = Session(SessionSettings(checkpoint, folder=Path(folder)), Watchers(), recorder)
        driver = PolicyDriver(loaded)
        session.adopt(driver, None)
        for number in tqdm(range(times), "rewind", leave=False):
            driver.runtime.close()
            clock = Lockstep(DELAYS[number % len(DELAYS)])
            driver.runtime = Runtime(loaded.planner, loaded.refiner, schedule_named("asynchronous"), clock)
            status = _do(session, "reset", seed=FIRST_SEED + 40_000 + number)
            words = rng.choice(status["suggestions"])
            episode = _do(session, "run", instruction=words)["episode"]
            _steps(session, PLAYED)
            last = session.journal.find(episode, 0)[0].step - 1
            step = rng.randrange(max(1, last))
            _do(session, "rewind", step=step, episode=episode)
            recorder.flush(30)
            original = read_episode(Path(folder) / f"{episode}.arrow").records
            exact += np.array_equal(session.robot.env.get_state(), original[step].state)
            _do(session, "pause")
            _steps(session, min(REPEATED, last - step))
            assert session.episode is not None
            for one, other in zip(original[step:last], session.episode.records, strict=False):
                repeated += 1
                same += np.array_equal(one.state, other.state) and np.array_equal(one.action, other.action)
        session.close()
        recorder.close()
    return {"times": times, "bit_exact": int(exact), "steps_after": repeated, "same_steps": int(same)}


def _steps(session: Session, count: int) -> None:
    for _ in range(count):
        if session.moving and session.state == "running":
            session.control_step(time.monotonic(), lambda due: None)


def _do(session: Session, command: str, **arguments: Any) -> Status:
    status = session.command(command, arguments)
    if "error" in status:
        raise BenchError(str(status["error"]))
    return status
