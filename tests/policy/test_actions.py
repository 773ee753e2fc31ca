"""The tokeniser: bins and their centres."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from policy.actions import decode, encode

BINS = st.integers(2, 100)
ACTIONS = arrays(np.float32, (4, 7), elements=st.floats(-1, 1, width=32))


@given(ACTIONS, BINS)
def test_decoding_is_within_half_a_bin(actions: np.ndarray, bins: int) -> None:
    assert np.abs(decode(encode(actions, bins), bins) - actions).max() <= 1 / bins + 1e-5


@given(st.integers(2, 100))
def test_every_token_survives_a_round_trip(bins: int) -> None:
    tokens = np.arange(bins, dtype=np.uint8)
    assert np.array_equal(encode(decode(tokens, bins), bins), tokens)


@given(ACTIONS, BINS)
def test_tensors_and_arrays_agree(actions: np.ndarray, bins: int) -> None:
    tokens = encode(actions, bins)
    assert np.array_equal(encode(torch.from_numpy(actions), bins).numpy(), tokens)
    assert np.allclose(decode(torch.from_numpy(tokens), bins).numpy(), decode(tokens, bins))


def test_the_ends_and_what_lies_beyond_fall_into_the_outer_bins() -> None:
    assert encode(np.array([-1.0, 1.0, -5.0, 5.0]), 10).tolist() == [0, 9, 0, 9]
