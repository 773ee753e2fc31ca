"""The cockpit: session process, live renderer, web page, command line, doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Final

__version__ = "0.1.0"

ROOT: Final = Path(__file__).resolve().parent.parent
"""where the rooms and `assets/` lie"""
DEFAULT_CHECKPOINT: Final = ROOT / "assets" / "checkpoints" / "tabletop"
DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 7860
"""of the page"""
DEFAULT_RERUN_PORT: Final = 9876
"""of the Rerun stream"""
