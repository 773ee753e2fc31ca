"""What the page and its endpoints accept, and what they say to what they cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.commands import MAX_SEED, OFFLINE, Commands, plain, whole_number


class Session:
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.is_gone = False

    def call(self, command: str, /, **arguments: Any) -> dict[str, Any]:
        if self.is_gone:
            raise EOFError
        if command != "status":
            self.asked.append((command, arguments))
        return {"state": "idle", "step": 4, "seed": 7, "message": "Ready."}


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def commands(session: Session) -> Commands:
    return Commands(session, lambda: [Path("a/episode-001.arrow"), Path("a/episode-001.rrd")])


@pytest.mark.parametrize("words", ["", "   ", None, 7, "x" * 201])
def test_words_that_are_no_instruction_never_reach_the_session(
    session: Session, commands: Commands, words: object
) -> None:
    answer = commands.run(words)
    assert "nstruction" in answer["error"] and answer["state"] == "idle"
    assert session.asked == []


def test_an_instruction_reaches_the_session_with_single_spaces(session: Session, commands: Commands) -> None:
    assert "error" not in commands.run("  pick up\tthe red cube ")
    assert session.asked == [("run", {"instruction": "pick up the red cube"})]


@pytest.mark.parametrize("seed", ["", "seven", "7.5", 7.5, -1, MAX_SEED + 1, True, None, float("nan"), float("inf")])
def test_a_seed_that_is_no_number_is_refused_with_an_example(
    session: Session, commands: Commands, seed: object
) -> None:
    assert "such as 7" in commands.reset(seed)["error"]
    assert session.asked == []


@given(st.integers(0, MAX_SEED))
def test_a_seed_means_the_same_as_number_text_and_float(seed: int) -> None:
    assert (
        whole_number(seed) == whole_number(str(seed)) == whole_number(f" {seed} ") == whole_number(float(seed)) == seed
    )


def test_next_scene_is_the_one_after_the_present(session: Session, commands: Commands) -> None:
    commands.next_scene()
    assert session.asked == [("reset", {"seed": 8})]


@pytest.mark.parametrize(("call", "value"), [("schedule", "parallel"), ("latency", 1001), ("latency", "fast")])
def test_settings_out_of_range_are_refused_with_the_range(
    session: Session, commands: Commands, call: str, value: object
) -> None:
    assert "must be" in getattr(commands, call)(value)["error"]
    assert session.asked == []


def test_a_session_that_is_gone_is_a_sentence_with_the_last_status(session: Session, commands: Commands) -> None:
    commands.status()
    session.is_gone = True
    answer = commands.pause()
    assert answer["state"] == OFFLINE and answer["step"] == 4 and "libra demo" in answer["error"]


def test_episodes_are_listed_with_all_their_files(commands: Commands) -> None:
    assert commands.episodes()["episodes"] == [
        {"episode": "episode-001", "files": ["a/episode-001.arrow", "a/episode-001.rrd"]}
    ]


def test_answers_are_plain_json() -> None:
    answer = plain({"a": np.float32(1.5), "b": np.arange(2), "c": float("nan"), "d": Path("x")})
    assert answer == {"a": 1.5, "b": [0, 1], "c": None, "d": "x"}
