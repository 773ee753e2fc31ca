from __future__ import annotations

import time
from itertools import pairwise
from multiprocessing import Pipe

import pytest

from app.session.newest import READY, NewestSender
from app.session.pace import MAX_LAG, MOST_EARLY, PAID_BACK, Pacer, RealTimeFactor
from records import CONTROL_PERIOD


def test_the_real_time_factor_is_simulated_time_over_the_last_seconds_of_the_clock():
    factor = RealTimeFactor(window=6.0)
    now = 100.0
    for period, steps in ((0.1, 200), (0.05, 60)):
        for _ in range(steps):
            factor.step(now)
            now += period
    assert factor.value == pytest.approx((60 + 30) * 0.05 / 6, abs=0.02)
    for _ in range(200):
        factor.step(now)
        now += CONTROL_PERIOD
    assert factor.value == pytest.approx(1.0, abs=0.01)


def test_time_in_which_the_session_stood_still_does_not_count():
    factor = RealTimeFactor()
    assert factor.value is None
    for stretch in range(3):
        for step in range(20):
            factor.step(1000.0 * stretch + step * CONTROL_PERIOD)
        factor.interrupt()
    assert factor.value == pytest.approx(1.0)


def test_a_loop_that_is_a_little_late_catches_up_and_one_that_is_very_late_does_not_race():
    pacer = Pacer()
    first = pacer.next()
    assert pacer.next() == pytest.approx(first + CONTROL_PERIOD, abs=1e-6)
    time.sleep(CONTROL_PERIOD + 0.02)
    assert pacer.next() == pytest.approx(first + 2 * CONTROL_PERIOD, abs=1e-6)
    time.sleep(MAX_LAG + 2 * CONTROL_PERIOD)
    assert pacer.next() == pytest.approx(time.monotonic(), abs=0.02)


def test_a_step_that_begins_early_is_paid_back_by_those_after_it():
    pacer = Pacer()
    first = pacer.next()
    time.sleep(0.02)
    pacer.begin_early()
    early = pacer.next()
    assert early == pytest.approx(time.monotonic(), abs=0.01)
    later = [pacer.next() for _ in range(20)]
    assert all(
        CONTROL_PERIOD - 1e-6 <= b - a <= CONTROL_PERIOD + PAID_BACK + 1e-6 for a, b in pairwise([early, *later])
    )
    assert later[-1] == pytest.approx(first + 21 * CONTROL_PERIOD, abs=1e-6), "in the end no time is lost or won"


def test_steps_that_begin_early_never_bring_time_far_ahead_of_the_clock():
    pacer = Pacer()
    started = pacer.next()
    ahead = []
    for number in range(1, 41):
        pacer.begin_early()
        ahead.append(started + number * CONTROL_PERIOD - pacer.next())
    assert MOST_EARLY / 2 < max(ahead) <= MOST_EARLY


def test_the_receiver_that_asks_gets_the_newest_message_alone():
    ours, theirs = Pipe()
    sender = NewestSender(ours)
    for number in range(100):
        sender.send(number)
    theirs.send(READY)
    assert theirs.poll(3) and theirs.recv() == 99
    theirs.send(READY)
    assert not theirs.poll(0.05)
    sender.send("next")
    assert theirs.poll(3) and theirs.recv() == "next"
    assert sender.skipped == 99
    sender.close()


def test_a_receiver_that_never_asks_costs_the_sender_nothing():
    ours, theirs = Pipe()
    sender = NewestSender(ours)
    picture = bytes(10_000_000)
    started = time.thread_time()
    for _ in range(1000):
        sender.send(picture)
    assert time.thread_time() - started < 0.2
    assert sender.skipped == 999
    sender.close()
    theirs.close()


def test_a_receiver_that_is_gone_is_left_behind():
    ours, theirs = Pipe()
    sender = NewestSender(ours)
    theirs.close()
    time.sleep(0.1)
    sender.send("hello")
    sender.close()
