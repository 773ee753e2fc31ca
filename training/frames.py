"""Frames on disk: blocks of whole episodes, pictures as memory maps, everything else as plain columns.

A block is complete when its `columns.npz` exists, which is written last and renamed into place: an interrupted
collection leaves no half block behind, and goes on where it stopped.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from records import ACTION_NAMES, CONTROL_HZ, PROPRIO_NAMES
from training.files import write_error, write_json

FORMAT = {
    "format": "libra-frames-1",
    "control_hz": CONTROL_HZ,
    "action_names": list(ACTION_NAMES),
    "proprio_names": list(PROPRIO_NAMES),
}
WEIGHT = "weight"
"""column of how often a frame is drawn, compared with others; 1 where a data set does not say"""
_FREE = ("seed", "checkpoint", "library")
"""of what is said of a data set: what may differ between its blocks"""
FINITE = ("proprio", "expert", "executed", WEIGHT)
"""columns that must be finite; others say with NaN that something is not there or out of view"""


@dataclass
class BlockWriter:
    """Gathers the frames of a block's episodes and writes them in one go."""

    frames: list[dict[str, NDArray[Any]]] = field(default_factory=list)
    instructions: list[str] = field(default_factory=list)

    def add(self, instruction: str, frames: list[dict[str, NDArray[Any]]]) -> None:
        """Append one episode; every frame has the same keys, `front` and `wrist` among them."""
        episode = np.array(len(self.instructions), dtype=np.int32)
        self.instructions.append(instruction)
        self.frames.extend({**frame, "episode": episode} for frame in frames)

    def write(self, folder: Path) -> None:
        """Write the block into `folder`.

        Raises:
            WriteError: the disk is full; nothing of the block is left.
        """
        columns = {key: np.stack([frame[key] for frame in self.frames]) for key in self.frames[0]}
        size = sum(column.nbytes for column in columns.values())
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for camera in ("front", "wrist"):
                np.save(folder / f"{camera}.npy", columns.pop(camera))
            unfinished = folder / "unfinished.npz"
            np.savez(unfinished, **{"instructions": np.array(self.instructions), **columns})  # type: ignore[arg-type]
            unfinished.rename(folder / "columns.npz")
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise write_error(folder, size, error) from error


def write_format(root: Path, **details: Any) -> None:
    """Say at the top of a data set what its frames are, and how they are made; seeds may differ.

    Raises:
        ValueError: there are frames already, made in another way or nobody knows how; names the first thing that
            differs.
        WriteError: the disk is full; what was said before is untouched.
    """
    path = root / "format.json"
    wanted = json.loads(json.dumps({**FORMAT, **details}))
    fix = "name another folder with --out, or remove this one"
    if path.exists() or any(root.glob("block_*")):
        found = _read_format(path, fix)
        for key in wanted:
            if key not in _FREE and found.get(key) != wanted[key]:
                was = f"with {key} = {found[key]!r}" if key in found else f"without {key}"
                raise ValueError(f"{root} holds frames that were made {was}, not {wanted[key]!r}: {fix}.")
    root.mkdir(parents=True, exist_ok=True)
    write_json(wanted, path)


def _read_format(path: Path, fix: str) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        raise ValueError(f"{path.parent} holds frames, but no {path.name} says how they were made: {fix}.") from None
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is damaged ({error}): {fix}.") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path} is damaged (it holds no object): {fix}.")
    return found


def check_format(root: Path) -> None:
    """Refuse a data set of another action space, rate or proprioception.

    Raises:
        ValueError: names the field that differs.
    """
    path = root / "format.json"
    if not path.is_file():
        raise ValueError(
            f"{root} is no data set: it has no format.json. Make one with `libra collect --frames --out {root}`."
        )
    found = _read_format(path, "collect the data set again")
    for key, value in FORMAT.items():
        if found.get(key) != value:
            raise ValueError(f"{root} has {key} = {found.get(key)!r}, this policy needs {value!r}: collect it again.")


