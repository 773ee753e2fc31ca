"""From who rescues an episode, and what was seen directly, follows who is to blame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.contract import CAUSES
from diagnosis.evidence import Evidence, gather, weigh
from diagnosis.judging import _Queue
from diagnosis.replays import altered, applicable
from diagnosis.store import open_evaluation
from diagnosis.verdict import MISPLACED, judge, more_runs
from policy.actions import encode
from policy.anchors import ANCHOR_SIZE
from policy.tasks import TASKS
from scenes.goals import Goal
from scenes.world import World
from training.rollout import Result, play_expert
from training.setting import Setting
from training.tasks import Task, kind_of
from training.trace import Trace

TASK = Task(870_000, Goal("pick", "red cube"), "grab the crimson block")
CLEAR = Evidence(9, 0.012, np.nan, "red cube", "", 0.1, 0.1, 0.1, 0.1, 2.0, 4, 5, 6)
ELSEWHERE = replace(CLEAR, target_error=0.21, seen="blue cube")
WON, LOST = [True] * 3, [False] * 3


def outcomes(**runs: list[bool]) -> dict[str, list[bool]]:
    known = {"again": LOST, "oracle tokens": [False], "oracle fine": [False]}
    return known | {name.replace("_", " "): these for name, these in runs.items()}


@pytest.mark.parametrize(
    ("runs", "evidence", "cause"),
    [
        (outcomes(again=WON), CLEAR, "luck"),
        (outcomes(canonical_words=WON, oracle_tokens=WON), ELSEWHERE, "language"),
        (outcomes(undisturbed=WON, oracle_tokens=WON), CLEAR, "environment"),
        (outcomes(no_delay=WON, oracle_tokens=WON, oracle_fine=WON), CLEAR, "staleness"),
        (outcomes(oracle_tokens=WON), ELSEWHERE, "planner: grounding"),
        (outcomes(oracle_tokens=WON), replace(CLEAR, direction_error=0.8), "planner: direction"),
        (outcomes(oracle_fine=WON), CLEAR, "refiner"),
        (outcomes(oracle_fine=WON, oracle_tokens=WON), replace(CLEAR, outside_bins=0.9), "refiner"),
        (outcomes(oracle_fine=WON, oracle_tokens=WON), CLEAR, "several"),
        (outcomes(both_oracles=[True]), CLEAR, "several"),
        (outcomes(both_oracles=[False]), CLEAR, "environment"),
        (outcomes(again=[True, False, False], oracle_fine=[True, False, False]), CLEAR, "luck"),
    ],
)
def test_the_cause_follows_from_the_rescues(runs: dict[str, list[bool]], evidence: Evidence, cause: str) -> None:
    found = judge(TASK, runs, evidence, delay=16)
    assert found.cause == cause and found.sentence.endswith(".")


def test_words_are_to_blame_only_where_they_were_misread() -> None:
    lucky = outcomes(canonical_words=[True, True, False])
    assert judge(TASK, lucky, ELSEWHERE, delay=1).cause == "language"
    assert judge(TASK, lucky, CLEAR, delay=1).cause != "language"


def test_a_direction_is_blamed_only_where_there_was_one_to_follow() -> None:
    found = judge(TASK, outcomes(oracle_tokens=WON), replace(CLEAR, direction_error=np.nan), delay=16)
    assert found.cause == "several" and "none of its tokens came in time" in found.sentence


def test_the_sentence_says_where_the_planner_looked() -> None:
    found = judge(TASK, outcomes(oracle_tokens=WON), ELSEWHERE, delay=1)
    assert "sees the red cube 21 cm from where it is, where the blue cube is" in found.sentence
    assert found.frames == [ELSEWHERE.worst_grounding]


def test_a_rescue_that_is_not_blamed_is_told_of() -> None:
    found = judge(TASK, outcomes(oracle_fine=WON, canonical_words=WON), CLEAR, delay=1)
    assert found.cause == "refiner"
    assert "also succeeds with the canonical wording (3 of 3, though the words were read rightly)" in found.sentence
    assert "also" not in judge(TASK, outcomes(oracle_fine=WON), CLEAR, delay=1).sentence


def test_luck_has_frames_too() -> None:
    assert judge(TASK, outcomes(again=WON), CLEAR, delay=1).frames == [CLEAR.worst_direction, CLEAR.worst_refiner]


def test_a_planner_that_refuses_did_not_see_it() -> None:
    found = judge(TASK, outcomes(oracle_tokens=WON), replace(CLEAR, intents=0), delay=1, refused=True)
    assert found.cause == "planner: grounding" and "refuses" in found.sentence


NAMES = ["again", "oracle tokens", "oracle fine", "canonical words"]


def test_a_rescue_counts_by_the_best_of_three() -> None:
    lost = replace(CLEAR, direction_error=0.9)
    assert more_runs(NAMES, {}, lost) == ["again", "oracle tokens"]
    first = {"again": [False], "oracle tokens": [True]}
    assert more_runs(NAMES, first, lost) == ["oracle tokens"]
    split = first | {"oracle tokens": [True, False]}
    assert more_runs(NAMES, split, lost) == ["oracle tokens"]
    won = first | {"oracle tokens": [True, False, True]}
    assert more_runs(NAMES, won, lost) == ["again"]
    assert more_runs(NAMES, won | {"again": [False, False]}, lost) == []
    none = {"again": [False], "oracle tokens": [False], "oracle fine": [False]}
    assert more_runs(NAMES, none, CLEAR) == ["both oracles"]


def test_what_cannot_change_the_verdict_is_not_played() -> None:
    assert more_runs(NAMES, {}, ELSEWHERE) == ["again", "canonical words"]
    sure = {"again": [False] * 2, "canonical words": [True] * 2}
    assert more_runs(NAMES, sure, ELSEWHERE) == [], "words come first in the chain"
    assert "canonical words" not in more_runs(NAMES, {}, CLEAR), "words that were read rightly are not to blame"
    guilty = {"again": [False] * 2, "oracle fine": [True] * 2}
    assert more_runs(NAMES, guilty, replace(CLEAR, outside_bins=0.9)) == []
    unclear = {"again": [False] * 2, "oracle tokens": [True] * 2}
    assert more_runs(NAMES, unclear, CLEAR) == ["oracle fine"], "neither looks guilty"
    assert more_runs(NAMES, {"again": [True] * 2, "oracle tokens": [False]}, CLEAR) == [], "luck"


@given(st.data())
def test_a_verdict_is_that_of_all_replays_after_few_of_them(data: st.DataObject) -> None:
    shares = st.sampled_from([np.nan, 0.1, 0.9])
    evidence = replace(
        data.draw(st.sampled_from([CLEAR, ELSEWHERE])),
        direction_error=data.draw(shares), outside_bins=data.draw(shares), self_error=data.draw(shares),
    )  # fmt: skip
    refused = data.draw(st.booleans())
    every = {name: [data.draw(st.booleans()) for _ in range(3)] for name in [*NAMES[1:], "both oracles"]}
    every["again"] = [data.draw(st.booleans())] * 3
    played: dict[str, list[bool]] = {}
    while wanted := more_runs(NAMES, played, evidence, refused):
        for name in wanted:
            runs = played.setdefault(name, [])
            runs.append(every[name][len(runs)])
    assert all(len(runs) <= 3 for runs in played.values())
    found = judge(TASK, played, evidence, delay=1, refused=refused)
    assert found.cause in CAUSES
    # Of what succeeds the first time every run counts, and of what does not none does.
    first = {name: runs if name == "again" or runs[0] else [False] for name, runs in every.items()}
    whole = judge(TASK, first, evidence, delay=1, refused=refused)
    assert found.cause == whole.cause


def test_tokens_that_lead_away_from_what_the_planner_sees_are_a_matter_of_direction() -> None:
    lost = replace(ELSEWHERE, direction_error=0.9, self_error=0.8)
    found = judge(TASK, outcomes(oracle_tokens=WON), lost, delay=1)
    assert found.cause == "planner: direction" and "80% of the first ones" in found.sentence
    assert judge(TASK, outcomes(oracle_tokens=WON), replace(lost, self_error=0.2), 1).cause == "planner: grounding"


def test_where_only_both_oracles_help_what_was_said_decides() -> None:
    both = outcomes(both_oracles=[True])
    assert judge(TASK, both, replace(CLEAR, direction_error=0.9), delay=1).cause == "planner: direction"
    assert judge(TASK, both, replace(CLEAR, outside_bins=0.9), delay=1).cause == "refiner"
    assert judge(TASK, both, CLEAR, delay=1).cause == "several"


def test_only_replays_that_change_something_are_asked_for() -> None:
    plain = Setting("checkpoint")
    assert "canonical words" in applicable(plain, TASK, 0)
    said = replace(TASK, instruction=TASK.goal.instruction)
    assert set(applicable(plain, said, 0)) == {"again", "oracle tokens", "oracle fine"}
    late, moved = replace(plain, planner_delay=16), replace(said, perturbation="camera")
    assert {"no delay", "undisturbed"} <= set(applicable(late, moved, 0))
    assert "undisturbed" not in applicable(late, moved, 40)
    assert "undisturbed" not in applicable(late, replace(moved, perturbation="layout"), 0), "nothing is where it was"


def test_a_replay_from_a_step_is_the_episode_until_then() -> None:
    late = Setting("checkpoint", planner_delay=16, inject="refiner-noise")
    setting, _ = altered("no delay", late, TASK, 60, 0)
    assert setting.at(59) == late and setting.at(60).planner_delay == 1 and setting.at(60).inject == "refiner-noise"


def test_the_experts_own_episode_gives_no_evidence_against_anybody(tasks: list[Task]) -> None:
    from scenes import TabletopEnv

    playing = play_expert(TabletopEnv(), tasks[0], keep=True)
    with pytest.raises(StopIteration) as stop:
        while True:
            next(playing)
    evidence = gather(World(), tasks[0], Trace.from_bytes(stop.value.value.trace))
    assert evidence.intents == 0 and evidence.to_dict() == {}


def test_what_is_misplaced_once_the_arm_has_gone_astray_did_not_lead_it_there(root: Path, first: str) -> None:
    kept = open_evaluation(root, first)
    trace, task = kept.trace(0), kept.tasks[0]
    steps = np.arange(trace.steps)
    asked = steps[::4]
    anchors = np.zeros((len(asked), ANCHOR_SIZE), np.float32)
    anchors[:, :3] = trace.place[asked, trace.names.index(task.goal.target)]
    anchors[:, ANCHOR_SIZE - len(TASKS) + TASKS.index(kind_of(task.goal))] = 1
    wrong_way = np.tile(np.array((1, 0, 0, 0, 0, 0, -1), np.float32), (trace.steps, 1))
    tokens = encode(np.tile(-wrong_way[:4], (len(asked), 1, 1)), 10)
    planned = {"intent": steps // 4, "token_row": steps % 4, "intent_step": asked, "tokens": tokens}

    def misplaced(when: np.ndarray) -> float:
        seen = anchors.copy()
        seen[when, :3] += 0.3
        return weigh(task, replace(trace, anchors=seen, **planned), wrong_way).target_error

    assert misplaced(asked > 15) < MISPLACED < misplaced(asked <= 15)


def test_replays_are_asked_for_until_there_is_a_verdict() -> None:
    """A refiner that is to blame: only the expert's fine actions rescue."""

    class Case:
        number, waiting = 7, 0

        def __init__(self) -> None:
            self.outcomes: dict[str, list[bool]] = {}

        def next_runs(self) -> list[str]:
            return more_runs(applicable(Setting("c"), TASK, 0), self.outcomes, CLEAR)

        def ask(self, name: str) -> tuple[Setting, Task]:
            self.waiting += 1
            return altered(name, Setting("c"), TASK, 0, 0)

        def take(self, name: str, result: Result) -> None:
            self.waiting -= 1
            self.outcomes.setdefault(name, []).append(result.success)

    def failures() -> Iterator[object]:
        yield "failure"

    queue, case = _Queue(failures()), Case()  # type: ignore[arg-type]
    queue.open = lambda failure: case
    closed, played = [], 0
    while (replay := next(queue, None)) is not None:
        ticket, setting, task = replay
        played += 1
        closed.append(queue.closes(ticket, Result(task, "fine" in setting.oracle, 50, False)))
    assert closed[-1] is case and closed.count(None) == played - 1
    assert judge(TASK, case.outcomes, CLEAR, 1).cause == "refiner"
    assert {name: len(runs) for name, runs in case.outcomes.items()} == {
        "again": 2, "oracle tokens": 1, "oracle fine": 2,
    }  # fmt: skip
