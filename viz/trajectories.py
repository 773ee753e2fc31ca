"""Three paths in the scene: where the planner wants to go, where the refiner goes, and where the hand went."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import rerun as rr
from numpy.typing import NDArray

from records import StepRecord
from viz import paths


class TrajectoryLog:
    """Logs one episode's paths."""

    def __init__(self, recording: rr.RecordingStream) -> None:
        self._recording = recording
        self._last: NDArray[np.float32] | None = None
        self._drawn: set[str] = set()

    def log_before(self, hands: Mapping[str, NDArray[np.float32]]) -> None:
        """Where the hand went in the other episodes of this one's tree, (K, 3) metres by episode."""
        seen = {episode: places for episode, places in hands.items() if len(places) > 1}
        if seen:
            strips = rr.LineStrips3D([*seen.values()], colors=[paths.BEFORE_COLOR], radii=0.0016, labels=[*seen])
            self._recording.log(paths.BEFORE, strips, static=True)

    def log(self, record: StepRecord) -> None:
        """The paths ahead of this step and one more piece of the path behind it.

        The path taken is logged piece by piece, coloured by who drove; the blueprint shows all pieces up to the cursor.
        """
        self._ahead(paths.COARSE, record.coarse_path, paths.COARSE_COLOR, radius=0.0032)
        self._ahead(paths.REFINED, record.refined_path, paths.REFINED_COLOR, radius=0.0048)
        color = paths.DRIVER_COLORS[paths.driver_of(record)]
        if self._last is not None:
            piece = np.stack((self._last, record.hand))
            self._recording.log(paths.TAKEN, rr.LineStrips3D([piece], colors=[color], radii=0.0026))
        self._last = record.hand
        self._recording.log(paths.HAND, rr.Points3D([record.hand], colors=[color], radii=0.007))

    def _ahead(self, path: str, points: NDArray[np.float32] | None, color: paths.Rgb, radius: float) -> None:
        if points is not None and len(points) > 1:
            self._recording.log(path, rr.LineStrips3D([points], colors=[color], radii=radius))
            # The end is marked, so that a short path and its direction can still be seen.
            self._recording.log(f"{path}/end", rr.Points3D(points[-1:], colors=[color], radii=2.2 * radius))
            self._drawn.add(path)
        elif path in self._drawn:
            self._recording.log(path, rr.Clear(recursive=True))
            self._drawn.remove(path)
