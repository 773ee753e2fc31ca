"""Files that are whole or not there, also when the disk is full, and tensors that fit or say which one does not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor


class WriteError(OSError):
    """A file could not be written; what was there before is untouched, what was begun is gone."""


@contextmanager
def whole(path: Path, size: int) -> Iterator[Path]:
    """A path to write to, which becomes `path` when the block ends well and is removed when it does not.

    Args:
        path: where the file shall be.
        size: about how many bytes it takes, for the message.

    Raises:
        WriteError: says how much space is needed, where, and how much there is.
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        yield unfinished
        unfinished.replace(path)
    except (OSError, SafetensorError) as error:
        unfinished.unlink(missing_ok=True)
        raise write_error(path, size, error) from error
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def write_error(path: Path, size: int, error: Exception) -> WriteError:
    """One sentence about a file of `size` bytes that could not be written."""
    there = next(folder for folder in path.absolute().parents if folder.is_dir())
    free = shutil.disk_usage(there).free
    return WriteError(
        f"{path} could not be written ({error}): it needs {size / 1e6:.1f} MB in {there}, where {free / 1e6:.1f} MB "
        "are free. Make room and start again; it goes on from what is complete."
    )


def write_json(value: object, path: Path) -> None:
    """Write a JSON file in one piece.

    Raises:
        WriteError: the disk is full or the folder cannot be written to.
    """
    text = json.dumps(value, indent=1)
    with whole(path, len(text)) as unfinished:
        unfinished.write_text(text + "\n")


def write_tensors(tensors: Mapping[str, Tensor], path: Path, **details: str) -> None:
    """Write a safetensors file in one piece; `details` go into its header.

    Raises:
        WriteError: the disk is full or the folder cannot be written to.
    """
    dense = {key: value.detach().contiguous() for key, value in tensors.items()}
    with whole(path, sum(value.nbytes for value in dense.values())) as unfinished:
        save_file(dense, unfinished, metadata=details)


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and details of a safetensors file.

    Raises:
        ValueError: the file is missing or damaged; names the fix.
    """
    try:
        with safe_open(path, "pt") as file:
            details = file.metadata() or {}
        return load_file(path), details
    except (OSError, SafetensorError) as error:
        raise ValueError(f"{path} cannot be read ({error}): remove it and start again.") from error


def mismatch(wanted: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> str | None:
    """The first tensor that is missing, of another shape or not wanted, as a clause; None when all fit."""
    for key, value in wanted.items():
        if key not in found:
            return f"it has no {key}"
        if found[key].shape != value.shape:
            return f"its {key} has shape {tuple(found[key].shape)}, this model's {tuple(value.shape)}"
    extra = next((key for key in found if key not in wanted), None)
    return None if extra is None else f"its {extra} is not in this model"
