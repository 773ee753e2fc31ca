"""The episode log: one Arrow IPC stream per episode on disk, one record batch per control step.

Append-only and unbuffered: a killed process leaves every step that was appended. Intents and chunks are written with
the first step that uses them and referred to by number after that; images are JPEG, everything else is exact.

Why no video: a picture is whole when its step is, whatever kills the process, and any step opens without those before
it. At 96 pixels that costs 1.3 MB in 10 s for both cameras, at 35 dB. The wide view costs nothing: it is drawn from the
state, as it was (`scenes.wide.WideRenderer`).
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from records.types import Chunk, Grounding, Intent, Observation, StepRecord

SUFFIX: Final = ".arrow"
_VERSION: Final = "1"
_JPEG: Final = [
    *(cv2.IMWRITE_JPEG_QUALITY, 85),
    *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
]
"""Full colour: at 96 pixels, halving it costs more than the last steps of quality, and things are told apart by it."""
_COMPRESSION: Final = pa.ipc.IpcWriteOptions(compression="zstd")

_ARRAY = pa.struct([("dtype", pa.string()), ("shape", pa.list_(pa.int32())), ("data", pa.binary())])
_VIEW = pa.struct([("camera", pa.string()), ("heatmap", _ARRAY), ("none", pa.float64())])
_GROUNDING = pa.struct([("phrase", pa.string()), ("views", pa.list_(_VIEW))])
_OBSERVATION = pa.struct(
    [
        ("front", pa.binary()),
        ("wrist", pa.binary()),
        ("proprio", pa.list_(pa.float32())),
        ("seen_at", pa.float64()),
    ]
)
_NUDGE = pa.struct([("name", pa.string()), ("offset", pa.list_(pa.float64()))])
_INTENT = pa.struct(
    [
        ("step", pa.int64()),
        ("generation", pa.int64()),
        ("tokens", _ARRAY),
        ("probabilities", _ARRAY),
        ("proprio", _ARRAY),
        ("asked_at", pa.float64()),
        ("ready_at", pa.float64()),
        ("ready_step", pa.int64()),
        ("groundings", pa.list_(_GROUNDING)),
        ("refusal", pa.string()),
        ("anchors", _ARRAY),
        ("used_step", pa.int64()),
    ]
)
_CHUNK = pa.struct(
    [
        ("step", pa.int64()),
        ("start_step", pa.int64()),
        ("generation", pa.int64()),
        ("intent_step", pa.int64()),
        ("actions", _ARRAY),
        ("asked_at", pa.float64()),
        ("ready_at", pa.float64()),
    ]
)
SCHEMA: Final = pa.schema(
    [
        ("step", pa.int64()),
        ("generation", pa.int64()),
        ("instruction", pa.string()),
        ("wall_time", pa.float64()),
        ("due_late", pa.float64()),
        ("sim_time", pa.float64()),
        ("state", pa.list_(pa.float64())),
        ("action", pa.list_(pa.float32())),
        ("commanded", pa.list_(pa.float32())),
        ("proposal", pa.list_(pa.float32())),
        ("control_source", pa.string()),
        ("hand", pa.list_(pa.float32())),
        ("staleness", pa.int64()),
        ("queue_depth", pa.int64()),
        ("durations", pa.map_(pa.string(), pa.float64())),
        ("observation", _OBSERVATION),
        ("intent_number", pa.int64()),
        ("intent", _INTENT),
        ("token_row", pa.int64()),
        ("chunk_number", pa.int64()),
        ("chunk", _CHUNK),
        ("coarse_path", _ARRAY),
        ("refined_path", _ARRAY),
        ("events", pa.list_(pa.string())),
        ("outcome", pa.string()),
        ("outcome_by", pa.string()),
        ("nudges", pa.list_(_NUDGE)),
        ("pins", pa.list_(pa.int8())),
    ]
)


class LogError(ValueError):
    """A file that is no episode log; the message says why."""


@dataclass(frozen=True)
class EpisodeHeader:
    """What holds for a whole episode."""

    episode: str
    instruction: str
    """the first words; later ones are in the steps"""
    seed: int
    """of the scene: reset to it before restoring a state"""
    started: float
    """Unix seconds"""
    schedule: str = ""
    planner_latency_ms: float = 0.0
    parent: str | None = None
    """the episode that it branched off from, None when it began with a scene"""
    parent_step: int | None = None
    """at this control step, which is its first"""
    checkpoint: str = ""
    """name of the policy, "" without one"""
    fingerprint: str = ""
    """of its weights, see `policy.fingerprint`"""


@dataclass
class EpisodeLog:
    """An episode read back."""

    header: EpisodeHeader
    records: list[StepRecord] = field(default_factory=list)

    @property
    def finished(self) -> bool:
        """Whether the outcome was written: False for an episode that was cut off."""
        return bool(self.records) and self.records[-1].outcome is not None


class EpisodeWriter:
    """Appends one episode's steps to a new file; every step is with the operating system when `append` returns.

    Raises:
        OSError: the file cannot be made or written (also from `append` and `close`).
    """

    def __init__(self, path: Path, header: EpisodeHeader) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._header = header
        metadata = {"libra.version": _VERSION, "libra.episode": json.dumps(asdict(header))}
        self._sink = pa.OSFile(str(path), "wb")
        self._lock = path.open("rb")  # ends with the process, however that ends
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._writer = pa.ipc.new_stream(self._sink, SCHEMA.with_metadata(metadata), options=_COMPRESSION)
        self._intents = _Numbered()
        self._chunks = _Numbered()

    def append(self, record: StepRecord) -> None:
        """Write one control step."""
        intent_number, new_intent = self._intents.number(record.intent)
        chunk_number, new_chunk = self._chunks.number(record.chunk)
        row = {
            **{name: getattr(record, name) for name in _PLAIN},
            "durations": list(record.durations.items()),
            "observation": _observation_row(record.observation),
            "intent_number": intent_number,
            "intent": _intent_row(record.intent) if new_intent and record.intent is not None else None,
            "chunk_number": chunk_number,
            "chunk": _chunk_row(record.chunk) if new_chunk and record.chunk is not None else None,
            "coarse_path": _pack(record.coarse_path),
            "refined_path": _pack(record.refined_path),
            "events": list(record.events),
            "nudges": [{"name": name, "offset": list(offset)} for name, offset in record.nudges],
            "pins": record.pins,
        }
        self._writer.write_batch(pa.RecordBatch.from_pylist([row], SCHEMA))

    def close(self) -> None:
        """Finish the file and have the disk confirm it."""
        self._writer.close()
        self._sink.close()
        self._lock.close()
        with self.path.open("rb") as file:
            os.fsync(file.fileno())


def being_written(path: Path) -> bool:
    """Whether some process records to this log now.

    Raises:
        OSError: cannot be read.
    """
    with path.open("rb") as log:
        try:
            fcntl.flock(log, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def read_episode(path: Path) -> EpisodeLog:
    """Read an episode; a tail that was cut off in the middle of a step is left out.

    Raises:
        LogError: not an episode log.
        OSError: cannot be read.
    """
    header, steps = open_episode(path)
    return EpisodeLog(header, list(steps))


def open_episode(path: Path) -> tuple[EpisodeHeader, Generator[StepRecord, None, None]]:
    """The same a step at a time; the file is closed at the end, or with the generator.

    Raises:
        LogError: not an episode log.
        OSError: cannot be read.
    """
    source = pa.OSFile(str(path), "rb")
    try:
        reader = pa.ipc.open_stream(source)
        header = read_header(reader.schema)
    except (pa.ArrowInvalid, KeyError, TypeError, ValueError) as error:
        source.close()
        raise LogError(f"{path} is no episode log, or its beginning is lost ({error}).") from error

    def steps() -> Generator[StepRecord, None, None]:
        with source:
            yield from read_steps(reader, header.episode)

    return header, steps()


def read_header(schema: pa.Schema) -> EpisodeHeader:
    """What a log's schema says of the whole episode.

    Raises:
        KeyError, TypeError, ValueError: it is not the schema of an episode log.
    """
    if schema.metadata is None:
        raise ValueError("it has no header")
    given = json.loads(schema.metadata[b"libra.episode"])
    known = {each.name for each in fields(EpisodeHeader)}
    return EpisodeHeader(**{name: value for name, value in given.items() if name in known})


def read_steps(reader: Any, episode: str) -> Iterator[StepRecord]:
    """Control steps of an Arrow stream reader, up to its end or to a step that was cut off."""
    intents: dict[int, Intent] = {}
    chunks: dict[int, Chunk] = {}
    while True:
        try:
            (row,) = reader.read_next_batch().to_pylist()
        except (StopIteration, pa.ArrowInvalid, OSError):
            return
        if row["intent"] is not None:
            intents[row["intent_number"]] = _read_intent(row["intent"])
        if row["chunk"] is not None:
            chunks[row["chunk_number"]] = _read_chunk(row["chunk"])
        values = {name: row.get(name) for name in _PLAIN}  # older logs have fewer
        values["state"] = np.array(row["state"], dtype=np.float64)
        for name in ("action", "commanded", "proposal", "hand"):
            values[name] = None if row[name] is None else np.array(row[name], dtype=np.float32)
        yield StepRecord(
            episode=episode,
            **values,
            durations=dict(row["durations"]),
            observation=_read_observation(row),
            intent=None if row["intent_number"] is None else intents[row["intent_number"]],
            chunk=None if row["chunk_number"] is None else chunks[row["chunk_number"]],
            coarse_path=_unpack(row["coarse_path"]),
            refined_path=_unpack(row["refined_path"]),
            events=tuple(row["events"]),
            nudges=tuple((each["name"], tuple(each["offset"])) for each in row.get("nudges") or ()),
            pins=None if row.get("pins") is None else tuple(row["pins"]),
        )


class _Numbered:
    """Numbers objects as they change."""

    def __init__(self) -> None:
        self._last: object = None
        self._count = -1

    def number(self, thing: object) -> tuple[int | None, bool]:
        """The number of a thing (None for None), and whether it is another one than the last."""
        if thing is None:
            return None, False
        new = thing is not self._last
        self._count += new
        self._last = thing
        return self._count, new


_APART = {
    "episode", "durations", "observation", "intent", "chunk", "coarse_path", "refined_path", "events", "nudges", "pins",
}  # fmt: skip
_PLAIN = [each.name for each in fields(StepRecord) if each.name not in _APART]


def _pack(array: NDArray[Any] | None) -> dict[str, Any] | None:
    if array is None:
        return None
    return {"dtype": array.dtype.str, "shape": list(array.shape), "data": array.tobytes()}


def _unpack(packed: dict[str, Any] | None) -> Any:
    if packed is None:
        return None
    return np.frombuffer(packed["data"], dtype=np.dtype(packed["dtype"])).reshape(packed["shape"]).copy()


def _jpeg(image: NDArray[np.uint8]) -> bytes:
    ok, data = cv2.imencode(".jpg", image[:, :, ::-1], _JPEG)
    assert ok
    return bytes(data)


def _picture(data: bytes) -> NDArray[np.uint8]:
    image = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return np.ascontiguousarray(image[:, :, ::-1], dtype=np.uint8)


def _observation_row(seen: Observation | None) -> dict[str, Any] | None:
    if seen is None:
        return None
    return {"front": _jpeg(seen.front), "wrist": _jpeg(seen.wrist), "proprio": seen.proprio, "seen_at": seen.seen_at}


def _read_observation(row: dict[str, Any]) -> Observation | None:
    seen = row["observation"]
    if seen is None:
        return None
    return Observation(
        step=row["step"],
        generation=row["generation"],
        instruction=row["instruction"],
        front=_picture(seen["front"]),
        wrist=_picture(seen["wrist"]),
        proprio=np.array(seen["proprio"], dtype=np.float32),
        seen_at=seen["seen_at"],
    )


def _intent_row(intent: Intent) -> dict[str, Any]:
    row = {each.name: getattr(intent, each.name) for each in fields(Intent)}
    row |= {name: _pack(row[name]) for name in ("tokens", "probabilities", "proprio", "anchors")}
    row["groundings"] = [
        {
            "phrase": found.phrase,
            "views": [
                {"camera": camera, "heatmap": _pack(heatmap), "none": found.none[camera]}
                for camera, heatmap in found.heatmaps.items()
            ],
        }
        for found in intent.groundings
    ]
    return row


def _read_intent(row: dict[str, Any]) -> Intent:
    groundings = tuple(
        Grounding(
            phrase=found["phrase"],
            heatmaps={view["camera"]: _unpack(view["heatmap"]) for view in found["views"]},
            none={view["camera"]: view["none"] for view in found["views"]},
        )
        for found in row["groundings"]
    )
    arrays = {name: _unpack(row[name]) for name in ("tokens", "probabilities", "proprio", "anchors")}
    return Intent(**{**row, **arrays, "groundings": groundings})


def _chunk_row(chunk: Chunk) -> dict[str, Any]:
    return {**{each.name: getattr(chunk, each.name) for each in fields(Chunk)}, "actions": _pack(chunk.actions)}


def _read_chunk(row: dict[str, Any]) -> Chunk:
    return Chunk(**{**row, "actions": _unpack(row["actions"])})
