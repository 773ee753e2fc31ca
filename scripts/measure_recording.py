"""What a record survives and costs: kills, full disks, jumps of the clock, bytes, quality, the loop's share, lists.

    .venv/bin/python scripts/measure_recording.py --kills 100 --json recording.json

Real pictures and states of the expert at work are recorded at 20 Hz through the session's own recorder.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
LIST = 1000
"""episodes of the library that is opened"""


def record(folder: Path, seconds: float = float("inf")) -> list[float]:
    """Demonstrations, one after another, in wall clock; a line for every step; milliseconds that each cost the loop."""
    from app.session.recorder import Recorder
    from records.log import EpisodeHeader
    from scenes import TabletopEnv
    from training.demonstrations import _step_record
    from training.tasks import assign_demonstrations

    recorder, env, cost = Recorder(), TabletopEnv(), []
    recorder.begin(
        folder / "none" / "first", EpisodeHeader("", "", 0, 0.0)
    )  # as the session: what is slow once, before
    recorder.flush(60)
    end = time.monotonic() + seconds
    due = time.monotonic()
    for number in itertools.count(1):
        (task,) = assign_demonstrations(1, 3000 + 7 * number, ("pick", "stack", "bowl"))
        env.reset(seed=task.seed, options={"instruction": task.instruction})
        name = f"episode-{number:04d}"
        recorder.begin(folder / f"{name}.arrow", EpisodeHeader(name, task.instruction, task.seed, time.time()))
        for step in range(60):
            while recorder.full:
                time.sleep(0.005)
            made = _step_record(env, task, name, step)
            if step == 59:
                made.outcome, made.outcome_by = "failure", "time limit"
            started = time.perf_counter()
            recorder.append(made)
            cost.append(1e3 * (time.perf_counter() - started))
            print(number, step, flush=True)
            env.world.step(made.action)
            due = max(due + 0.05, time.monotonic() - 0.05)
            time.sleep(max(0.0, due - time.monotonic()))
            if time.monotonic() > end:
                recorder.close()
                return cost
    raise AssertionError


def kill_one(folder: Path, rng: random.Random) -> dict[str, Any]:
    """Kill one recording; what it had said, and what is found."""
    from library.check import check_episode
    from library.lerobot.exporting import export_episodes
    from library.store import Library

    line = [sys.executable, __file__, "--record", str(folder)]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(rng.uniform(0.05, 7.0))
    process.send_signal(signal.SIGKILL)
    said = [line for line in process.stdout.read().splitlines() if line.count(" ") == 1] or ["1 0"]
    process.wait()
    number, step = map(int, said[-1].split())
    library = Library(folder)
    finished = library.episodes[: number - 1]
    intact = sum(not check_episode(each) and each.steps == 60 for each in finished)
    there = {each.id: each for each in library.episodes}
    running = there.get(f"episode-{number:04d}")
    lost = step + 1 - (0 if running is None or running.facts is None else running.facts.steps)
    if running is not None and running.facts is not None and running.facts.steps:
        library.label(running.id, "failure")  # what was recovered is exported, too
    exported = 0
    if library.episodes:
        exported = export_episodes(library.episodes, folder / "dataset", quiet=True).exported
    good = intact == len(finished) and lost <= 20 and exported == len(library.episodes)
    return {"finished": len(finished), "intact": intact, "lost_steps": max(lost, 0), "exported": exported, "good": good}


def measure_bytes() -> dict[str, Any]:
    """Of a demonstration's log: megabytes in 10 s, and how close its pictures are to what was drawn."""
    from records.log import read_episode
    from scenes import TabletopEnv

    with tempfile.TemporaryDirectory() as temporary:
        cost = record_here(Path(temporary), 12.0)
        paths = sorted(Path(temporary).glob("episode-*.arrow"))
        log = read_episode(paths[0])
        steps = len(log.records)
        size = paths[0].stat().st_size
    env, quality, pictures = TabletopEnv(), [], 0
    from records.log import _jpeg

    for each in log.records[::3]:
        assert each.observation is not None
        env.set_state(each.state)
        for camera, drawn in env.views().items():
            error = np.mean((drawn.astype(float) - getattr(each.observation, camera)) ** 2)
            quality.append(10 * np.log10(255**2 / error))
            pictures += len(_jpeg(drawn))
    env.close()
    return {
        "log_megabytes_per_10_s": size / steps * 200 / 1e6,
        "pictures_megabytes_per_10_s": pictures / len(log.records[::3]) * 200 / 1e6,
        "picture_psnr_db": {"least": min(quality), "mean": float(np.mean(quality))},
        "append_ms": {"p50": float(np.median(cost)), "p99": float(np.quantile(cost, 0.99)), "steps": len(cost)},
    }


