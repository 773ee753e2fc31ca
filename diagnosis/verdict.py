"""The verdict: from who rescues an episode, and what was seen directly, to who is to blame.

What is further up in the chain of causes counts first: words, scene, delay, planner, refiner. A rescue counts only if
it is surer than chance: the same again with other noise is the measure, and every rescue is repeated. When planner and
refiner each rescue alone, what they said decides; when neither does, both together may.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from diagnosis.evidence import Evidence
from diagnosis.replays import LABELS, UPSTREAM
from training.tasks import Task

ROUNDS: Final = 2
"""runs of a replay that agree, of three, before it counts"""
_SURE: Final = 2 / 3
MISPLACED: Final = 0.05
"""metres from which on the planner has not seen the thing where it is"""
_LOST: Final = 0.4
"""share of steps at which tokens lead elsewhere, from which on the planner's direction is wrong"""
_AGAINST_ITSELF: Final = 0.5
"""share of the first steps at which tokens lead elsewhere than to where the planner sees the target, from which on what
it sees is not what led it"""
_STRAYS: Final = 0.4
"""share of the refiner's motions outside of the bins, from which on it does not do what it is told"""

Outcomes = Mapping[str, Sequence[bool]]
"""name of a replay -> whether each of its runs succeeded"""


@dataclass(frozen=True)
class Judgement:
    """A cause, why, and the control steps that show it."""

    cause: str
    sentence: str
    frames: list[int]


def more_runs(names: Sequence[str], outcomes: Outcomes, evidence: Evidence, refused: bool = False) -> list[str]:
    """Which replays must be run next, once each, before there is a verdict; none when there is one.

    They go down the chain of causes. What succeeded once is decided by the best of three, as the same again is; what
    could no longer change the verdict is not played.

    Args:
        names: of the replays that say something about the episode (`diagnosis.replays.applicable`).
        outcomes: of those that were played.
        evidence: what was seen directly.
        refused: whether the planner refused.
    """
    again = outcomes.get("again", ())
    repeat = [] if _is_decided(again) else ["again"]
    for name in _in_turn(names, evidence, refused):
        if _is_won(again) and name != "canonical words":
            return []  # luck, whatever comes further down
        runs = outcomes.get(name, ())
        if not runs or (any(runs) and not _is_decided(runs)):
            return [name] if again else ["again", name]
        if _is_won(runs) and _settles(name, evidence, refused):
            return repeat
    if any(_is_won(runs) for runs in outcomes.values()) or any(again):
        return repeat
    return [] if "both oracles" in outcomes else ["both oracles"]


def _in_turn(names: Sequence[str], evidence: Evidence, refused: bool) -> list[str]:
    """The chain of causes, as far as it counts, with the system first that looks guilty."""
    chain = [name for name in UPSTREAM if name in names and _counts(name, evidence, refused)]
    return [*chain[:-2], *reversed(chain[-2:])] if _settles("oracle fine", evidence, refused) else chain


def _settles(name: str, evidence: Evidence, refused: bool) -> bool:
    """Whether a verdict follows once this rescues: what is further up does; of the two systems the guilty one does."""
    lost, strays = evidence.direction_error > _LOST, evidence.outside_bins > _STRAYS
    if name == "oracle tokens":
        return refused or _misplaced(evidence) or (lost and not strays)
    if name == "oracle fine":
        return strays and not (lost or refused or _misplaced(evidence))
    return True


def judge(task: Task, outcomes: Outcomes, evidence: Evidence, delay: int, refused: bool = False) -> Judgement:
    """The verdict, when `more_runs` asks for no more."""
    found = _judge(task, outcomes, evidence, delay, refused)
    return replace(found, sentence=found.sentence + _beside(found.cause, outcomes, evidence))


