"""From a LeRobotDataset v3.0 into a library: what fits the arm is simulated again, everything else can be looked at."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from tqdm import tqdm

from library.errors import LibraryError, unwritable
from library.files import only_writer
from library.lerobot.frames import IMPORTED
from library.lerobot.meta import read_episodes, read_info, read_tasks
from library.lerobot.schema import DATA_PATH, VERSION, VIDEO_PATH
from library.lerobot.video import read_pictures
from library.store import Library
from records import ACTION_NAMES, CONTROL_HZ, ControlSource, Observation, Outcome, StepRecord
from records.log import SUFFIX, EpisodeHeader, EpisodeWriter
from scenes import TabletopEnv

SAME_PROPRIO: Final = 1e-5
"""metres and radians by which a simulated episode may differ from what the data set says was felt"""
Nudges = dict[int, tuple[tuple[str, tuple[float, ...]], ...]]
_SOURCES: Final[tuple[ControlSource, ...]] = ("policy", "human", "expert", "hold")


@dataclass(frozen=True)
class Fit:
    """How a data set fits this arm."""

    cameras: tuple[str, ...]
    """features that are taken for front and wrist"""
    reason: str | None
    """why its actions cannot be replayed here, None when they can"""


def fit_of(info: dict[str, Any]) -> Fit:
    """Whether a data set's episodes can be replayed, and which cameras are shown.

    Raises:
        LibraryError: it is of another version, or has neither actions nor videos.
    """
    if info.get("codebase_version") != VERSION:
        raise LibraryError(f"The data set is of version {info.get('codebase_version')}: convert it to {VERSION} first.")
    features = info.get("features") or {}
    videos = sorted(name for name, each in features.items() if each.get("dtype") == "video")
    if "action" not in features or not videos:
        raise LibraryError("The data set has no actions or no videos: there is nothing to show.")
    cameras = tuple(sorted(videos, key=lambda each: (not each.endswith(("front", "wrist")), each))[:2])
    names = features["action"].get("names")
    if info.get("fps") != CONTROL_HZ:
        return Fit(cameras, f"it has {info.get('fps')} frames a second, the arm {CONTROL_HZ} control steps")
    if list(names or []) != list(ACTION_NAMES):
        return Fit(cameras, f"its actions are {names}, the arm's {list(ACTION_NAMES)}")
    return Fit(cameras, None)


def import_dataset(root: Path, library: Library, quiet: bool = False) -> dict[str, Any]:
    """Write every episode of a data set that is not there yet into a library.

    Returns how many were `imported`, were there (`skipped`) and can be `replayed`, `refused` number -> reason, and a
    `sentence` on the replaying.

    Raises:
        LibraryError: no data set, one whose description is damaged, or a library that cannot be written to.
    """
    info, fit = _open(root)
    rows, tasks = read_episodes(root), read_tasks(root)
    prefix = _prefix(root)
    done: list[bool] = []
    skipped, refused = 0, {}
    env = TabletopEnv() if fit.reason is None else None
    with only_writer(library.root, "library"):
        for row in tqdm(rows, desc="importing", unit="episode", disable=quiet, dynamic_ncols=True):
            path = library.root / f"{prefix}-{row['episode_index']:06d}{SUFFIX}"
            if path.exists():
                skipped += 1
                continue
            try:
                done.append(_write(path, _Source(root, info, row, tasks, fit), env))
            except LibraryError as error:
                refused[int(row["episode_index"])] = str(error)
            except OSError as error:
                raise unwritable(path, error) from error
    library.refresh()
    replayed = sum(done)
    why = fit.reason or "the data set does not hold the scene, or simulated here it comes out otherwise"
    sentence = f"{replayed} of them can be replayed, step for step."
    if replayed < len(done):
        sentence += f" {len(done) - replayed} can only be looked at: {why}."
    return {
        "imported": len(done), "skipped": skipped, "replayed": replayed, "refused": refused, "sentence": sentence,
    }  # fmt: skip


def _prefix(root: Path) -> str:
    """Of the names of a data set's episodes: its folder's name, and what tells it from others of that name."""
    place = root.resolve()
    name = re.sub(r"[^\w-]+", "-", place.name).strip("-") or "dataset"
    return f"{name}-{hashlib.sha256(str(place).encode()).hexdigest()[:8]}"


@dataclass(frozen=True)
class _Source:
    """One episode of a data set."""

    root: Path
    info: dict[str, Any]
    row: dict[str, Any]
    tasks: list[str]
    fit: Fit

    def frames(self) -> list[dict[str, Any]]:
        """Its rows.

        Raises:
            LibraryError: damaged, or not as many as there should be.
        """
        pattern = self.info.get("data_path") or DATA_PATH
        path = self.root / pattern.format(
            chunk_index=self.row["data/chunk_index"], file_index=self.row["data/file_index"]
        )
        try:
            table = pq.read_table(path, filters=[("episode_index", "=", self.row["episode_index"])])
        except (OSError, pa.ArrowInvalid) as error:
            raise LibraryError(f"{path} is damaged ({error}).") from error
        if not table.num_rows or table.num_rows != self.row["length"]:
            raise LibraryError(f"{path} has {table.num_rows} of {self.row['length']} frames of an episode.")
        return table.to_pylist()

    def nudges(self) -> Nudges:
        """What was moved by hand before which control step."""
        given = json.loads(self.row.get("libra/nudges") or "{}")
        return {int(step): tuple((name, tuple(offset)) for name, offset in each) for step, each in given.items()}

    def pictures(self) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
        """Two pictures a frame; black for a camera that is not there."""
        videos = []
        for name in self.fit.cameras:
            pattern = self.info.get("video_path") or VIDEO_PATH
            place = {f"{kind}_index": self.row[f"videos/{name}/{kind}_index"] for kind in ("chunk", "file")}
            path = self.root / pattern.format(video_key=name, **place)
            videos.append(read_pictures(path, self.row[f"videos/{name}/from_timestamp"], self.row["length"]))
        for shown in zip(*videos, strict=True):
            yield shown[0], shown[1] if len(shown) > 1 else np.zeros_like(shown[0])


def _open(root: Path) -> tuple[dict[str, Any], Fit]:
    info = read_info(root)
    return info, fit_of(info)


def _write(path: Path, source: _Source, env: TabletopEnv | None) -> bool:
    """One episode's log; whether it was simulated again with the same result.

    Raises:
        LibraryError: the episode is damaged; nothing of it is written.
        OSError: the log cannot be written.
    """
    row = source.row
    unfinished = path.with_name(path.name + ".unfinished")
    try:
        header = EpisodeHeader(
            path.stem, str((row.get("tasks") or [""])[0]), int(row.get("libra/scene_seed") or 0),
            float(row.get("libra/started") or time.time()), IMPORTED,
            checkpoint=row.get("libra/checkpoint") or "", fingerprint=row.get("libra/fingerprint") or "",
        )  # fmt: skip
        frames, nudges = source.frames(), source.nudges()
        states = None if env is None else _simulate(env, row, frames, nudges)
        writer = EpisodeWriter(unfinished, header)
        try:
            _write_steps(writer, source, frames, nudges, states)
        finally:
            writer.close()
        unfinished.rename(path)
        return states is not None
    except (LibraryError, OSError):
        raise
    except Exception as error:  # whatever a foreign file makes a parser say: it must not hide the others
        raise LibraryError(
            f"Episode {row['episode_index']} of {source.root} is damaged ({type(error).__name__}: {error}): copy the "
            "data set anew."
        ) from error
    finally:
        with suppress(FileNotFoundError):
            unfinished.unlink()


def _simulate(
    env: TabletopEnv, row: dict[str, Any], frames: list[dict[str, Any]], nudges: Nudges
) -> list[NDArray[np.float64]] | None:
    """The simulator's state before every frame; None if the scene is not there, or any frame comes out otherwise."""
    state = np.array(row.get("libra/initial_state") or (), dtype=np.float64)
    if not len(state):
        return None
    states = []
    try:
        env.set_state(state)
        for number, frame in enumerate(frames):
            for name, offset in nudges.get(_step(frame, number), ()):
                env.nudge(name, offset)
            felt, proprio = env.proprioception(), _vector(frame.get("observation.state"))
            if felt.shape != proprio.shape or not np.abs(felt - proprio).max() < SAME_PROPRIO:
                return None
            states.append(env.get_state())
            env.world.step(_vector(frame["action"]))
    except ValueError:
        return None  # another version of the scene
    return states


