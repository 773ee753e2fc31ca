"""Which Chromium the browser test can drive."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

COMMANDS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_browser() -> tuple[Path, str] | None:
    """The first Chromium that starts, from the system or from Playwright, and its version; None if there is none."""
    for path in _candidates():
        try:
            # Started, not only looked up: Ubuntu's chromium-browser is a stub that asks for a snap.
            answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30, check=True)
        except (OSError, subprocess.SubprocessError):
            continue
        return path, answer.stdout.strip()
    return None


def _candidates() -> Iterator[Path]:
    for command in COMMANDS:
        if found := shutil.which(command):
            yield Path(found)
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    yield from sorted(cache.glob("chromium*/chrome-linux*/chrome"), reverse=True)
    yield from sorted(cache.glob("chromium*/chrome-linux*/headless_shell"), reverse=True)
    yield from Path("/Applications").glob("Google Chrome.app/Contents/MacOS/Google Chrome")
