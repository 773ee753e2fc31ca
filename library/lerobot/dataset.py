"""A LeRobotDataset v3.0 on disk that grows by batches of whole episodes.

A batch is one video for each camera, one file of rows and one file of episodes, in this order; the last one decides
that it is there. Whatever an interruption leaves beside is removed when the data set is opened to be written again,
but only after everything that the episodes refer to was found.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from library.errors import LibraryError, unwritable
from library.files import only_writer, write_whole
from library.lerobot.card import write_card
from library.lerobot.frames import Frames
from library.lerobot.meta import read_episodes, read_info, read_tasks, write_tasks
from library.lerobot.schema import (
    CAMERAS,
    COLUMNS,
    DATA_PATH,
    EPISODES_PATH,
    FILES_PER_CHUNK,
    ROBOT,
    VERSION,
    VIDEO_PATH,
    camera_key,
    difference,
    features,
    table_schema,
)
from library.lerobot.stats import aggregate, column_stats, picture_stats
from library.lerobot.video import VideoWriter
from records import CONTROL_HZ

BATCH: Final = 50
"""episodes at most, after which what is exported is safe"""
_NO_STATS: Final = ("control_source",)
_UNFINISHED: Final = ".unfinished"
_PLACES: Final = {
    "data/": DATA_PATH,
    "meta/episodes/": EPISODES_PATH,
    **{f"videos/{camera_key(camera)}/": VIDEO_PATH.replace("{video_key}", camera_key(camera)) for camera in CAMERAS},
}
"""prefix of the columns of an episode's row that say in which file something is -> that file"""
_NEEDED: Final = ("libra/episode", "libra/started", "libra/outcome", "stats/control_step/min", "stats/control_step/max")


