from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from toys import CHUNK, chunk

from policy.runtime import ActionTimeline, HeldSteps

REQUESTS = st.lists(
    # observation step, steps until it begins to act, steps until it arrives (None: lost), generation
    st.tuples(st.integers(0, 40), st.integers(0, 2), st.one_of(st.none(), st.integers(0, 12)), st.integers(0, 1)),
    max_size=30,
    unique_by=lambda request: request[0],
)


@given(REQUESTS)
def test_every_step_gets_the_row_of_the_newest_chunk_that_covers_it_whatever_arrives_when(requests):
    held = HeldSteps()
    timeline = ActionTimeline(held)
    timeline.reset(1)
    arrived = []
    executed: list[int] = []
    for now in range(60):
        for observed, delay, lateness, generation in requests:
            if lateness is not None and observed + lateness == now:
                made = chunk(observed, observed + delay, generation)
                timeline.add(made)
                if generation == 1:
                    arrived.append(made)
        found = timeline.take(now)
        covering = []
        for made in arrived:
            row = sum(step >= made.start_step for step in executed) if now >= made.start_step else -1
            if 0 <= row < CHUNK:
                covering.append((made.step, row))
        if covering:
            assert found is not None
            step, row = max(covering)
            assert found[0].step == step and found[0].generation == 1
            assert found[1][1] == np.float32(row / 1000)
            assert timeline.row(found[0], now) == row
            executed.append(now)
        else:
            assert found is None
            assert timeline.starves(now) == bool(executed)
            held.mark(now)


@given(REQUESTS, st.integers(0, 60))
def test_the_queue_depth_is_the_number_of_steps_that_can_still_be_executed_without_a_gap(requests, now):
    timeline = ActionTimeline()
    timeline.reset(1)
    for observed, delay, _, generation in requests:
        timeline.add(chunk(observed, observed + delay, generation))
    depth = timeline.depth(now)
    assert all(timeline.find(now + i) is not None for i in range(depth))
    assert timeline.find(now + depth) is None


def test_a_late_chunk_begins_in_the_middle_when_an_older_one_drove_meanwhile():
    timeline = ActionTimeline()
    timeline.add(chunk(0, 1))
    for step in (1, 2, 3):
        timeline.take(step)
    timeline.add(chunk(1, 2))
    made, action = timeline.take(4)
    assert made.step == 1
    assert action[1] == np.float32(0.002)


def test_a_late_chunk_begins_at_its_first_action_when_the_arm_held_meanwhile():
    held = HeldSteps()
    timeline = ActionTimeline(held)
    for step in (1, 2, 3):
        assert timeline.take(step) is None
        held.mark(step)
    timeline.add(chunk(0, 1))
    assert timeline.take(4)[1][1] == 0.0


def test_actions_that_are_no_numbers_are_dropped_with_a_sentence():
    timeline = ActionTimeline()
    bad = chunk(0)
    bad.actions[2, 3] = np.nan
    assert "no numbers" in timeline.add(bad)[0]
    assert timeline.take(0) is None
