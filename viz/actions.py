"""What was carried out and what the policy proposed, as curves."""

from __future__ import annotations

from typing import Final

import rerun as rr

from records import ACTION_NAMES, StepRecord
from viz import paths
from viz.columns import ColumnLog

_COLORS: Final = ((230, 97, 92), (93, 196, 110), (86, 140, 245), (245, 160, 150), (160, 220, 165), (150, 185, 250))
_GRIPPER: Final = (240, 228, 66)


class ActionLog:
    """Logs one episode's actions, normalised, see `records.ACTION_NAMES`."""

    def __init__(self, log: ColumnLog) -> None:
        self._log = log
        for path, width in ((paths.ACTION, 2.0), (paths.PROPOSAL, 0.8)):
            names = [f"{axis} ({path.rpartition('/')[2]})" for axis in ACTION_NAMES]
            lines = rr.SeriesLines(names=names, colors=[*_COLORS, _GRIPPER], widths=width)
            log.log(path, lines, static=True)

    def log(self, record: StepRecord) -> None:
        """One control step."""
        self._log.row(paths.ACTION, rr.Scalars, scalars=record.action)
        if record.proposal is not None:
            self._log.row(paths.PROPOSAL, rr.Scalars, scalars=record.proposal)
