"""The policy's process: it answers, its faults are said here, and another follows when it dies or hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from policy.host import PolicyError, PolicyGone, PolicyHost

POLICY = "hosted:load"


@pytest.fixture
def host():
    host = PolicyHost(POLICY, Path("any"))
    yield host
    host.close()


def answer_after_renewal(host, seconds=30.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            return host.planner.plan("again")
        except PolicyGone as gone:
            assert "started anew" in str(gone)
            time.sleep(0.01)
    raise AssertionError("nobody answers")


def begin_a_call_that_hangs(host):
    """An event that is set once it ended as it should."""
    ended = threading.Event()

    def hang():
        with pytest.raises(PolicyGone):
            host.planner.plan("hang")
        ended.set()

    threading.Thread(target=hang, daemon=True).start()
    time.sleep(0.2)
    return ended


def test_both_systems_answer_as_if_they_were_here(host):
    assert (host.planner.horizon, host.refiner.chunk_steps) == (8, 5)
    assert host.planner.plan("step 3") == "intent for step 3"
    assert host.refiner.refine("step 3", "intent", 4, None, 9) == ("step 3", "intent", 4, 9)


def test_what_a_system_raises_is_raised_here_and_the_next_call_is_answered(host):
    with pytest.raises(RuntimeError, match="no such cube"):
        host.planner.plan("raise")
    assert host.planner.plan("next") == "intent for next"


def test_a_process_that_dies_in_a_call_is_followed_by_another(host):
    before = host.process_id
    with pytest.raises(PolicyGone, match="ended"):
        host.planner.plan("die")
    assert answer_after_renewal(host) == "intent for again"
    assert host.process_id != before


def test_a_process_that_is_killed_between_calls_is_followed_by_another(host):
    os.kill(host.process_id, signal.SIGKILL)
    assert answer_after_renewal(host) == "intent for again"
    assert host.refiner.refine("o", "i", 1, None, 2) == ("o", "i", 1, 2)


def test_a_call_that_hangs_and_was_given_up_ends_with_its_process_when_the_next_one_comes(host):
    ended = begin_a_call_that_hangs(host)
    assert answer_after_renewal(host) == "intent for again"
    assert ended.wait(5)


def test_a_process_that_cannot_be_started_anew_at_first_is_started_again(tmp_path):
    host = PolicyHost(POLICY, tmp_path)
    os.kill(host.process_id, signal.SIGKILL)
    assert answer_after_renewal(host) == "intent for again"
    assert (tmp_path / "loads").read_text() == "xxx"
    host.close()


def test_one_system_answers_while_the_other_hangs(host):
    begin_a_call_that_hangs(host)
    assert host.refiner.refine("o", "i", 1, None, 2) == ("o", "i", 1, 2)


def test_why_a_policy_cannot_be_loaded_is_said_in_its_own_words():
    with pytest.raises(PolicyError, match=r"^The checkpoint broken is damaged\.$"):
        PolicyHost(POLICY, Path("broken"))


def test_a_process_that_dies_while_it_loads_is_an_error_with_its_code():
    with pytest.raises(RuntimeError, match="code 7"):
        PolicyHost(POLICY, Path("fatal"))


def test_a_closed_host_leaves_no_process_and_answers_nothing():
    host = PolicyHost(POLICY, Path("any"))
    process = psutil.Process(host.process_id)
    host.close()
    assert not process.is_running()
    with pytest.raises(PolicyGone):
        host.planner.plan("late")


def test_the_process_ends_with_its_owner_however_that_ends():
    owner = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import pathlib, time, policy.host as h\n"
            f"host = h.PolicyHost({POLICY!r}, pathlib.Path('any')); print(host.process_id, flush=True); time.sleep(60)",
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    policy = psutil.Process(int(owner.stdout.readline()))
    owner.kill()
    owner.communicate()
    policy.wait(10)