def _judge(task: Task, outcomes: Outcomes, evidence: Evidence, delay: int, refused: bool) -> Judgement:
    again = _share(outcomes["again"])
    rescuers = [
        name
        for name in UPSTREAM
        if len(outcomes.get(name, ()))
        and _share(outcomes[name]) >= _SURE
        and _share(outcomes[name]) > again + 0.3
        and _counts(name, evidence, refused)
    ]
    if again >= _SURE and "canonical words" not in rescuers:
        sentence = f"With other noise the same attempt succeeds {_of(outcomes['again'])} times."
        return Judgement("luck", sentence, _went_wrong(evidence))
    for name, cause in (("canonical words", "language"), ("undisturbed", "environment"), ("no delay", "staleness")):
        if name in rescuers:
            return _upstream(cause, task, outcomes, evidence, delay)
    if "oracle tokens" in rescuers and "oracle fine" in rescuers:
        return _either(task, outcomes, evidence, refused)
    if "oracle tokens" in rescuers:
        return _planner(task, outcomes, evidence, refused)
    if "oracle fine" in rescuers:
        return _refiner(outcomes, evidence)
    return _nobody(task, outcomes, evidence, again, refused)


def _upstream(cause: str, task: Task, outcomes: Outcomes, evidence: Evidence, delay: int) -> Judgement:
    if cause == "language":
        sentence = (
            f"Said as “{task.goal.instruction}” it succeeds {_of(outcomes['canonical words'])} times; said as "
            f"“{task.instruction}” the planner {_what_it_saw(task, evidence)}."
        )
        return Judgement(cause, sentence, [evidence.worst_grounding])
    if cause == "environment":
        sentence = (
            f"Without the perturbation ({task.perturbation}) it succeeds {_of(outcomes['undisturbed'])} times; with it "
            f"the planner {_what_it_saw(task, evidence)}."
        )
        return Judgement(cause, sentence, [evidence.worst_grounding])
    sentence = (
        f"With a planner in time it succeeds {_of(outcomes['no delay'])} times; it was {delay} control "
        f"steps late, and what was followed {evidence.staleness:.0f} steps old on average."
    )
    return Judgement(cause, sentence, [evidence.worst_direction])


def _planner(task: Task, outcomes: Outcomes, evidence: Evidence, refused: bool) -> Judgement:
    rescued = f"With the expert's tokens it succeeds {_of(outcomes['oracle tokens'])} times"
    if not any(outcomes["oracle tokens"]):
        rescued = "Only the expert in both places saves it, and the refiner does what it is told"
    if refused:
        return Judgement("planner: grounding", f"{rescued}; the planner refuses, it does not see the thing.", [0])
    if _misplaced(evidence) and not evidence.self_error > _AGAINST_ITSELF:
        return Judgement(
            "planner: grounding", f"{rescued}; the planner {_what_it_saw(task, evidence)}.", [evidence.worst_grounding]
        )
    sees = f"sees the {task.goal.target} within {100 * evidence.target_error:.1f} cm"
    if not np.isfinite(evidence.direction_error):
        return Judgement(
            "several", f"{rescued}; the planner {sees}, and none of its tokens came in time to be followed.",
            [evidence.worst_grounding],
        )  # fmt: skip
    leads = f", but its tokens lead elsewhere than the expert at {_percent(evidence.direction_error)} of the steps"
    if evidence.self_error > _AGAINST_ITSELF:
        leads += f", and at {_percent(evidence.self_error)} of the first ones elsewhere than to what it sees itself"
    return Judgement("planner: direction", f"{rescued}; the planner {sees}{leads}.", [evidence.worst_direction])


def _refiner(outcomes: Outcomes, evidence: Evidence) -> Judgement:
    rescued = (
        f"With the expert's action inside the bins of the planner's tokens it succeeds {_of(outcomes['oracle fine'])} "
        "times"
        if any(outcomes["oracle fine"])
        else "Only the expert in both places saves it, and the tokens lead where the expert's do"
    )
    sentence = (
        f"{rescued}; the refiner is outside of those bins in {_percent(evidence.outside_bins)} of its motions, and "
        f"{evidence.refiner_error:.2f} of a full step from the expert on average."
    )
    return Judgement("refiner", sentence, [evidence.worst_refiner])


def _either(task: Task, outcomes: Outcomes, evidence: Evidence, refused: bool) -> Judgement:
    """Each of the two alone rescues: what they said decides, if it is clear."""
    if _settles("oracle tokens", evidence, refused):
        return _planner(task, outcomes, evidence, refused)
    if _settles("oracle fine", evidence, refused):
        return _refiner(outcomes, evidence)
    better, worse = _share(outcomes["oracle tokens"]), _share(outcomes["oracle fine"])
    sentence = (
        f"Either system alone can save it: with the expert's tokens it succeeds {better:.0%} of the time, with the "
        f"expert's fine actions {worse:.0%}; neither is clearly wrong."
    )
    return Judgement("several", sentence, _went_wrong(evidence))


