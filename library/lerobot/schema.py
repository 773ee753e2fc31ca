"""What an exported data set holds, as LeRobotDataset v3.0 wants it said in `meta/info.json`."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from records import ACTION_NAMES, CONTROL_HZ, PROPRIO_NAMES

VERSION: Final = "v3.0"
ROBOT: Final = "libra_tabletop"
CAMERAS: Final = ("front", "wrist")
VIDEO_CODEC, PIXEL_FORMAT = "libx264", "yuv444p"
"""full colour: with halved colour a 96-pixel picture comes back at 31 dB instead of 37"""
FILES_PER_CHUNK: Final = 1000
DATA_PATH: Final = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
VIDEO_PATH: Final = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
EPISODES_PATH: Final = "meta/episodes/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"

_ARROW: Final = {
    "float32": pa.float32(),
    "int64": pa.int64(),
    "bool": pa.bool_(),
    "string": pa.string(),
}


def camera_key(camera: str) -> str:
    """The name of a camera's feature."""
    return f"observation.images.{camera}"


def _vector(names: tuple[str, ...], dtype: str = "float32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": [len(names)], "names": list(names)}


def _single(dtype: str) -> dict[str, Any]:
    return {"dtype": dtype, "shape": [1], "names": None}


COLUMNS: Final[dict[str, dict[str, Any]]] = {
    "observation.state": _vector(PROPRIO_NAMES),
    "action": _vector(ACTION_NAMES),
    "commanded_action": _vector(ACTION_NAMES),
    "policy_action": _vector(ACTION_NAMES),
    "policy_action_valid": _single("bool"),
    "intervention": _single("bool"),
    "control_source": _single("string"),
    "planner.tokens": _vector(ACTION_NAMES, "int64"),
    "control_step": _single("int64"),
    "next.success": _single("bool"),
    "next.done": _single("bool"),
    "timestamp": _single("float32"),
    "frame_index": _single("int64"),
    "episode_index": _single("int64"),
    "index": _single("int64"),
    "task_index": _single("int64"),
}
"""everything but the videos; `library.lerobot.card` says what each means"""


def features(size: int) -> dict[str, dict[str, Any]]:
    """All features of a data set whose pictures have `size` pixels a side."""
    info = {
        "video.height": size,
        "video.width": size,
        "video.codec": "h264",
        "video.pix_fmt": PIXEL_FORMAT,
        "video.fps": CONTROL_HZ,
        "video.channels": 3,
        "is_depth_map": False,
        "has_audio": False,
    }
    video = {"dtype": "video", "shape": [size, size, 3], "names": ["height", "width", "channels"], "info": info}
    return {**{camera_key(camera): dict(video) for camera in CAMERAS}, **COLUMNS}


def table_schema() -> pa.Schema:
    """Of the data files."""
    fields = []
    for name, feature in COLUMNS.items():
        kind, size = _ARROW[feature["dtype"]], feature["shape"][0]
        fields.append((name, kind if size == 1 else pa.list_(kind, size)))
    return pa.schema(fields)


def difference(found: dict[str, Any], size: int) -> str | None:
    """What first keeps us from appending to the data set of an `info.json`, as a clause; None when it fits."""
    if found.get("codebase_version") != VERSION:
        return f"it is of version {found.get('codebase_version')}, not {VERSION}"
    if found.get("fps") != CONTROL_HZ:
        return f"it has {found.get('fps')} frames a second, not {CONTROL_HZ}"
    wanted, there = features(size), found.get("features", {})
    for name in sorted({*wanted, *there}):
        if name not in there:
            return f"it has no {name}"
        if name not in wanted:
            return f"it has {name}, which is not of ours"
        for part in ("dtype", "shape"):
            theirs, ours = there[name].get(part), wanted[name][part]
            if (list(theirs) if isinstance(theirs, list | tuple) else theirs) != ours:
                return f"its {name} has {part} {theirs}, ours {ours}"
    return None
