"""What somebody changed in a scene since its seed drew it: light, the front camera, things dropped on the table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scenes.constants import COLORS, OBJECT_NAMES
from scenes.layout import Layout, Placement

SIZE: Final = 3 + 6 + len(OBJECT_NAMES)
_ABOVE: Final = (0.5, 0.0, 0.1)
"""where a dropped thing's placement is, for want of a better one: the state says where it really is"""


@dataclass(frozen=True)
class Changes:
    """Part of a scene's state, so that who restores a step also sees what was seen there."""

    light: tuple[float, float, float] = (1.0, 0.0, 0.0)
    """how many times as strong, and from how far elsewhere (x, y)"""
    camera: tuple[float, float, float, float, float, float] = (0.0,) * 6
    """metres that the front camera moved (x, y, z), and that it looks elsewhere (across, up); its roll in radians"""
    dropped: tuple[str, ...] = ()
    """in the order of `OBJECT_NAMES`"""

    def of(self, layout: Layout) -> Layout:
        """A scene with these changes."""
        x, y, z, across, up, roll = self.camera
        things = tuple(
            Placement(name, _ABOVE, (1.0, 0.0, 0.0, 0.0), COLORS[name.split()[0]])
            for name in self.dropped
            if name not in layout.names
        )
        return replace(
            layout,
            placements=layout.placements + things,
            light=layout.light * self.light[0],
            light_shift=(layout.light_shift[0] + self.light[1], layout.light_shift[1] + self.light[2]),
            camera_shift=tuple(np.add(layout.camera_shift, (x, y, z)).tolist()),
            camera_turn=(layout.camera_turn[0] + across, layout.camera_turn[1] + up),
            camera_roll=layout.camera_roll + roll,
        )

    def pack(self) -> NDArray[np.float64]:
        """(SIZE,) for a state."""
        dropped = [float(name in self.dropped) for name in OBJECT_NAMES]
        return np.array((*self.light, *self.camera, *dropped))

    @classmethod
    def unpack(cls, numbers: NDArray[np.float64]) -> Changes:
        """What `pack` returned; none of an empty vector, as in states that were recorded before there were changes."""
        if not numbers.size:
            return NONE
        x, y, z, across, up, roll = numbers[3:9].tolist()
        dropped = tuple(name for name, is_there in zip(OBJECT_NAMES, numbers[9:], strict=True) if is_there)
        return cls((float(numbers[0]), float(numbers[1]), float(numbers[2])), (x, y, z, across, up, roll), dropped)


NONE: Final = Changes()
