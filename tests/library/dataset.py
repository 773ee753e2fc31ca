"""What is in an exported data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq


def rows(root: Path) -> list[dict]:
    return [row for path in sorted(root.glob("data/*/*.parquet")) for row in pq.read_table(path).to_pylist()]


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / max(np.mean((one.astype(float) - other.astype(float)) ** 2), 1e-9)))
