"""Make a library of many small episodes with real logs, to measure the library page with.

    python scripts/make_library.py FOLDER --episodes 1000

They are synthetic: their states are of no scene, so they cannot be shown in the live view. A few are branches, were cut
off, or are no logs at all.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
from tqdm import trange

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "library")]

from recorded import write_episode  # noqa: E402

from library.edits import Edits, write_edits  # noqa: E402
from records import ControlSource, Outcome  # noqa: E402
from records.log import EpisodeHeader  # noqa: E402

WORDS = ("pick up the red cube", "put the blue cylinder in the bowl", "stack the green cube on the yellow cube",
         "push the red cube to the left", "open the drawer", "press the button")  # fmt: skip
OUTCOMES: tuple[Outcome | None, ...] = ("success", "success", "success", "failure", "refused", "aborted", None)


def make(root: Path, count: int, steps: int) -> None:
    """So many episodes, fifty a folder."""
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory(prefix="libra-") as folder:
        _copy(root, count, list(_patterns(Path(folder), steps)), rng)


def _copy(root: Path, count: int, patterns: list[Path], rng: np.random.Generator) -> None:
    for number in trange(count, desc="making", unit="episode"):
        folder = root / f"2026-11-{1 + number // 50:02d}-120000"
        name = f"episode-{number % 50 + 1:03d}"
        parent = (f"episode-{number % 50:03d}", 0) if number % 10 == 5 else (None, None)
        header = EpisodeHeader(
            name, WORDS[number % len(WORDS)], int(rng.integers(0, 10_000)), 1.76e9 + 60 * number, "asynchronous", 0.0,
            *parent, f"tabletop-{number % 3}", f"{number % 3:064x}",
        )  # fmt: skip
        log = folder / f"{name}.arrow"
        if number % 250 == 249:
            folder.mkdir(parents=True, exist_ok=True)
            log.write_bytes(b"this is no log")
            continue
        _again(patterns[number % len(patterns)], log, header)
        if number % 40 == 0:
            write_edits(log, Edits(name=f"keeper {number}", starred=True))


def _patterns(folder: Path, steps: int) -> Iterator[Path]:
    """One log for every kind of outcome and driver; making a step costs far more than copying it."""
    for number, outcome in enumerate(OUTCOMES):
        for human in (0, steps // 3):
            sources: list[ControlSource] = ["policy"] * (steps - human) + ["human"] * human
            path = folder / f"pattern-{number}-{human}.arrow"
            words = WORDS[number % len(WORDS)]
            write_episode(path, EpisodeHeader(path.stem, words, number, 0.0), sources, outcome=outcome)
            yield path


def _again(pattern: Path, log: Path, header: EpisodeHeader) -> None:
    """The same steps under another header."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with pa.OSFile(str(pattern), "rb") as source, pa.OSFile(str(log), "wb") as sink:
        reader = pa.ipc.open_stream(source)
        told = {**reader.schema.metadata, b"libra.episode": json.dumps(asdict(header)).encode()}
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        with pa.ipc.new_stream(sink, reader.schema.with_metadata(told), options=options) as writer:
            for batch in reader:
                writer.write_batch(batch)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--episodes", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=24, help="control steps of an episode (default 24)")
    given = parser.parse_args()
    make(given.folder, given.episodes, given.steps)
