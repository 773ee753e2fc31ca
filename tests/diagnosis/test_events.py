"""What an arm is made to do is found at the step at which it does it, and nothing is found where nothing happened."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnosis.contract import EVENT_KINDS
from diagnosis.events import FINDERS, RULES, find
from diagnosis.planting import PLANTS, plant
from diagnosis.scoring import NEAR
from diagnosis.store import events_of, facts_of, open_evaluation
from scenes import TabletopEnv


@pytest.fixture(scope="module")
def env() -> TabletopEnv:
    return TabletopEnv()


@pytest.mark.parametrize("kind", EVENT_KINDS)
def test_what_is_planted_is_found_where_it_was(kind: str, env: TabletopEnv) -> None:
    ((task, step, facts),) = plant(env, kind, 1, 871_000)
    found = list(FINDERS[kind](facts))
    assert any(abs(event.step - step) <= NEAR for event in found), (task, step, [event.step for event in find(facts)])
    assert all(event.kind == kind and event.sentence.endswith(".") for event in found)


def test_every_kind_has_a_rule_a_finder_and_a_plant() -> None:
    assert set(EVENT_KINDS) == set(FINDERS) == set(PLANTS) == set(RULES)
    assert all(rule.endswith(".") and len(rule) > 30 for rule in RULES.values())


def test_nothing_is_found_in_what_went_well_and_a_time_out_where_time_was_over(root: Path, first: str) -> None:
    kept = open_evaluation(root, first)
    found = events_of(kept)
    assert found[0] == [] == found[3]
    assert [event["kind"] for event in found[1]] == ["time out"]
    assert events_of(kept) == found  # read back
    assert not facts_of(kept, 0).timed_out
