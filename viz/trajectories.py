"""Three paths in the scene: where the planner wants to go, where the refiner goes, and where the hand went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import rerun as rr
from numpy.typing import NDArray

from records import StepRecord
from viz import paths
from viz.columns import ColumnLog

_AHEAD: Final = ((paths.COARSE, paths.COARSE_COLOR, 0.0032), (paths.REFINED, paths.REFINED_COLOR, 0.0048))
"""path, colour and radius in metres of what lies ahead"""


class TrajectoryLog:
    """Logs one episode's paths."""

    def __init__(self, log: ColumnLog) -> None:
        self._log = log
        for path, color, radius in _AHEAD:
            log.log(path, rr.LineStrips3D.from_fields(colors=[color], radii=[radius]), static=True)
            log.log(f"{path}/end", rr.Points3D.from_fields(colors=[color], radii=[2.2 * radius]), static=True)
        log.log(paths.TAKEN, rr.LineStrips3D.from_fields(radii=[0.0026]), static=True)
        log.log(paths.HAND, rr.Points3D.from_fields(radii=[0.007]), static=True)
        self._last: NDArray[np.float32] | None = None
        self._drawn: set[str] = set()

    def log_before(self, hands: Mapping[str, NDArray[np.float32]]) -> None:
        """Where the hand went in the other episodes of this one's tree, (K, 3) metres by episode."""
        seen = {episode: places for episode, places in hands.items() if len(places) > 1}
        if seen:
            strips = rr.LineStrips3D([*seen.values()], colors=[paths.BEFORE_COLOR], radii=0.0016, labels=[*seen])
            self._log.log(paths.BEFORE, strips, static=True)

    def log(self, record: StepRecord) -> None:
        """The paths ahead of this step and one more piece of the path behind it.

        The path taken is logged piece by piece, coloured by who drove; the blueprint shows all pieces up to the cursor.
        """
        self._ahead(paths.COARSE, record.coarse_path)
        self._ahead(paths.REFINED, record.refined_path)
        color = paths.DRIVER_COLORS[paths.driver_of(record)]
        if self._last is not None:
            piece = np.stack((self._last, record.hand))
            self._log.row(paths.TAKEN, rr.LineStrips3D, strips=[piece], colors=[color])
        self._last = record.hand
        self._log.row(paths.HAND, rr.Points3D, positions=[record.hand], colors=[color])

    def _ahead(self, path: str, points: NDArray[np.float32] | None) -> None:
        if points is not None and len(points) > 1:
            self._log.row(path, rr.LineStrips3D, strips=[points])
            # The end is marked, so that a short path and its direction can still be seen.
            self._log.row(f"{path}/end", rr.Points3D, positions=points[-1:])
            self._drawn.add(path)
        elif path in self._drawn:
            self._log.row(path, rr.LineStrips3D, strips=[])
            self._log.row(f"{path}/end", rr.Points3D, positions=[])
            self._drawn.remove(path)
