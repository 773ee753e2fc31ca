"""The `meta` folder of a LeRobotDataset v3.0: its description, its episodes and its tasks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from library.errors import LibraryError
from library.files import write_whole


def read_info(root: Path) -> dict[str, Any]:
    """`meta/info.json`.

    Raises:
        LibraryError: missing or damaged.
    """
    path = root / "meta" / "info.json"
    try:
        info = orjson.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise LibraryError(f"{root} is no LeRobotDataset v3.0: {path} cannot be read ({error}).") from error
    if not isinstance(info, dict):
        raise LibraryError(f"{root} is no LeRobotDataset v3.0: {path} holds no object.")
    return info


def read_episodes(root: Path) -> list[dict[str, Any]]:
    """Rows of all episodes, in order.

    Raises:
        LibraryError: a file is damaged, or rows are missing or not at their place.
    """
    claimed = read_info(root).get("total_episodes")
    rows: list[dict[str, Any]] = []
    for path in sorted((root / "meta" / "episodes").glob("*/*.parquet")):
        try:
            rows += pq.read_table(path).to_pylist()
        except (OSError, pa.ArrowInvalid) as error:
            raise LibraryError(f"{path} is damaged ({error}).") from error
    # More than are claimed were committed just before an interruption; fewer are lost.
    ordered = all(row.get("episode_index") == number for number, row in enumerate(rows))
    if not ordered or (isinstance(claimed, int) and len(rows) < claimed):
        raise LibraryError(
            f"The meta/episodes of {root} are damaged: they have {len(rows)} episodes, {'' if ordered else 'not '}in "
            f"order, of {claimed}. Put its missing files back, or use another data set."
        )
    return rows


def read_tasks(root: Path) -> list[str]:
    """The words of every task, by number.

    Raises:
        LibraryError: missing or damaged.
    """
    path = root / "meta" / "tasks.parquet"
    try:
        rows = pq.read_table(path).to_pylist()
        names = [name for name in rows[0] if name != "task_index"] if rows else [""]
        return [str(row[names[0]]) for row in sorted(rows, key=lambda each: each["task_index"])]
    except (OSError, pa.ArrowInvalid, KeyError, IndexError) as error:
        raise LibraryError(f"{path} is damaged ({error}).") from error


def write_tasks(root: Path, tasks: list[str]) -> None:
    """`meta/tasks.parquet`, whose index, as pandas has it, is the words."""
    kind = {"pandas_type": "unicode", "numpy_type": "object", "metadata": None}
    columns = [
        {"name": "task_index", "field_name": "task_index", **kind, "pandas_type": "int64", "numpy_type": "int64"},
        {"name": "task", "field_name": "task", **kind},
    ]
    pandas = {"index_columns": ["task"], "column_indexes": [], "columns": columns, "pandas_version": "2.0.0"}
    table = pa.table({"task_index": pa.array(range(len(tasks)), pa.int64()), "task": pa.array(tasks, pa.string())})
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata({"pandas": json.dumps(pandas)}), sink)
    (root / "meta").mkdir(parents=True, exist_ok=True)
    write_whole(root / "meta" / "tasks.parquet", sink.getvalue().to_pybytes())