def read_block(folder: Path) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[np.uint8]]]:
    """Columns and memory-mapped pictures of a block.

    Raises:
        ValueError: the block is damaged, or an action or proprioception is not finite; names the column and the row.
    """
    again = f"remove {folder} and collect it again"
    try:
        with np.load(folder / "columns.npz", allow_pickle=False) as block:
            columns = {key: block[key] for key in block.files}
        pictures = {camera: np.load(folder / f"{camera}.npy", mmap_mode="r") for camera in ("front", "wrist")}
    except (OSError, ValueError, BadZipFile) as error:
        raise ValueError(f"{folder} is damaged ({error}): {again}.") from error
    for name in {*columns, *pictures} - {"instructions"}:
        count = len(pictures[name] if name in pictures else columns[name])
        if count != len(columns["episode"]):
            raise ValueError(f"{folder} has {count} rows of {name} and {len(columns['episode'])} frames: {again}.")
    for name in FINITE:
        if name in columns and not (good := np.isfinite(columns[name]).reshape(len(columns[name]), -1).all(1)).all():
            rows = np.flatnonzero(~good)
            raise ValueError(
                f"{folder}: {name} is not finite in {len(rows)} rows, the first is row {rows[0]}: {again}."
            )
    return columns, pictures


@dataclass
class Frames:
    """All complete blocks of one or more data sets, indexed by one row number."""

    pictures: dict[str, list[NDArray[np.uint8]]]
    columns: dict[str, NDArray[Any]]
    instructions: list[str]
    starts: NDArray[np.int64]
    """first row of each block"""

    @classmethod
    def open(cls, roots: list[Path], blocks: int | None = None, whole: int = 0) -> Frames:
        """Memory-map the pictures and load the columns of every complete block.

        Args:
            roots: data sets.
            blocks: only so many of the first of each, None for all.
            whole: of so many data sets at the end all blocks, whatever `blocks` says.

        Raises:
            ValueError: a data set is missing, empty or of another format.
        """
        pictures: dict[str, list[NDArray[np.uint8]]] = {"front": [], "wrist": []}
        parts: list[dict[str, NDArray[Any]]] = []
        instructions: list[str] = []
        starts = [0]
        for number, root in enumerate(roots):
            check_format(root)
            limit = None if number >= len(roots) - whole else blocks
            for path in sorted(root.glob("block_*/columns.npz"))[:limit]:
                part, seen = read_block(path.parent)
                words = part.pop("instructions")
                part.setdefault(WEIGHT, np.ones(len(part["episode"]), np.float32))
                if parts and (other := _difference(parts[0], part)):
                    raise ValueError(f"{path.parent} {other} than the blocks before it: collect {root} again.")
                for camera, maps in pictures.items():
                    if maps and maps[0].shape[1:] != seen[camera].shape[1:]:
                        sizes = f"{seen[camera].shape[1]} instead of {maps[0].shape[1]}"
                        raise ValueError(f"{path.parent} has {camera} pictures of another size: {sizes} pixels.")
                    maps.append(seen[camera])
                part["episode"] = part["episode"] + len(instructions)
                instructions.extend(str(word) for word in words)
                parts.append(part)
                starts.append(starts[-1] + len(part["episode"]))
        if not parts:
            raise ValueError(
                f"No complete block of frames in {', '.join(map(str, roots))}: run `libra collect --frames` first."
            )
        columns = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        return cls(pictures, columns, instructions, np.array(starts))

    def __len__(self) -> int:
        return int(self.starts[-1])

    @property
    def summed_weights(self) -> NDArray[np.float64] | None:
        """(N,) of every frame with those before it; None when all frames count the same."""
        weights = self.columns.get(WEIGHT)
        if weights is None or (weights == 1).all():
            return None
        return np.cumsum(weights, dtype=np.float64)

    def picture(self, camera: str, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """(len(rows), S, S, 3)"""
        blocks = np.searchsorted(self.starts, rows, side="right") - 1
        maps = self.pictures[camera]
        size = maps[0].shape[1:]
        out = np.empty((len(rows), *size), dtype=np.uint8)
        for i, (block, row) in enumerate(zip(blocks, rows, strict=True)):
            out[i] = maps[block][row - self.starts[block]]
        return out


def _difference(one: dict[str, NDArray[Any]], other: dict[str, NDArray[Any]]) -> str | None:
    """How the columns of another block differ, as a clause; None when they go together."""
    for name in (*one, *other):
        if (name in one) != (name in other):
            return f"has {'one column less' if name in one else 'one column more'} ({name})"
        if one[name].shape[1:] != other[name].shape[1:]:
            return f"has another shape of {name} ({other[name].shape[1:]} instead of {one[name].shape[1:]})"
    return None