class DatasetWriter:
    """Appends to a data set, a new one or an old one of the same schema.

    Args:
        root: its folder.

    Raises:
        LibraryError: the folder holds something else, another schema, or not all that it says; nothing is changed.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.size: int | None = None
        """pixels a side, None until it is known"""
        self.rows: list[dict[str, Any]] = []
        """of the episodes, in order"""
        self.tasks: list[str] = []
        self._batch: _Batch | None = None
        self._open()

    @property
    def known(self) -> dict[tuple[str, float], dict[str, Any]]:
        """Id and start of the library's episodes that are there -> their rows."""
        return {(row["libra/episode"], row["libra/started"]): row for row in self.rows}

    def check(self, frames: Frames) -> None:
        """Refuse what does not fit the data set.

        Raises:
            LibraryError: with the reason.
        """
        if self.size is not None and frames.size != self.size:
            raise LibraryError(
                f"{frames.about['libra/episode']} has pictures of {frames.size} pixels, the data set of {self.size}: "
                "export it to a data set of its own."
            )

    def add(self, frames: Frames) -> None:
        """Append one episode; it is safe after the next `commit`.

        Raises:
            OSError: the disk is full; what was committed stays.
            LibraryError: see `check`.
        """
        self.check(frames)
        self.size = frames.size
        if self._batch is None:
            if not self.rows:
                self._describe()  # from now on the folder says that it is a data set
            self._batch = _Batch(self.root, self._next_file(), frames.size)
        total = self.rows[-1]["dataset_to_index"] if self.rows else 0
        self.rows.append(self._batch.add(frames, len(self.rows), total, self._task_numbers(frames)))
        if self._batch.episodes >= BATCH:
            self.commit()

    def commit(self) -> None:
        """Make all that was added a part of the data set.

        Raises:
            OSError: the disk is full; what was committed before stays.
        """
        batch, self._batch = self._batch, None
        if batch is None:
            return
        table = pa.table({name: [row[name] for row in self.rows[-batch.episodes :]] for name in self.rows[-1]})
        # Words first: rows refer to them.
        write_tasks(self.root, self.tasks)
        batch.finish(table)
        self._describe()

    def abandon(self) -> None:
        """Leave out what was not committed."""
        batch, self._batch = self._batch, None
        if batch is not None:
            del self.rows[-batch.episodes :]
            batch.abandon()

    def _open(self) -> None:
        info_path = self.root / "meta" / "info.json"
        if not info_path.is_file():
            if any(each.name != ".lock" for each in self.root.iterdir()):
                raise LibraryError(f"{self.root} holds something that is no data set: name a new or an empty folder.")
            return
        self._read(read_info(self.root))
        self._repair()

    def _read(self, info: dict[str, Any]) -> None:
        shape = info.get("features", {}).get(camera_key("front"), {}).get("shape") or [0]
        other = difference(info, int(shape[0]))
        if other is not None:
            raise LibraryError(f"{self.root} cannot be appended to: {other}. Name a new folder.")
        self.size = int(shape[0])
        self.rows = read_episodes(self.root)
        needed = (*_NEEDED, *(f"{place}{kind}_index" for place in _PLACES for kind in ("chunk", "file")))
        if any(row.get(name) is None for row in self.rows for name in needed):
            raise LibraryError(f"{self.root} was not written by `libra export`: name a new folder.")
        self.tasks = read_tasks(self.root) if self.rows else []

    def _repair(self) -> None:
        """Remove what an interruption left beside the data set, and describe what is there.

        Raises:
            LibraryError: something of the data set itself is missing; nothing is removed.
        """
        wanted = {self.root / path for row in self.rows for path in _files(row)}
        lost = sorted(path for path in wanted if not path.is_file())
        if lost:
            more = f" and {len(lost) - 1} more files" if len(lost) > 1 else ""
            raise LibraryError(
                f"The data set lacks {lost[0]}{more}, which its episodes are in: put back what is missing, or name a "
                "new folder."
            )
        for pattern in ("data/*/*", "videos/*/*/*", "meta/episodes/*/*"):
            for path in set(self.root.glob(pattern)) - wanted:
                path.unlink()
        if self.rows:
            self._describe()

    def _describe(self) -> None:
        assert self.size is not None
        frames = self.rows[-1]["dataset_to_index"] if self.rows else 0
        info = {
            "codebase_version": VERSION,
            "robot_type": ROBOT,
            "total_episodes": len(self.rows),
            "total_frames": frames,
            "total_tasks": len(self.tasks),
            "chunks_size": FILES_PER_CHUNK,
            "data_files_size_in_mb": 100,
            "video_files_size_in_mb": 200,
            "fps": CONTROL_HZ,
            "splits": {"train": f"0:{len(self.rows)}"},
            "data_path": DATA_PATH,
            "video_path": VIDEO_PATH,
            "features": features(self.size),
        }
        stats = {}
        for name in (*(camera_key(camera) for camera in CAMERAS), *COLUMNS):
            if self.rows and name not in _NO_STATS:
                prefix = f"stats/{name}/"
                parts = [
                    {k.removeprefix(prefix): v for k, v in row.items() if k.startswith(prefix)} for row in self.rows
                ]
                stats[name] = aggregate(parts)
        (self.root / "meta").mkdir(exist_ok=True)
        write_whole(self.root / "meta" / "stats.json", json.dumps(stats, indent=2).encode())
        write_whole(self.root / "meta" / "info.json", json.dumps(info, indent=2).encode())
        write_card(self.root, info, self.rows)

    def _task_numbers(self, frames: Frames) -> np.ndarray[Any, Any]:
        numbers = []
        for words in frames.tasks:
            if words not in self.tasks:
                self.tasks.append(words)
            numbers.append(self.tasks.index(words))
        return np.array(numbers, np.int64)

    def _next_file(self) -> int:
        used = [_file(row, place) for row in self.rows for place in _PLACES]
        return max((chunk * FILES_PER_CHUNK + file + 1 for chunk, file in used), default=0)