def _nobody(task: Task, outcomes: Outcomes, evidence: Evidence, again: float, refused: bool) -> Judgement:
    frames = sorted({evidence.worst_grounding, evidence.worst_direction, evidence.worst_refiner})
    if again > 0:
        return Judgement(
            "luck", f"Nothing rescues it more surely than other noise, which does {_of(outcomes['again'])} times.",
            _went_wrong(evidence),
        )  # fmt: skip
    if any(outcomes.get("both oracles", ())):
        if evidence.direction_error > _LOST and not evidence.outside_bins > _STRAYS:
            return _planner(task, outcomes, evidence, refused)
        if evidence.outside_bins > _STRAYS and not evidence.direction_error > _LOST:
            return _refiner(outcomes, evidence)
        sentence = "Neither system alone saves it, the expert in both places does: planner and refiner both fail."
        return Judgement("several", sentence, frames)
    sentence = f"Even the expert in both places fails: the scene does not let the {task.goal.target} be handled."
    return Judgement("environment", sentence, frames)


def _went_wrong(evidence: Evidence) -> list[int]:
    """Where planner and refiner were furthest from the expert."""
    return sorted({evidence.worst_direction, evidence.worst_refiner})


_EXPLAINED: Final = {
    "language": ("canonical words",),
    "environment": ("undisturbed",),
    "staleness": ("no delay",),
    "planner: grounding": ("oracle tokens",),
    "planner: direction": ("oracle tokens",),
    "refiner": ("oracle fine",),
    "several": ("oracle tokens", "oracle fine"),
}
"""cause -> replays that its sentence tells of"""


def _beside(cause: str, outcomes: Outcomes, evidence: Evidence) -> str:
    """What else rescues it and is not blamed, so that nobody who reads the replays is left to wonder."""
    others = []
    for name in UPSTREAM:
        if name in _EXPLAINED.get(cause, ()) or _share(outcomes.get(name, ())) < _SURE:
            continue
        read = name == "canonical words" and not _misplaced(evidence)
        others.append(f"{LABELS[name]} ({_of(outcomes[name])}{', though the words were read rightly' * read})")
    return f" It also succeeds with {'; with '.join(others)}." if others else ""


def _is_decided(runs: Sequence[bool]) -> bool:
    return max(sum(runs), len(runs) - sum(runs)) >= ROUNDS


def _is_won(runs: Sequence[bool]) -> bool:
    return sum(runs) >= ROUNDS


def _counts(name: str, evidence: Evidence, refused: bool) -> bool:
    """Other words are one more attempt: they are to blame only where they were misread."""
    return name != "canonical words" or refused or _misplaced(evidence)


def _misplaced(evidence: Evidence) -> bool:
    off = evidence.target_error > MISPLACED or evidence.container_error > MISPLACED
    return bool(off or evidence.misread)


def _what_it_saw(task: Task, evidence: Evidence) -> str:
    if not evidence.intents:
        return "sees nothing that fits"
    if evidence.misread:
        return f"reads “{evidence.misread}”"
    if evidence.target_error > MISPLACED:
        where = f", where the {evidence.seen} is" if evidence.seen != task.goal.target else ""
        return f"sees the {task.goal.target} {100 * evidence.target_error:.0f} cm from where it is{where}"
    if evidence.container_error > MISPLACED:
        return f"sees the {task.goal.container} {100 * evidence.container_error:.0f} cm from where it is"
    return f"sees the {task.goal.target} within {100 * evidence.target_error:.1f} cm"


def _share(runs: Sequence[bool]) -> float:
    return sum(runs) / len(runs) if len(runs) else 0.0


def _of(runs: Sequence[bool]) -> str:
    return f"{sum(runs)} of {len(runs)}"


def _percent(share: float) -> str:
    return f"{share:.0%}" if np.isfinite(share) else "some"
