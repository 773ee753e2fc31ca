"""Warnings of what spoils data, each by its rule, and none of what is as it should be."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from library.warnings import Motion, Warned, duplicates, look_at

STEPS = 120


def motion(action: NDArray[np.float64] | None = None, hand: NDArray[np.float64] | None = None) -> Motion:
    """The hand goes straight on at 5 mm a step, the gripper closes half-way, unless something else is given."""
    if action is None:
        action = steady()
    if hand is None:
        hand = np.outer(np.arange(STEPS), (0.005, 0, 0))
    return Motion(np.clip(action, -1, 1), action, hand, ["policy"] * STEPS)


def steady() -> NDArray[np.float64]:
    action = np.zeros((STEPS, 7))
    action[:, 0] = 0.25
    action[:, 6] = np.where(np.arange(STEPS) < STEPS // 2, -1, 1)
    return action


def kinds(what: Motion) -> list[str]:
    return [each.kind for each in look_at(what, first=100)]


def test_a_good_episode_has_no_warning() -> None:
    assert kinds(motion()) == []


@pytest.mark.parametrize(("still", "expected"), [(25, []), (40, ["idle"])])
def test_a_hand_that_rests_is_idle_after_a_second_and_a_half(still: int, expected: list[str]) -> None:
    hand = np.outer(np.minimum(np.arange(STEPS), STEPS - still), (0.005, 0, 0))
    hand[:, 1] += np.where(np.arange(STEPS) % 2, 0.0005, 0)
    action = steady()
    action[:, 6] = -1
    assert kinds(motion(action, hand)) == expected


def test_commands_that_jump_are_jerky_and_the_sentence_counts_them() -> None:
    action = steady()
    action[:, 0] = 0.9
    action[10:40:6, 0] = -0.9
    (warned,) = look_at(motion(action), first=0)
    assert warned == Warned("jerky", "The command jumps at 10 of 120 driven steps.")
    calm = steady()
    calm[10:40:6, 0] = -0.9
    assert kinds(motion(calm)) == []


def test_actions_beyond_what_the_arm_may_do_are_counted() -> None:
    action = steady()
    action[20:30, 0] = 1.2
    (warned,) = look_at(motion(action), first=0)
    assert warned.sentence == "10 of 120 driven steps asked for more than the arm may do."


def test_a_gripper_that_opens_and_closes_again_and_again_chatters() -> None:
    action = steady()
    action[:, 6] = np.where(np.arange(STEPS) // 50 % 2, 1, -1)
    assert kinds(motion(action)) == []
    action[:, 6] = np.where(np.arange(STEPS) // 8 % 2, 1, -1)
    (warned,) = look_at(motion(action), first=100)
    assert warned.kind == "chatter" and "from step 108" in warned.sentence


def test_the_same_path_again_is_a_near_duplicate_of_the_first() -> None:
    path = [(0.01 * i, 0.0, 0.2) for i in range(16)]
    close = [(x + 0.004, y, z) for x, y, z in path]
    other = [(x, y + 0.05, z) for x, y, z in path]
    found = duplicates([("a", path), ("b", close), ("c", other)])
    assert list(found) == ["b"] and "nearly the same as a" in found["b"].sentence
