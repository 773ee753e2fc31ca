"""Frames on disk: blocks of whole episodes, pictures as memory maps, everything else as plain columns.

A block is complete when its `columns.npz` exists, which is written last and renamed into place: an interrupted
collection leaves no half block behind, and goes on where it stopped.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from records import ACTION_NAMES, CONTROL_HZ, PROPRIO_NAMES

FORMAT = {
    "format": "libra-frames-1",
    "control_hz": CONTROL_HZ,
    "action_names": list(ACTION_NAMES),
    "proprio_names": list(PROPRIO_NAMES),
}


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
        """Write the block into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        columns = {key: np.stack([frame[key] for frame in self.frames]) for key in self.frames[0]}
        for camera in ("front", "wrist"):
            np.save(folder / f"{camera}.npy", columns.pop(camera))
        unfinished = folder / "unfinished.npz"
        np.savez(unfinished, **{"instructions": np.array(self.instructions), **columns})  # type: ignore[arg-type]
        unfinished.rename(folder / "columns.npz")


def write_format(root: Path, **details: Any) -> None:
    """Say at the top of a data set what its frames are."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "format.json").write_text(json.dumps({**FORMAT, **details}, indent=1))


def check_format(root: Path) -> None:
    """Refuse a data set of another action space, rate or proprioception.

    Raises:
        ValueError: names the field that differs.
    """
    path = root / "format.json"
    if not path.is_file():
        raise ValueError(f"{root} is no data set: it has no format.json. Make one with `libra collect --out {root}`.")
    found = json.loads(path.read_text())
    for key, value in FORMAT.items():
        if found.get(key) != value:
            raise ValueError(f"{root} has {key} = {found.get(key)!r}, this policy needs {value!r}: collect it again.")


@dataclass
class Frames:
    """All complete blocks of one or more data sets, indexed by one row number."""

    pictures: dict[str, list[NDArray[np.uint8]]]
    columns: dict[str, NDArray[Any]]
    instructions: list[str]
    starts: NDArray[np.int64]
    """first row of each block"""

    @classmethod
    def open(cls, roots: list[Path], blocks: int | None = None) -> Frames:
        """Memory-map the pictures and load the columns of every complete block (of the first `blocks` per data set).

        Raises:
            ValueError: a data set is missing, empty or of another format.
        """
        pictures: dict[str, list[NDArray[np.uint8]]] = {"front": [], "wrist": []}
        parts: list[dict[str, NDArray[Any]]] = []
        instructions: list[str] = []
        starts = [0]
        for root in roots:
            check_format(root)
            for path in sorted(root.glob("block_*/columns.npz"))[:blocks]:
                with np.load(path, allow_pickle=False) as block:
                    part = {key: block[key] for key in block.files}
                words = part.pop("instructions")
                part["episode"] = part["episode"] + len(instructions)
                instructions.extend(str(word) for word in words)
                parts.append(part)
                for camera, maps in pictures.items():
                    maps.append(np.load(path.parent / f"{camera}.npy", mmap_mode="r"))
                starts.append(starts[-1] + len(part["episode"]))
        if not parts:
            raise ValueError(f"No complete block of frames in {', '.join(map(str, roots))}: run `libra collect` first.")
        columns = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        return cls(pictures, columns, instructions, np.array(starts))

    def __len__(self) -> int:
        return int(self.starts[-1])

    def picture(self, camera: str, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """(len(rows), S, S, 3)"""
        blocks = np.searchsorted(self.starts, rows, side="right") - 1
        maps = self.pictures[camera]
        size = maps[0].shape[1:]
        out = np.empty((len(rows), *size), dtype=np.uint8)
        for i, (block, row) in enumerate(zip(blocks, rows, strict=True)):
            out[i] = maps[block][row - self.starts[block]]
        return out
