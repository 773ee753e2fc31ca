"""Planner, refiner and checkpoint, with the weights that ship."""

from __future__ import annotations

import json
import resource
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors import SafetensorError

from policy import CheckpointError, LibraPolicy, PolicyConfig, load_policy
from policy.refiner import intent_window, pack_committed
from records import Observation

SHIPPED = Path(__file__).parents[2] / "assets" / "checkpoints" / "tabletop"


@pytest.fixture(scope="module")
def policy() -> LibraPolicy:
    return load_policy(SHIPPED)


def observation(words: str = "pick up the red cube") -> Observation:
    rng = np.random.default_rng(0)
    front, wrist = rng.integers(0, 256, (2, 96, 96, 3), dtype=np.uint8)
    return Observation(7, 3, words, front, wrist, np.zeros(21, np.float32), 0.0)


def test_an_intent_has_tokens_probabilities_and_where_it_looked(policy: LibraPolicy) -> None:
    intent, config = policy.planner.plan(observation()), policy.config
    assert (intent.step, intent.generation) == (7, 3)
    assert intent.tokens.shape == (config.horizon, 7) and intent.tokens.max() < config.bins
    assert np.allclose(intent.probabilities.sum(-1), 1, atol=1e-4)
    assert np.array_equal(intent.probabilities.argmax(-1), intent.tokens)
    for grounding in intent.groundings:
        for camera in ("front", "wrist"):
            assert grounding.heatmaps[camera].sum() + grounding.none[camera] == pytest.approx(1, abs=1e-4)


def test_a_chunk_follows_from_its_noise_seed(policy: LibraPolicy) -> None:
    seen = observation()
    intent = policy.planner.plan(seen)
    fixed = np.zeros((1, 7), np.float32)
    one, same, other = (policy.refiner.refine(seen, intent, 8, fixed, seed).actions for seed in (1, 1, 2))
    assert one.shape == (policy.config.chunk, 7) and np.abs(one).max() <= 1
    assert np.array_equal(one, same) and not np.array_equal(one, other)
    assert set(np.unique(one[:, 6])) <= {-1.0, 1.0}


def test_a_saved_policy_is_the_same_when_loaded(policy: LibraPolicy, tmp_path: Path) -> None:
    policy.save_pretrained(tmp_path / "copy")
    again = load_policy(tmp_path / "copy")
    assert again.config == policy.config
    assert np.array_equal(
        again.planner.plan(observation()).probabilities, policy.planner.plan(observation()).probabilities
    )


def test_fresh_tokens_move_the_refiner_and_old_ones_do_not(policy: LibraPolicy) -> None:
    seen, fixed = observation(), np.zeros((1, 7), np.float32)
    intent = policy.planner.plan(seen)
    other = replace(intent, tokens=policy.config.bins - 1 - intent.tokens)

    def differs(age: int) -> bool:
        later = replace(seen, step=seen.step + age - 1)
        chunks = [policy.refiner.refine(later, each, seen.step + age, fixed, 1).actions for each in (intent, other)]
        return not np.array_equal(*chunks)

    assert differs(2)
    assert not differs(policy.config.trusted_steps + 1), "where things are still counts, speeds of then do not"


def test_the_window_is_masked_outside_of_the_intent() -> None:
    config = PolicyConfig()
    tokens = np.arange(48, dtype=np.uint8)[:, None].repeat(7, 1) % 10
    window = intent_window(tokens, 0, config)
    assert (window[: config.intent_before] == config.bins).all()
    assert np.array_equal(window[config.intent_before :], tokens[: config.intent_after])
    short = intent_window(tokens[:8], 6, config)
    assert np.array_equal(short[config.intent_before :][:2], tokens[6:8])
    assert (short[config.intent_before + 2 :] == config.bins).all()
    assert (intent_window(tokens, config.trusted_steps + 1, config) == config.bins).all()


def test_committed_actions_are_packed_latest_last() -> None:
    config = PolicyConfig()
    packed = pack_committed(np.full((1, 7), 0.5, np.float32), config).reshape(config.max_committed, 8)
    assert packed[0].tolist() == [0.0] * 8 and packed[1].tolist() == [0.5] * 7 + [1.0]


def test_a_missing_checkpoint_is_refused_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no config.json.*--checkpoint"):
        load_policy(tmp_path)


def test_a_truncated_checkpoint_is_refused_with_the_fix(tmp_path: Path) -> None:
    folder = tmp_path / "cut"
    shutil.copytree(SHIPPED, folder)
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointError, match=r"damaged.*git checkout"):
        load_policy(folder)


@pytest.mark.parametrize(
    "change", [{"bins": 12}, {"wheels": 4}, {"bins": "ten"}, {"reads_task": 1}, {"refiner_width": 7}, {"horizon": 50}]
)
def test_a_checkpoint_of_another_configuration_is_refused_by_the_field_that_differs(
    tmp_path: Path, policy: LibraPolicy, change: dict[str, object]
) -> None:
    policy.save_pretrained(tmp_path)
    load_policy(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, **change}))
    with pytest.raises(CheckpointError, match=next(iter(change))):
        load_policy(tmp_path)


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_that_was_there(tmp_path: Path, policy: LibraPolicy) -> None:
    policy.save_pretrained(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises((OSError, SafetensorError)):
            policy.save_pretrained(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
