"""When the planner says no, by what it reads and what its two cameras show."""

from __future__ import annotations

import numpy as np
import pytest

from policy.refusal import refusal
from policy.tasks import TASKS
from records import Grounding

SEEN, MISSING = {"front": 0.0, "wrist": 0.0}, {"front": 0.9, "wrist": 0.9}


def said(kind: str, target: dict[str, float], container: dict[str, float]) -> str | None:
    probabilities = np.zeros(len(TASKS), np.float32)
    probabilities[TASKS.index(kind)] = 1.0
    groundings = [Grounding("target", {}, target), Grounding("container", {}, container)]
    return refusal("the words", groundings, probabilities, 0.3)


def test_what_is_there_is_not_refused() -> None:
    assert said("stack", SEEN, SEEN) is None


@pytest.mark.parametrize(
    ("kind", "target", "container", "reason"),
    [
        ("nothing", SEEN, SEEN, "no task"),
        ("pick", MISSING, SEEN, "nothing on the table"),
        ("stack", SEEN, MISSING, "no place"),
    ],
)
def test_a_refusal_says_what_is_missing(
    kind: str, target: dict[str, float], container: dict[str, float], reason: str
) -> None:
    assert reason in (said(kind, target, container) or "")


def test_words_that_name_no_container_are_not_refused_for_want_of_one() -> None:
    assert said("pick", SEEN, MISSING) is None


def test_what_the_front_camera_misses_and_the_wrist_camera_sees_is_there() -> None:
    assert said("pick", {"front": 0.9, "wrist": 0.03}, SEEN) is None


def test_for_a_container_the_wrist_camera_must_be_surer() -> None:
    assert said("stack", SEEN, {"front": 0.9, "wrist": 0.03}) is not None
    assert said("stack", SEEN, {"front": 0.9, "wrist": 0.01}) is None