class _Batch:
    """The files of one batch, under names that no reader looks at until they are finished."""

    def __init__(self, root: Path, number: int, size: int) -> None:
        place = {"chunk_index": number // FILES_PER_CHUNK, "file_index": number % FILES_PER_CHUNK}
        self._place = (place["chunk_index"], place["file_index"])
        self._data = root / DATA_PATH.format(**place)
        self._rows = root / EPISODES_PATH.format(**place)
        self._videos = {each: root / VIDEO_PATH.format(video_key=camera_key(each), **place) for each in CAMERAS}
        self._writers = {camera: VideoWriter(_unfinished(path), size) for camera, path in self._videos.items()}
        self._data.parent.mkdir(parents=True, exist_ok=True)
        self._table = pq.ParquetWriter(_unfinished(self._data), table_schema(), compression="snappy")
        self.episodes = 0

    def add(self, frames: Frames, number: int, begin: int, tasks: np.ndarray[Any, Any]) -> dict[str, Any]:
        count = len(frames)
        columns = {
            **frames.columns,
            "episode_index": np.full(count, number, np.int64),
            "index": np.arange(begin, begin + count, dtype=np.int64),
            "task_index": tasks,
        }
        schema = table_schema()
        arrays = [pa.array(list(columns[field.name]), field.type) for field in schema]
        self._table.write_table(pa.Table.from_arrays(arrays, schema=schema))
        chunk, file = self._place
        row: dict[str, Any] = {
            "episode_index": number,
            "tasks": list(dict.fromkeys(frames.tasks)),
            "length": count,
            "data/chunk_index": chunk,
            "data/file_index": file,
            "dataset_from_index": begin,
            "dataset_to_index": begin + count,
        }
        for camera, writer in self._writers.items():
            key = f"videos/{camera_key(camera)}"
            first, end = writer.add(frames.pictures[camera])
            row |= {f"{key}/chunk_index": chunk, f"{key}/file_index": file}
            row |= {f"{key}/from_timestamp": first, f"{key}/to_timestamp": end}
            stats = picture_stats(frames.pictures[camera])
            row |= {f"stats/{camera_key(camera)}/{name}": value for name, value in stats.items()}
        for name, values in columns.items():
            if name not in _NO_STATS:
                row |= {f"stats/{name}/{each}": value for each, value in column_stats(values).items()}
        row |= {"meta/episodes/chunk_index": chunk, "meta/episodes/file_index": file, **frames.about}
        self.episodes += 1
        return row

    def finish(self, rows: pa.Table) -> None:
        self._table.close()
        for writer in self._writers.values():
            writer.close()
        self._rows.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(rows, _unfinished(self._rows), compression="snappy")
        for path in (*self._videos.values(), self._data, self._rows):
            _confirm(_unfinished(path))
            _unfinished(path).replace(path)

    def abandon(self) -> None:
        for close in (self._table.close, *(writer.close for writer in self._writers.values())):
            with contextlib.suppress(Exception):  # the disk may be full: what is left is removed below
                close()
        for path in (*self._videos.values(), self._data, self._rows):
            _unfinished(path).unlink(missing_ok=True)


@contextlib.contextmanager
def writing(root: Path) -> Iterator[DatasetWriter]:
    """A data set to append to; committed when the block ends well, as it was at the last commit when it does not.

    Raises:
        LibraryError: another process writes it, it holds another schema, or it cannot be written to.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(root, error) from error
    with only_writer(root, "data set"):
        writer = DatasetWriter(root)
        try:
            yield writer
            writer.commit()
        except OSError as error:
            writer.abandon()
            raise unwritable(root, error) from error
        except BaseException:
            writer.abandon()
            raise


def _file(row: dict[str, Any], place: str) -> tuple[int, int]:
    return row[f"{place}chunk_index"], row[f"{place}file_index"]


def _files(row: dict[str, Any]) -> Iterator[str]:
    """Every file that an episode is in, within the data set."""
    for place, pattern in _PLACES.items():
        chunk, file = _file(row, place)
        yield pattern.format(chunk_index=chunk, file_index=file)


def _unfinished(path: Path) -> Path:
    return path.with_name(path.name + _UNFINISHED)


def _confirm(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
