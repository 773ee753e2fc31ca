"""Intervals of rates, and what changed between two outcomes of the same episodes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.intervals import mcnemar, paired, rate, wilson


@given(st.integers(0, 500), st.integers(1, 500))
def test_the_interval_holds_the_rate(successes: int, episodes: int) -> None:
    low, high = wilson(min(successes, episodes), episodes)
    assert 0 <= low <= min(successes, episodes) / episodes + 1e-9 <= high + 2e-9 <= 1 + 3e-9


def test_wilson_is_as_in_the_books() -> None:
    assert rate([True] * 81 + [False] * 182)["interval_95"] == pytest.approx([0.2553, 0.3662], abs=2e-4)


def test_the_exact_test_is_as_in_the_books() -> None:
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(1, 6) == pytest.approx(0.125)
    assert mcnemar(6, 1) == mcnemar(1, 6)
    assert mcnemar(5, 5) == 1.0


def test_a_pair_counts_what_was_fixed_and_broken() -> None:
    change = paired([True, True, False, False], [True, False, True, True])
    assert (change["fixed"], change["broken"], change["unchanged"]) == (2, 1, 1)
    assert change["difference"] == 0.25


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=200))
def test_the_interval_of_a_difference_turns_with_its_sides(outcomes: list[tuple[bool, bool]]) -> None:
    before, after = zip(*outcomes, strict=True)
    there, back = paired(before, after), paired(after, before)
    low, high = there["interval_95"]
    assert -1 <= low <= high <= 1
    assert [-bound for bound in back["interval_95"]] == pytest.approx([high, low])
    assert there["mcnemar_p"] == back["mcnemar_p"]
