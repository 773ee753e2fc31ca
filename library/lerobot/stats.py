"""Statistics of features as LeRobot has them: least, most, mean, spread, count and quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

QUANTILES: Final = {"q01": 0.01, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q99": 0.99}
Stats = dict[str, Any]
"""min, max, mean, std, quantiles: nested lists of the feature's shape; count: [frames]"""


def column_stats(values: NDArray[Any]) -> Stats:
    """Of a column (n,) or (n, d)."""
    rows = np.asarray(values, dtype=np.float64).reshape(len(values), -1)
    quantiles = np.quantile(rows, list(QUANTILES.values()), axis=0)
    return {
        "min": rows.min(0).tolist(),
        "max": rows.max(0).tolist(),
        "mean": rows.mean(0).tolist(),
        "std": rows.std(0).tolist(),
        "count": [len(rows)],
        **{name: each.tolist() for name, each in zip(QUANTILES, quantiles, strict=True)},
    }


def picture_stats(pictures: Sequence[NDArray[np.uint8]]) -> Stats:
    """Of pictures (S, S, 3), for each colour, in [0, 1] and of shape (3, 1, 1)."""
    pixels = np.stack(pictures).reshape(-1, 3)
    levels = np.stack([np.bincount(pixels[:, color], minlength=256) for color in range(3)])
    share = levels.cumsum(1) / len(pixels)
    scale = np.arange(256) / 255
    mean = (levels * scale).sum(1) / len(pixels)
    spread = np.sqrt((levels * (scale - mean[:, None]) ** 2).sum(1) / len(pixels))
    found = {
        "min": np.array([scale[np.flatnonzero(each)[0]] for each in levels]),
        "max": np.array([scale[np.flatnonzero(each)[-1]] for each in levels]),
        "mean": mean,
        "std": spread,
        **{
            name: np.array([scale[np.searchsorted(each, level)] for each in share]) for name, level in QUANTILES.items()
        },
    }
    return {**{name: each.reshape(3, 1, 1).tolist() for name, each in found.items()}, "count": [len(pictures)]}


def aggregate(episodes: Sequence[Stats]) -> Stats:
    """Of several episodes together; quantiles are means of theirs, weighted by frames, as in LeRobot."""
    count = np.array([each["count"][0] for each in episodes], dtype=np.float64)
    values = {name: np.array([each[name] for each in episodes]) for name in episodes[0] if name != "count"}
    weight = (count / count.sum()).reshape(-1, *[1] * (values["mean"].ndim - 1))
    mean = (values["mean"] * weight).sum(0)
    variance = ((values["std"] ** 2 + (values["mean"] - mean) ** 2) * weight).sum(0)
    return {
        "min": values["min"].min(0).tolist(),
        "max": values["max"].max(0).tolist(),
        "mean": mean.tolist(),
        "std": np.sqrt(variance).tolist(),
        "count": [int(count.sum())],
        **{name: (values[name] * weight).sum(0).tolist() for name in QUANTILES if name in values},
    }
