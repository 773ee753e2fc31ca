"""One command leads from nothing to a checkpoint, and goes on where it stopped."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import training.recipe
from policy import load_policy
from training.recipe import Recipe, make

TINY = Recipe(
    scenes=1, turning_scenes=1, refiner_steps=1, planner_steps=1, rounds=((1, 1),), recent_share=0.4, curriculum_steps=1
)


@pytest.mark.timeout(600)
def test_a_checkpoint_comes_from_nothing_even_when_a_stage_fails_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, called = tmp_path / "checkpoint", []
    real = training.recipe._python

    def interrupted(module: str, *arguments: object) -> None:
        called.append((module, str(arguments[0])))
        if len(called) == 5:
            raise subprocess.CalledProcessError(1, [module])
        real(module, *arguments)

    monkeypatch.setattr(training.recipe, "_python", interrupted)
    with pytest.raises(subprocess.CalledProcessError):
        make(TINY, tmp_path, out, workers=2)
    assert not out.exists()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("weights.safetensors")}
    assert len(before) == 2, "the refiner's and the planner's first stages are done"
    make(TINY, tmp_path, out, workers=2)
    assert load_policy(out).config.horizon > 0
    assert all(path.stat().st_mtime_ns == time for path, time in before.items()), "what was done is not done again"
