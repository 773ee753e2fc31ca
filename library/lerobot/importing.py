"""From a LeRobotDataset v3.0 into a library: what fits the arm is simulated again, everything else can be looked at."""

from __future__ import annotations

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
from library.lerobot.dataset import read_episodes, read_info, read_tasks
from library.lerobot.schema import DATA_PATH, VERSION, VIDEO_PATH
from library.lerobot.video import read_pictures
from library.store import Library
from records import ACTION_NAMES, CONTROL_HZ, ControlSource, Observation, Outcome, StepRecord
from records.log import SUFFIX, EpisodeHeader, EpisodeWriter
from scenes import TabletopEnv

SAME_PROPRIO: Final = 1e-5
"""metres and radians by which a simulated episode may differ from what the data set says was felt"""
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

    Raises:
        LibraryError: no data set, a damaged one, or a library that another process changes.
    """
    info, fit = _open(root)
    rows, tasks = read_episodes(root), read_tasks(root)
    prefix = re.sub(r"[^\w-]+", "-", root.resolve().name).strip("-") or "dataset"
    done: list[bool] = []
    skipped = 0
    env: TabletopEnv | None = None
    with only_writer(library.root, "library"):
        for row in tqdm(rows, desc="importing", unit="episode", disable=quiet, dynamic_ncols=True):
            path = library.root / f"{prefix}-{row['episode_index']:06d}{SUFFIX}"
            if path.exists():
                skipped += 1
                continue
            if env is None and fit.reason is None and row.get("libra/initial_state"):
                env = TabletopEnv()
            done.append(_write(path, _Source(root, info, row, tasks, fit), env))
    library.refresh()
    replayed = sum(done)
    why = fit.reason or "the data set does not hold the scene"
    sentence = f"{replayed} of them can be replayed, step for step."
    if replayed < len(done):
        sentence += f" {len(done) - replayed} can only be looked at: {why}."
    return {"imported": len(done), "skipped": skipped, "replayed": replayed, "sentence": sentence}


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
        if table.num_rows != self.row["length"]:
            raise LibraryError(f"{path} has {table.num_rows} of {self.row['length']} frames of an episode.")
        return table.to_pylist()

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
    """One episode's log; whether it was simulated again with the same result."""
    row = source.row
    header = EpisodeHeader(
        path.stem, str((row.get("tasks") or [""])[0]), int(row.get("libra/scene_seed") or 0),
        float(row.get("libra/started") or time.time()), "imported",
        checkpoint=row.get("libra/checkpoint") or "", fingerprint=row.get("libra/fingerprint") or "",
    )  # fmt: skip
    unfinished = path.with_name(path.name + ".unfinished")
    try:
        writer = EpisodeWriter(unfinished, header)
        same = _write_steps(writer, source, env)
        writer.close()
        unfinished.rename(path)
        return same
    except OSError as error:
        raise unwritable(path, error) from error
    except ValueError as error:
        raise LibraryError(f"Episode {row['episode_index']} of {source.root}: {error}") from error
    finally:
        with suppress(FileNotFoundError):
            unfinished.unlink()


def _write_steps(writer: EpisodeWriter, source: _Source, env: TabletopEnv | None) -> bool:
    frames, row = source.frames(), source.row
    state = np.array(row.get("libra/initial_state") or (), dtype=np.float64)
    nudges = json.loads(row.get("libra/nudges") or "{}")
    if env is not None and len(state):
        env.set_state(state)
    same = env is not None and len(state) > 0
    for number, (frame, (front, wrist)) in enumerate(zip(frames, source.pictures(), strict=True)):
        step = int(frame.get("control_step", number))
        words = source.tasks[frame["task_index"]]
        proprio = np.array(_numbers(frame.get("observation.state")), dtype=np.float32)
        hand = proprio[:3] if source.fit.reason is None and len(proprio) > 2 else np.zeros(3, np.float32)
        moved = tuple((name, tuple(offset)) for name, offset in nudges.get(str(step), ()))
        if same and env is not None:
            for name, offset in moved:
                env.nudge(name, offset)
            state, felt = env.get_state(), env.proprioception()
            same = felt.shape == proprio.shape and bool(np.abs(felt - proprio).max() < SAME_PROPRIO)
        action = np.array(_numbers(frame["action"]), dtype=np.float32)
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
            state=state if same else np.empty(0),
            action=action,
            commanded=np.array(_numbers(frame.get("commanded_action", frame["action"])), dtype=np.float32),
            proposal=np.array(frame["policy_action"], dtype=np.float32) if valid else None,
            control_source=driver if driver in _SOURCES else "expert",
            hand=hand,
            staleness=None,
            queue_depth=0,
            observation=Observation(step, 0, words, front, wrist, proprio, 0.0),
            outcome=_outcome(row, frame) if last else None,
            outcome_by="human" if last else None,
            nudges=moved,
        )
        if last:
            record.outcome_by = row.get("libra/outcome_by") or record.outcome_by
            record.events = ("Imported.",)
        writer.append(record)
        if same and env is not None:
            env.world.step(action)
    return same


def _outcome(row: dict[str, Any], frame: dict[str, Any]) -> Outcome | None:
    """As the data set says; None, and so without an outcome, if it says nothing."""
    if row.get("libra/outcome"):
        return row["libra/outcome"]
    success = frame.get("next.success")
    return None if success is None else "success" if success else "failure"


def _numbers(value: Any) -> list[float]:
    return [] if value is None else list(value) if isinstance(value, list | tuple) else [value]
