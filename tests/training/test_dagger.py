"""The policy drives and the expert labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.commands.eval import SHIPPED
from training.dagger import write_block


def test_an_episode_is_driven_the_same_whatever_was_driven_before_it(tmp_path: Path) -> None:
    write_block(str(SHIPPED), 863_000, 2, str(tmp_path / "both"))
    write_block(str(SHIPPED), 863_001, 1, str(tmp_path / "second"))
    with np.load(tmp_path / "both" / "columns.npz") as both, np.load(tmp_path / "second" / "columns.npz") as second:
        later = both["episode"] == 1
        assert len(second["executed"]) > 0
        assert np.array_equal(both["executed"][later], second["executed"])
        assert np.array_equal(both["expert"][later], second["expert"])
