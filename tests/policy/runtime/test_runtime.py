from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toys import CHUNK, ToyPlanner, ToyRefiner, observation

from policy.runtime import Lockstep, Runtime, WallClock, asynchronous, schedule_named, sequential, synchronous


def lockstep(schedule, planner_delay=0, seed=3):
    planner, refiner = ToyPlanner(), ToyRefiner()
    runtime = Runtime(planner, refiner, schedule, Lockstep(planner_delay))
    runtime.reset(0, seed)
    return runtime, planner, refiner


def run(runtime, steps, generation=0):
    return [runtime.decide(observation(step, generation)) for step in steps]


def sources(decisions):
    return "".join("p" if d.control_source == "policy" else "." for d in decisions)


def tokens(decisions):
    return [round(float(d.action[2]) * 1000) for d in decisions if d.control_source == "policy"]


def test_asynchronous_drives_without_a_gap_from_the_first_chunk_on_however_slow_the_planner():
    for delay in (0, 1, 12, 20):
        runtime, planner, refiner = lockstep(asynchronous(), delay)
        decisions = run(runtime, range(120))
        assert sources(decisions) == "." * (delay + 1) + "p" * (119 - delay)
        assert runtime.counters.planner_waits == 0
        assert runtime.counters.starved_steps == 0
        # On its own period, or when free again: in the step in which its last result arrived.
        period = max(asynchronous().planner_period, delay)
        assert planner.seen == list(range(0, 120, period))
        asked = [call[0] for call in refiner.calls]
        assert set(np.diff(asked)) == {3}
        assert max(d.staleness for d in decisions[delay:]) <= delay + period + CHUNK


def test_asynchronous_chunks_begin_one_step_after_their_observation_with_the_action_between_committed():
    runtime, _, refiner = lockstep(asynchronous(), 1)
    decisions = run(runtime, range(30))
    for asked, start, _, committed in refiner.calls:
        assert start == asked + 1
        assert committed.shape == (1, 7)
        assert (committed[0] == decisions[asked].action).all()


def test_asynchronous_follows_the_intent_from_its_first_tokens_after_a_late_start():
    runtime, _, _ = lockstep(asynchronous(), 20)
    decisions = run(runtime, range(40))
    # The arm held for 20 steps and the step in which the first chunk was made; no motion of the plan was skipped
    # but the one that was already committed.
    assert tokens(decisions)[:3] == [1, 2, 3]


def test_sequential_asks_the_planner_once_for_so_many_chunks():
    runtime, planner, refiner = lockstep(sequential(2))
    decisions = run(runtime, range(40))
    assert sources(decisions) == "p" * 40
    assert planner.seen == [0, 10, 20, 30]
    assert [call[0] for call in refiner.calls] == list(range(0, 40, 5))
    assert tokens(decisions) == list(range(10)) * 4


def test_synchronous_holds_for_the_planner_at_every_chunk():
    runtime, planner, _ = lockstep(synchronous(), 4)
    decisions = run(runtime, range(36))
    assert sources(decisions) == "....ppppp" * 4
    assert planner.seen == [0, 9, 18, 27]
    assert tokens(decisions) == [0, 1, 2, 3, 4] * 4
    assert runtime.counters.planner_waits == 3 * 4
    assert [d.queue_depth for d in decisions[4:9]] == [4, 3, 2, 1, 0]


def test_synchronous_and_sequential_without_delay_never_hold():
    for schedule in (synchronous(), sequential(3)):
        runtime, _, _ = lockstep(schedule)
        assert sources(run(runtime, range(30))) == "p" * 30


def test_lockstep_repeats_bit_for_bit_and_another_episode_seed_does_not():
    def actions(seed):
        runtime, _, _ = lockstep(asynchronous(), 3, seed)
        return np.stack([d.action for d in run(runtime, range(50))])

    assert (actions(7) == actions(7)).all()
    assert (actions(7) != actions(8)).any()


def test_a_hold_does_not_move_and_keeps_the_grippers_last_command():
    runtime, _, _ = lockstep(asynchronous(), 5)
    decision = runtime.decide(observation(0, gripper=1.0))
    assert decision.control_source == "hold" and decision.proposal is None
    assert decision.action.tolist() == [0, 0, 0, 0, 0, 0, 1]