def record_here(folder: Path, seconds: float) -> list[float]:
    """`record`, without its lines."""
    shown, sys.stdout = sys.stdout, open(os.devnull, "w")  # noqa: SIM115
    try:
        return record(folder, seconds)
    finally:
        sys.stdout.close()
        sys.stdout = shown


def measure_troubles() -> dict[str, Any]:
    """Disk full, read-only folder, clock jump, two processes on one library: what was said, and whether all is kept."""
    from app.session.recorder import Recorder
    from library.check import check_episode
    from library.errors import LibraryError
    from library.store import Library
    from records.log import EpisodeHeader
    from scenes import TabletopEnv
    from training.demonstrations import _step_record
    from training.tasks import assign_demonstrations

    said: dict[str, Any] = {}
    env, recorder = TabletopEnv(), Recorder()
    (task,) = assign_demonstrations(1, 3000, ("pick",))
    env.reset(seed=task.seed, options={"instruction": task.instruction})

    def write(path: Path, started: float) -> str | None:
        recorder.begin(path, EpisodeHeader(path.stem, task.instruction, task.seed, started))
        for step in range(20):
            made = _step_record(env, task, path.stem, step)
            made.outcome, made.outcome_by = ("success", "success test") if step == 19 else (None, None)
            recorder.append(made)
        recorder.flush(60)
        return recorder.error_of(path)

    def refused(what: Callable[[], object]) -> str:
        try:
            what()
        except (LibraryError, OSError) as error:
            return str(error)
        return ""

    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        write(root / "episode-001.arrow", time.time())
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))  # a write beyond fails, as on a full disk
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        try:
            full = [write(root / "episode-002.arrow", time.time()) or ""]
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        (root / "a file").touch()  # no folder can be made in it, not even by root
        read_only = [write(root / "a file" / "episode-001.arrow", time.time()) or ""]
        write(root / "episode-003.arrow", time.time() - 86_400)  # the clock was set back by a day
        holder = subprocess.Popen(
            [sys.executable, "-c", _HOLDER, str(root)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert holder.stdout is not None and holder.stdin is not None
        holder.stdout.readline()
        library = Library(root)
        two = [refused(lambda: library.star("episode-001"))]
        holder.stdin.close()
        holder.wait(30)
        library.star("episode-001")
        whole = [each.id for each in Library(root).episodes if not check_episode(each)]
        said = {"disk_full": full, "read_only": read_only, "two_processes": two, "whole_afterwards": whole}
    recorder.close()
    env.close()
    said["good"] = all(said[name][0] for name in ("disk_full", "read_only", "two_processes")) and whole == [
        "episode-003", "episode-001",
    ]  # fmt: skip
    return said


_HOLDER = """
import sys
from pathlib import Path
from library.files import only_writer
with only_writer(Path(sys.argv[1]), "library"):
    print("held", flush=True)
    sys.stdin.read()
"""


def measure_list() -> dict[str, float]:
    """Seconds to open a library of a thousand episodes without and with its index, and to filter it."""
    from library.select import Selection, choose
    from library.store import Library

    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        record_here(root / "one", 3.5)
        data = sorted((root / "one").glob("episode-*.arrow"))[0].read_bytes()
        for number in range(LIST):
            (root / f"episode-{number:04d}.arrow").write_bytes(data)
        times = []
        for _ in range(2):
            started = time.perf_counter()
            library = Library(root)
            times.append(time.perf_counter() - started)
        started = time.perf_counter()
        choose(library.episodes, Selection.of("failure", task="red", warned=True))
        return {"first_s": times[0], "indexed_s": times[1], "filter_ms": 1e3 * (time.perf_counter() - started)}


def main() -> int:
    """Measure; 1 if a kill lost what it must not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100, help="recordings to kill (default 100)")
    parser.add_argument("--seed", type=int, default=0, help="of the random moments")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    parser.add_argument("--record", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.record:
        record(arguments.record)
    report: dict[str, Any] = {
        "record": measure_bytes(), "troubles": measure_troubles(), "library_of_1000": measure_list(),
    }  # fmt: skip
    rng, kills = random.Random(arguments.seed), []
    for number in range(arguments.kills):
        with tempfile.TemporaryDirectory() as temporary:
            kills.append(kill_one(Path(temporary), rng))
        print(
            f"\r{number + 1} of {arguments.kills} killed, {sum(k['good'] for k in kills)} good", end="", file=sys.stderr
        )
    good = sum(each["good"] for each in kills)
    report["kills"] = {
        "kills": len(kills),
        "good": good,
        "finished_episodes": sum(each["finished"] for each in kills),
        "intact_episodes": sum(each["intact"] for each in kills),
        "most_steps_lost": max((each["lost_steps"] for each in kills), default=0),
    }
    print(json.dumps(report, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0 if good == len(kills) and report["troubles"]["good"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
