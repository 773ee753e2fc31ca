"""Files are whole, also where the disk takes only a part of what it is given."""

from __future__ import annotations

import io
from pathlib import Path

from library.files import append


class Nearly(io.FileIO):
    """A file that takes no more than three bytes at once, as a disk may that is nearly full."""

    def write(self, data: object) -> int:  # type: ignore[override]
        return super().write(bytes(data)[:3])  # type: ignore[call-overload]


def test_what_is_appended_is_appended_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for part in (b"first, ", b"", b"second"):
        with Nearly(path, "ab") as file:
            append(file, part)
    assert path.read_bytes() == b"first, second"