def test_a_refusal_holds_and_says_why():
    runtime, planner, refiner = lockstep(asynchronous(), 1)
    planner.refusal = "I see no purple cube."
    decisions = run(runtime, range(10))
    assert [d.refusal for d in decisions] == [None] + ["I see no purple cube."] * 9
    assert sources(decisions) == "." * 10
    assert refiner.calls == []


def test_an_intent_that_runs_out_is_withdrawn_and_the_arm_holds():
    runtime, _, _ = lockstep(asynchronous(planner_period=1000), 1)
    decisions = run(runtime, range(90))
    events = [event for d in decisions for event in d.events]
    assert any("ran out" in e for e in events)
    assert decisions[3].control_source == "policy" and decisions[-1].control_source == "hold"
    assert runtime.counters.planner_waits > 0 and runtime.counters.starved_steps > 0


def test_results_of_an_older_generation_are_never_used():
    runtime, _, _ = lockstep(asynchronous(), 6)
    run(runtime, range(20))
    runtime.reset(1)
    decisions = run(runtime, range(20, 40), generation=1)
    assert sources(decisions) == "." * 7 + "p" * 13
    assert all(d.chunk.generation == 1 and d.chunk.step >= 20 for d in decisions if d.chunk)
    assert all(d.intent.generation == 1 and d.intent.step >= 20 for d in decisions if d.intent)
    with pytest.raises(ValueError, match="generation"):
        runtime.decide(observation(40, generation=0))


def test_steps_that_somebody_else_decided_count_as_held():
    runtime, _, _ = lockstep(sequential(2))
    first = run(runtime, range(3))
    later = run(runtime, range(10, 12))
    assert tokens(first) + tokens(later) == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="must grow"):
        runtime.decide(observation(11))


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([asynchronous(), asynchronous(1, 1, 2), sequential(3), synchronous()]),
    st.integers(0, 30),
    st.lists(st.tuples(st.integers(1, 30), st.booleans()), max_size=6),
)
def test_every_action_is_the_spliced_one_under_any_delay_and_change_of_generation(schedule, delay, stretches):
    runtime, _, _ = lockstep(schedule, delay)
    step = generation = 0
    for length, new in stretches:
        if new:
            generation += 1
            runtime.reset(generation)
        for _ in range(length):
            decision = runtime.decide(observation(step, generation))
            if decision.chunk is None:
                assert not decision.action[:6].any()
            else:
                assert decision.chunk.generation == decision.intent.generation == generation
                assert decision.chunk.intent_step == decision.intent.step <= decision.chunk.step <= step
                assert decision.action[1] == np.float32(decision.chunk_row / 1000)
                assert decision.staleness == step - decision.intent.step
                assert decision.staleness >= delay or schedule.chunks_per_plan is None
            step += 1


def test_the_schedule_can_be_changed_in_one_run():
    runtime, planner, _ = lockstep(asynchronous(), 1)
    run(runtime, range(20))
    runtime.schedule = synchronous()
    asked = len(planner.seen)
    run(runtime, range(20, 60))
    assert len(planner.seen) - asked <= 8


def test_in_wall_clock_a_slow_planner_never_makes_the_refiner_wait_and_can_be_slowed_at_run_time():
    runtime = Runtime(ToyPlanner(0.03), ToyRefiner(0.005), asynchronous(), WallClock())
    runtime.reset(0, 1)
    runtime.warm_up(observation(0))
    decisions = []
    for step in range(60):
        if step == 30:
            runtime.planner_latency_s = 0.2
        decisions.append(runtime.decide(observation(step)))
        time.sleep(0.02)
    runtime.close()
    assert "." not in sources(decisions)[6:]
    assert runtime.counters.planner_waits == 0
    assert max(d.staleness for d in decisions[45:]) > max(d.staleness for d in decisions[10:30])
    slow = [d.durations["planner"] for d in decisions[35:] if "planner" in d.durations]
    assert slow and min(slow) > 200
    assert all(rate > 0 for rate in runtime.rates())


def test_an_unknown_schedule_is_refused_with_the_names_there_are():
    with pytest.raises(ValueError, match="asynchronous, sequential, synchronous"):
        schedule_named("fast")
