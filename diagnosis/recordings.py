"""Kept episodes as Rerun files: one with all that was recorded and markers of its events, or two side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diagnosis.contract import Comparison, EventRow
from diagnosis.replaying import replay
from diagnosis.store import EvaluationError, Kept, as_row, facts_of, known_events, open_evaluation, read_verdicts, title
from policy.runtime import coarse_path
from records import CONTROL_PERIOD, Intent, Observation, Outcome, StepRecord
from scenes import TabletopEnv
from training.rollout import look_through
from training.tasks import Task
from training.trace import Trace

_EVERY = 2
"""control steps between two pictures of the cameras"""
Step = tuple[StepRecord, NDArray[np.float32], NDArray[np.float32]]


def to_rerun(root: Path, id: str, number: int, path: Path) -> Path:
    """One episode as an .rrd of its own, laid out as in the cockpit.

    Raises:
        EvaluationError: there is no such episode, its states cannot be made again, or the file cannot be written.
    """
    from viz.episode import EpisodeLog

    kept = open_evaluation(root, id)
    trace, task, env = kept.trace(number), kept.tasks[number], TabletopEnv()
    verdict = read_verdicts(kept.folder).get(number)
    name = f"{kept.manifest.id}-{number}"
    env.world.arrange(task.layout)
    unfinished = path.with_name(f"{path.stem}.unfinished{path.suffix}")
    try:
        log = EpisodeLog(name, task.instruction, env.geometry(), unfinished)
        for record, positions, quaternions in steps(env, task, trace, events_in(kept, number), kept.manifest.created):
            log.step(record, positions, quaternions)
        row = kept.rows[number]
        outcome: Outcome = "success" if row["success"] else "refused" if row["refused"] else "failure"
        said = f"{verdict['cause']}: {verdict['sentence']}" if verdict else f"{row['steps']} control steps"
        log.end(outcome, said)
        unfinished.replace(path)
    except OSError as error:
        raise EvaluationError(f"{path} cannot be written ({error.strerror}).") from error
    finally:
        unfinished.unlink(missing_ok=True)
        env.close()
    return path


def both_to_rerun(
    root: Path, before: str, after: str, seed: int | None, path: Path,
    compare: Callable[[Path, str, str], Comparison],
) -> str:  # fmt: skip
    """The episodes of a scene from two evaluations in one .rrd; without a seed of the first that was fixed or broken.

    Raises:
        EvaluationError: there is no such pair, or the file cannot be written.
    """
    from viz.pair import SIDES, PairLog

    kept = open_evaluation(root, before), open_evaluation(root, after)
    changed = compare(root, before, after)
    pairs = changed["fixed"] + changed["broken"]
    if seed is not None:
        numbers = [[n for n in sorted(each.rows) if each.tasks[n].seed == seed] for each in kept]
        if not all(numbers):
            raise EvaluationError(f"There is no episode of seed {seed} in both evaluations.")
        pairs = [[numbers[0][0], numbers[1][0]]]
    if not pairs:
        raise EvaluationError("Nothing was fixed or broken: name the scene to look at with --seed.")
    chosen = pairs[0]
    env = TabletopEnv()
    tasks = [each.tasks[number] for each, number in zip(kept, chosen, strict=True)]
    geometry = []
    for task in tasks:
        env.world.arrange(task.layout)
        geometry.append(env.geometry())
    titles = [f"{side}: {title(each.manifest)}" for side, each in zip(SIDES, kept, strict=True)]
    try:
        log = PairLog(f"seed {tasks[0].seed}: {tasks[0].instruction}", titles, geometry, path)
        for side, each, number, task in zip(SIDES, kept, chosen, tasks, strict=True):
            for record, positions, quaternions in steps(
                env, task, each.trace(number), events_in(each, number), each.manifest.created
            ):
                log.step(side, record, positions, quaternions)
        log.close()
    except OSError as error:
        raise EvaluationError(f"{path} cannot be written ({error.strerror}).") from error
    finally:
        env.close()
    return f"{path} has seed {tasks[0].seed} of both, side by side; it opens in any Rerun viewer."


def events_in(kept: Kept, number: int) -> list[EventRow]:
    """Events of an episode."""
    from diagnosis.events import find

    known = known_events(kept).get(number)
    return [as_row(each) for each in find(facts_of(kept, number))] if known is None else known


def steps(env: TabletopEnv, task: Task, trace: Trace, events: Sequence[EventRow], began: float) -> Iterator[Step]:
    """Records of every control step with the bodies' positions (B, 3) and quaternions (B, 4), the last step twice.

    Raises:
        EvaluationError: the states cannot be made again.
    """
    look = look_through(env, task)
    intents: dict[int, Intent] = {}
    for step in replay(env.world, task, trace):
        act = min(step, max(trace.steps - 1, 0))
        seen: Any = None
        if step % _EVERY == 0:
            nothing = np.zeros((0, 0, 3), np.uint8)
            seen = look(Observation(step, 0, task.instruction, nothing, nothing, env.proprioception(), 0.0))
        row = int(trace.intent[act]) if trace.steps else -1
        if row >= 0 and row not in intents:
            intents[row] = _intent(env, trace, row)
        intent = intents.get(row)
        action = trace.action[act] if trace.steps else np.zeros(7, np.float32)
        proposal = trace.proposal[act] if trace.steps else action
        path = None
        if intent is not None and trace.token_row[act] >= 0:
            path = coarse_path(trace.hand[step], intent, int(trace.token_row[act]))
        record = StepRecord(
            episode="",
            step=step,
            generation=0,
            instruction=task.instruction,
            wall_time=began + step * CONTROL_PERIOD,
            due_late=0.0,
            sim_time=step * CONTROL_PERIOD,
            state=np.zeros(0),
            action=action,
            commanded=action,
            proposal=None if np.isnan(proposal).any() else proposal,
            control_source="hold" if trace.steps and trace.holding[act] else "policy",
            hand=trace.hand[step],
            staleness=int(trace.staleness[act]) if trace.steps and trace.staleness[act] >= 0 else None,
            queue_depth=0,
            observation=seen,
            intent=intent,
            token_row=int(trace.token_row[act]) if intent is not None else None,
            coarse_path=path,
            events=tuple(f"{each['kind']}: {each['sentence']}" for each in events if each["step"] == step),
        )
        yield record, *env.body_poses()


def _intent(env: TabletopEnv, trace: Trace, row: int) -> Intent:
    tokens = trace.tokens[row]
    step = int(trace.intent_step[row])
    return Intent(
        step=step,
        generation=0,
        tokens=tokens,
        probabilities=np.eye(10, dtype=np.float32)[tokens],
        proprio=env.proprioception(),
        asked_at=step * CONTROL_PERIOD,
        ready_at=step * CONTROL_PERIOD,
        ready_step=step,
        anchors=trace.anchors[row] if row < len(trace.anchors) else None,
    )
