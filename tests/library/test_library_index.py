"""The index looks at a folder that others change meanwhile."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from library import index
from tests.library.recorded import make_library


def test_a_log_that_vanishes_while_it_is_listed_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = make_library(tmp_path)
    scandir = os.scandir

    def slow(folder: Path) -> list[os.DirEntry[str]]:
        entries = list(scandir(folder))
        (tmp_path / "episode-002.arrow").unlink(missing_ok=True)
        return entries

    monkeypatch.setattr(index.os, "scandir", slow)
    library.refresh()
    assert [each.id for each in library.episodes] == ["episode-001", "episode-003"]
