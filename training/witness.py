"""What can be seen of a scene at one control step: where things are, how they lie, who touches them and how hard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import mujoco
import numpy as np

from scenes.constants import BUTTON_NAMES, DRAWER
from scenes.world import World

LEFT, RIGHT, PALM = 1, 2, 4
"""bits of `touch`"""
TABLE: Final = "table"
CLAMPS: Final = ("x", "y", "z", "reach", "joint limit")
"""bits of `clamped`, see `EndEffectorController.clamped`"""
_ROBOT: Final = {"left_pad": LEFT, "right_pad": RIGHT, "palm": PALM}


class Witness:
    """Looks at a world once a control step; costs some 0.1 ms.

    Columns of a step, with n things (`names`): `hand` (3,) m; `width` of the gripper, m; `gripper` its last command;
    `place` (n, 3) m; `up` (n, 3) how much of each of a thing's axes points up; `moved` (n,) of drawer and buttons, 0 to
    1; `touch` (n,) bits LEFT, RIGHT, PALM; `force` (n + 1,) newtons with which the robot presses on each thing, and on
    the table.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.names: list[str] = list(world.names)
        model = world.model
        self._bodies = np.array([model.body(name).id for name in self.names], dtype=int)
        self._rows = {int(body): row for row, body in enumerate(self._bodies)}
        self._rows[int(model.body(TABLE).id)] = len(self.names)
        for row, name in enumerate(self.names):  # a drawer's cabinet and a button's base are part of it
            if name == DRAWER or name in BUTTON_NAMES:
                parent = int(model.body_parentid[self._bodies[row]])
                while parent:
                    self._rows.setdefault(parent, row)
                    parent = int(model.body_parentid[parent])
        self._robot = {int(model.geom(name).id): bit for name, bit in _ROBOT.items()}
        self._slides = [row for row, name in enumerate(self.names) if name == DRAWER or name in BUTTON_NAMES]
        self._force = np.zeros(6)

    def look(self) -> dict[str, Any]:
        """The columns of the present state."""
        world, data = self._world, self._world.data
        touch = np.zeros(len(self.names), np.uint8)
        force = np.zeros(len(self.names) + 1, np.float32)
        bodies = world.model.geom_bodyid
        for index, (one, other) in enumerate(data.contact.geom[: data.ncon].tolist()):
            for mine, its in ((one, other), (other, one)):
                bit = self._robot.get(mine)
                row = None if bit is None else self._rows.get(int(bodies[its]))
                if bit is None or row is None:
                    continue
                if row < len(touch):
                    touch[row] |= bit
                mujoco.mj_contactForce(world.model, data, index, self._force)
                force[row] = max(force[row], abs(self._force[0]))
        moved = np.zeros(len(self.names), np.float32)
        for row in self._slides:
            moved[row] = world.moved(self.names[row])
        return {
            "hand": world.hand_position.astype(np.float32),
            "width": np.float32(world.gripper_width),
            "gripper": np.float32(world.controller.gripper),
            "place": data.xpos[self._bodies].astype(np.float32),
            "up": data.xmat[self._bodies].reshape(-1, 3, 3)[:, 2].astype(np.float16),
            "moved": moved,
            "touch": touch,
            "force": force.astype(np.float16),
        }


def clamp_bits(clamped: Sequence[str]) -> int:
    """Bits of `CLAMPS`."""
    return sum(1 << CLAMPS.index(each) for each in clamped if each in CLAMPS)