def _write_steps(
    writer: EpisodeWriter, source: _Source, frames: list[dict[str, Any]], nudges: Nudges,
    states: list[NDArray[np.float64]] | None,
) -> None:  # fmt: skip
    row = source.row
    for number, (frame, (front, wrist)) in enumerate(zip(frames, source.pictures(), strict=True)):
        step = _step(frame, number)
        words = source.tasks[frame["task_index"]]
        proprio = _vector(frame.get("observation.state"))
        driver = frame.get("control_source")
        valid = bool(frame.get("policy_action_valid"))
        last = number == len(frames) - 1
        record = StepRecord(
            episode=writer.path.stem,
            step=step,
            generation=0,
            instruction=words,
            wall_time=float(row.get("libra/started") or 0.0) + number / CONTROL_HZ,
            due_late=0.0,
            sim_time=number / CONTROL_HZ,
            state=np.empty(0) if states is None else states[number],
            action=_vector(frame["action"]),
            commanded=_vector(frame.get("commanded_action", frame["action"])),
            proposal=_vector(frame["policy_action"]) if valid else None,
            control_source=driver if driver in _SOURCES else "expert",
            hand=proprio[:3] if source.fit.reason is None and len(proprio) > 2 else np.zeros(3, np.float32),
            staleness=None,
            queue_depth=0,
            observation=Observation(step, 0, words, front, wrist, proprio, 0.0),
            outcome=_outcome(row, frame) if last else None,
            outcome_by=row.get("libra/outcome_by") or None if last else None,
            events=("Imported.",) if last else (),
            nudges=nudges.get(step, ()),
        )
        writer.append(record)


def _step(frame: dict[str, Any], number: int) -> int:
    return int(frame.get("control_step", number))


def _outcome(row: dict[str, Any], frame: dict[str, Any]) -> Outcome | None:
    """As the data set says; None, and so without an outcome, if it says nothing."""
    if row.get("libra/outcome"):
        return row["libra/outcome"]
    success = frame.get("next.success")
    return None if success is None else "success" if success else "failure"


def _vector(value: Any) -> NDArray[np.float32]:
    return np.array([] if value is None else value, dtype=np.float32).reshape(-1)
