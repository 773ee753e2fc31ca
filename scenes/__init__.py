"""The world: composition, environment, tasks and their language, success tests, the scripted expert, rendering."""

import os
import sys

if sys.platform == "linux":
    os.environ.setdefault("MUJOCO_GL", "egl")

from scenes.env import SLICES_PER_STEP, TabletopEnv

__all__ = ["SLICES_PER_STEP", "TabletopEnv"]
