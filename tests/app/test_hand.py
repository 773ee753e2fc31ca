"""A human's hand: one holder, newest command, silence is a hold; whatever comes in whatever order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.session.hand import SILENCE, Hand
from app.session.protocol import CommandError, check_action, check_numbers, check_step
from records import CONTROL_PERIOD


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def command(value: float) -> np.ndarray:
    return np.full(7, value, dtype=np.float32)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_nobody_commands_an_arm_that_they_do_not_hold(clock):
    hand = Hand(clock)
    with pytest.raises(CommandError, match="press Take over first"):
        hand.offer("me", command(1))
    hand.take("me")
    with pytest.raises(CommandError, match="Somebody else drives"):
        hand.offer("you", command(1))
    with pytest.raises(CommandError, match="Somebody else drives"):
        hand.take("you")
    assert hand.command() is None
    hand.let_go("you")
    assert hand.holder == "me"
    hand.let_go("me")
    hand.take("you")


def test_silence_is_a_hold_and_the_next_command_moves_again(clock):
    hand = Hand(clock)
    hand.take("me")
    hand.offer("me", command(0.5))
    clock.now += SILENCE - CONTROL_PERIOD - 0.001  # a step that begins now ends in time
    assert (hand.command() == 0.5).all()
    clock.now += 0.002
    assert hand.command() is None
    hand.offer("me", command(0.25))
    assert (hand.command() == 0.25).all()


def test_what_is_replayed_or_out_of_order_is_refused(clock):
    hand = Hand(clock)
    hand.take("me")
    hand.offer("me", command(0.1), 5)
    clock.now += 0.05
    for number in (5, 4):
        with pytest.raises(CommandError, match="came after number 5"):
            hand.offer("me", command(0.9), number)
    assert (hand.command() == np.float32(0.1)).all()
    hand.offer("me", command(0.2), 6)


def test_taking_the_arm_forgets_what_was_commanded_before(clock):
    hand = Hand(clock)
    hand.take("me")
    hand.offer("me", command(1.0), 9)
    hand.take("me")
    assert hand.command() is None
    hand.offer("me", command(0.3), 0)


@given(gaps=st.lists(st.floats(0, 0.2), min_size=1, max_size=200))
def test_however_they_come_no_more_are_taken_than_twenty_a_second_and_three(gaps):
    clock = Clock()
    hand = Hand(clock)
    hand.take("me")
    began, taken = clock.now, 0
    for number, gap in enumerate(gaps):
        clock.now += gap
        try:
            hand.offer("me", command(0.5), number)
            taken += 1
        except CommandError as error:
            assert "faster than 20 a second" in str(error)
    assert taken <= 20 * (clock.now - began) + 3.2


def test_to_stand_still_is_never_too_soon(clock):
    hand = Hand(clock)
    hand.take("me")
    with pytest.raises(CommandError, match="faster than 20"):
        for number in range(9):
            hand.offer("me", command(0.5), number)
    still = np.array((0, 0, 0, 0, 0, 0, -1), np.float32)
    hand.offer("me", still, 9)
    given = hand.command()
    assert given is not None and (given == still).all(), "a key that was let go is let go, whatever came before"


@given(jitter=st.lists(st.floats(-0.02, 0.02), min_size=1, max_size=200))
def test_twenty_a_second_are_taken_however_unevenly_they_arrive(jitter):
    clock = Clock()
    hand = Hand(clock)
    hand.take("me")
    began = clock.now
    for number, late in enumerate(jitter):
        clock.now = max(clock.now, began + 0.05 * number + late)
        hand.offer("me", command(0.5), number)


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        "up",
        [0] * 6,
        [0] * 8,
        [0] * 6 + [2],
        [0] * 6 + [float("nan")],
        ["0"] * 7,
        [True] * 7,
        [0] * 6 + ["x"],
        [[0]] * 7,
        {},
        [10**400] + [0] * 6,
    ],
)
def test_a_command_that_is_not_seven_numbers_in_range_is_refused(wrong):
    with pytest.raises(CommandError, match="command"):
        check_action(wrong)


@pytest.mark.parametrize("wrong", [None, 3, [], [0] * 7, [0, 0, float("inf")], ["a", 0, 0], [0, True, 0]])
def test_a_nudge_without_finite_numbers_is_refused(wrong):
    with pytest.raises(CommandError, match="numbers"):
        check_numbers(wrong)


@pytest.mark.parametrize("wrong", [None, -1, 1.5, True, "3"])
def test_a_step_that_is_no_whole_number_is_refused(wrong):
    with pytest.raises(CommandError, match="whole number"):
        check_step(wrong)
