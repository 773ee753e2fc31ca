"""Intent flip, withdrawn intent, starvation, clamped command, time out."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from diagnosis.events.facts import Event, Facts, merged, runs, seconds
from policy.anchors import ANCHOR_SIZE
from policy.tasks import TASKS
from training.witness import CLAMPS

_JUMP, _AGREE, _STOOD = 0.08, 0.05, 0.03
"""metres by which the planner's target jumps, within which two later intents agree, by which the real one moved"""
_KIND = ANCHOR_SIZE - len(TASKS)
_CLAMPED = 5
_STARVED = 2
_AGAIN = 10
"""control steps within which intents that are withdrawn one after the other are one event"""
_WITHDRAWN = re.compile(r"^(\d+): (?!A chunk )(.*(?:was withdrawn|is dropped|was dropped)\.)$")


def intent_flip(facts: Facts) -> Iterator[Event]:
    """The planner's target jumps 8 cm or more, or it reads another kind of task, and the next intent agrees.

    The real target meanwhile stays, or goes along with the hand.
    """
    trace, target = facts.trace, facts.target
    if len(trace.intent_step) < 3 or trace.anchors.shape[1] < ANCHOR_SIZE:
        return
    steps = trace.intent_step.astype(int)
    last = -1
    for index in range(1, len(steps) - 1):
        before, after, then = trace.anchors[index - 1 : index + 2].astype(float)
        hand = (trace.hand[steps[index]] - trace.hand[steps[index - 1]]).astype(float)
        jump = _off(after[:3] - before[:3], hand)
        agrees = np.linalg.norm(then[:3] - after[:3]) < _AGREE
        kinds = [int(np.argmax(each[_KIND:])) for each in (before, after, then)]
        turned = kinds[0] != kinds[1] == kinds[2]
        real = 0.0
        if target is not None:
            moved = trace.place[steps[index], target] - trace.place[steps[index - 1], target]
            real = _off(moved.astype(float), hand)
        if not ((jump > _JUMP and agrees and real < _STOOD) or turned) or steps[index] - last < 10:
            continue
        last = int(steps[index])
        what = (
            f"the planner reads “{TASKS[kinds[1]]}” instead of “{TASKS[kinds[0]]}”" if turned
            else f"the planner's target jumps {100 * jump:.0f} cm, though the real one stays"
        )  # fmt: skip
        yield Event(
            "intent flip", last, last, f"At step {last} {what}.",
            {"jump_cm": round(100 * jump, 1), "from_step": int(steps[index - 1])},
        )  # fmt: skip


def withdrawn_intent(facts: Facts) -> Iterator[Event]:
    """The runtime dropped an intent: it had run out, or a newer one contradicted it. Its sentence is the evidence."""
    said = [(int(match[1]), match[2]) for line in facts.trace.said if (match := _WITHDRAWN.match(line)) is not None]
    for start, stop in merged([(step, step + 1) for step, _ in said], _AGAIN):
        these = [sentence for step, sentence in said if start <= step < stop]
        more = f" So it goes on until step {stop - 1}, {len(these)} times." if len(these) > 1 else ""
        yield Event("withdrawn intent", start, stop - 1, these[0] + more, {"times": len(these)})


def starvation(facts: Facts) -> Iterator[Event]:
    """The arm holds for two control steps or more because nothing is planned, after it was driven.

    A schedule that waits for its planner may hold for as long as the planner takes.
    """
    driven = np.flatnonzero(~facts.trace.holding)
    if not len(driven):
        return
    least = _STARVED if facts.schedule == "asynchronous" else facts.planner_delay + 3
    for start, stop in runs(facts.trace.holding):
        if start > driven[0] and stop - start >= least:
            yield Event(
                "starvation", start, stop - 1,
                f"At step {start} nothing is planned: the arm holds for {seconds(stop - start)}.",
                {"steps": stop - start},
            )  # fmt: skip


def clamped_command(facts: Facts) -> Iterator[Event]:
    """For five control steps or more the arm cannot do what is commanded: edge of the workspace, reach, joints."""
    for start, stop in runs(facts.trace.clamped > 0):
        if stop - start < _CLAMPED:
            continue
        bits = int(np.bitwise_or.reduce(facts.trace.clamped[start:stop]))
        what = ", ".join(name for bit, name in enumerate(CLAMPS) if bits >> bit & 1)
        yield Event(
            "clamped command", start, stop - 1,
            f"From step {start} on, for {seconds(stop - start)}, the command cannot be carried out ({what}).",
            {"limit": what, "steps": stop - start},
        )  # fmt: skip


def time_out(facts: Facts) -> Iterator[Event]:
    """The time limit came before success."""
    if facts.timed_out:
        yield Event("time out", facts.steps, facts.steps, f"After {seconds(facts.steps)} the task is not done.")


def _off(moved: NDArray[np.float64], hand: NDArray[np.float64]) -> float:
    """Distance of a motion (3,) from the nearest part of the hand's, as `policy.runtime.contradiction` has it."""
    length = float(hand @ hand)
    share = float(np.clip(moved @ hand / length, 0, 1)) if length > 0 else 0.0
    return float(np.linalg.norm(moved - share * hand))
