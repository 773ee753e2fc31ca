"""Whatever a page or a program asks, it is done as a whole, or refused with the reason and nothing of it is done."""

from __future__ import annotations

import time

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.session.protocol import CommandError

NUMBERS = st.one_of(st.integers(-5, 60), st.floats(allow_nan=True, allow_infinity=True), st.booleans())
TEXT = st.sampled_from(["", "me", "x", "policy", "human", "red cube", "light", "push", "drop blue cube", "episode-001"])
ANYTHING = st.recursive(
    st.one_of(st.none(), NUMBERS, TEXT),
    lambda inner: st.one_of(
        st.lists(inner, max_size=8), st.dictionaries(st.sampled_from(["x", "z", "w", "9", "2"]), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = {
    "drive": ("holder", "action", "number"),
    "nudge": ("name", "offset"),
    "pin_tokens": ("pins", "steps"),
    "preview_tokens": ("pins", "steps"),
    "look": ("step", "episode"),
    "rewind": ("step", "episode"),
    "branch": ("step", "driver", "instruction", "schedule", "planner_latency_ms", "pins", "steps", "holder"),
    "hand_back": ("holder",),
    "take_over": ("holder",),
    "give": ("holder",),
    "set_schedule": ("name",),
    "set_planner_latency": ("ms",),
    "run": ("instruction",),
    "reset": ("seed",),
}
REQUESTS = st.sampled_from(sorted(NAMES)).flatmap(
    lambda name: st.tuples(st.just(name), st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES[name], ANYTHING)))
)

KEPT = {}
"""one session for all examples: to make one takes a second"""


def facts(session):
    status = session.status
    kept = ("state", "driver", "holder", "episode", "step", "instruction", "schedule", "planner_latency_ms", "rewound")
    runtime = session.robot.driver.runtime
    return [status[name] for name in kept], runtime.pins_at(session.status["step"]), list(session.told.nudges)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(request=REQUESTS)
def test_it_is_refused_with_a_sentence_and_all_is_as_it_was(make, request):
    session = KEPT.get("session")
    if session is None:
        session = make()
        KEPT["session"] = session
        session.command("run", {"instruction": session.status["suggestions"][0]})
        for _ in range(12):
            session.control_step(time.monotonic(), lambda due: None)
        session.command("pause", {})
    name, arguments = request
    before, state = facts(session), session.robot.env.get_state()
    if name == "drive":
        try:
            session.drive(arguments)
        except CommandError as refused:
            assert str(refused).endswith(".")
        session.refresh()
        assert facts(session) == before
        return
    status = session.command(name, arguments)
    if "error" in status:
        assert status["error"].rstrip("”").endswith((".", ")")), status["error"]
        assert facts(session) == before, (name, arguments)
        assert np.array_equal(session.robot.env.get_state(), state)


def test_a_branch_with_pins_is_steered_and_one_that_a_human_drives_has_none(make):
    session = make()
    session.command("run", {"instruction": session.status["suggestions"][0]})
    for _ in range(12):
        session.control_step(time.monotonic(), lambda due: None)
    session.command("pause", {})
    before = session.status["episode"]
    wrong = {"step": 5, "driver": "human", "holder": "me", "pins": {"z": 9}}
    assert "leave the pins out" in session.command("branch", wrong)["error"]
    assert "no bin 12" in session.command("branch", {"step": 5, "pins": {"z": 12}})["error"]
    assert session.status["episode"] == before and session.status["state"] == "paused"
    status = session.command("branch", {"step": 5, "pins": {"z": 9}, "steps": 8})
    assert "error" not in status and status["branch"] == [before, 5]
    assert session.robot.driver.runtime.pins_at(12).bins == {2: 9}
    assert session.robot.driver.runtime.pins_at(13) is None


def test_what_is_done_to_the_world_after_going_back_is_part_of_the_branch(make):
    session = make()
    session.command("run", {"instruction": session.status["suggestions"][0]})
    for _ in range(20):
        session.control_step(time.monotonic(), lambda due: None)
    first = session.episode
    session.command("rewind", {"step": 8})
    name = session.robot.env.missing[0]
    assert "error" not in session.command("nudge", {"name": f"drop {name}", "offset": [0.5, 0.0]})
    assert "error" not in session.command("nudge", {"name": "light", "offset": [0.5, 0, 0]})
    session.command("pause", {})
    session.control_step(time.monotonic(), lambda due: None)
    record = session.episode.records[0]
    assert [each for each, _ in record.nudges] == [f"drop {name}", "light"] and len(record.events) >= 2
    env = session.robot.env
    env.set_state(first.records[8].state)
    for each, numbers in record.nudges:
        env.nudge(each, numbers)
    assert np.array_equal(env.get_state(), record.state)
