"""What goes wrong with a library, said in one sentence."""

from __future__ import annotations

from pathlib import Path


class LibraryError(ValueError):
    """Something that was asked of a library was refused; the message names the fix, and nothing of it was done."""


def unwritable(path: Path, error: OSError) -> LibraryError:
    """The refusal when the disk is full or a folder may not be written to."""
    return LibraryError(
        f"{path} cannot be written ({error.strerror or error}): make room or make the folder writable, then try again; "
        "nothing that was there is changed."
    )
