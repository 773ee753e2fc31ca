"""What a page asks of this room; everything that is returned is in `diagnosis.contract`.

    root = Path("runs/evaluations")
    list_evaluations(root)                      newest first, without reading any episode
    matrix(root, id)                            columns of all episodes
    find_events(root, id, progress)             looks for events in episodes that were not looked at yet, and keeps them
    episode(root, id, number)                   detail of a cell
    replay_states(root, id, number)             its states, bit for bit, for the live view
    film(root, id, number, steps)               pictures
    compare(root, before, after)                two evaluations
    `diagnosis.judging.diagnose`                verdicts, kept
    `diagnosis.recordings.to_rerun`             an .rrd of the episode with markers

`id` may be shortened to whatever is unique. All raise `EvaluationError` with one sentence that names the fix.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diagnosis.comparing import compare as compare_kept
from diagnosis.contract import CAUSES, EVENT_KINDS, OUTCOMES, Comparison, EpisodeDetail, EvaluationRow, Frame, Matrix
from diagnosis.events import find
from diagnosis.film import Filming, choose_steps
from diagnosis.replaying import states
from diagnosis.store import (
    EvaluationError,
    EventsOf,
    Kept,
    Progress,
    as_row,
    evaluation_row,
    events_of,
    facts_of,
    folders,
    known_events,
    open_evaluation,
    read_verdicts,
)
from scenes.goals import FAMILIES
from scenes.world import World
from training.tasks import Task
from training.trace import Trace


def list_evaluations(root: Path) -> list[EvaluationRow]:
    """Every kept evaluation, the newest first; one that cannot be read says why in `problem`."""
    return sorted((evaluation_row(folder) for folder in folders(root)), key=lambda row: -row["created"])


def matrix(root: Path, id: str) -> Matrix:
    """Columns of all episodes that ended. Reads no trace: events are there if `find_events` was called before."""
    kept = open_evaluation(root, id)
    events, verdicts = known_events(kept), read_verdicts(kept.folder)
    numbers = sorted(kept.rows)
    tasks = [kept.tasks[number] for number in numbers]
    families = [family for family in FAMILIES if any(task.goal.family == family for task in tasks)]
    targets = sorted({task.goal.target for task in tasks})
    perturbations = sorted({task.perturbation or "" for task in tasks})
    found = [events.get(number) for number in numbers]
    causes = [verdicts[number]["cause"] if number in verdicts else None for number in numbers]
    return {
        "evaluation": evaluation_row(kept.folder),
        "families": families,
        "targets": targets,
        "perturbations": perturbations,
        "outcomes": list(OUTCOMES),
        "event_kinds": list(EVENT_KINDS),
        "causes": list(CAUSES),
        "columns": {
            "number": numbers,
            "seed": [task.seed for task in tasks],
            "family": [families.index(task.goal.family) for task in tasks],
            "target": [targets.index(task.goal.target) for task in tasks],
            "outcome": [OUTCOMES.index(outcome_of(kept, number)) for number in numbers],
            "perturbation": [perturbations.index(task.perturbation or "") for task in tasks],
            "steps": [kept.rows[number]["steps"] for number in numbers],
            "closest": [kept.rows[number]["closest"] for number in numbers],
            "events": [
                -1 if these is None else sum({1 << EVENT_KINDS.index(event["kind"]) for event in these})
                for these in found
            ],
            "first_event": [min((event["step"] for event in these or ()), default=-1) for these in found],
            "cause": [-1 if cause is None else CAUSES.index(cause) for cause in causes],
        },
    }


def find_events(root: Path, id: str, progress: Progress | None = None) -> EventsOf:
    """Events of every episode, by number; some 5 ms an episode the first time, nothing after that."""
    return events_of(open_evaluation(root, id), progress)


def episode(root: Path, id: str, number: int) -> EpisodeDetail:
    """Everything about one episode but its pictures; some 10 ms."""
    kept = open_evaluation(root, id)
    facts_row, task = _row(kept, number), kept.tasks[number]
    problem, events = None, []
    try:
        known = known_events(kept).get(number)
        events = [as_row(each) for each in find(facts_of(kept, number))] if known is None else known
    except EvaluationError as error:
        problem = str(error)
    own, name = kept.manifest.id, kept.folder.parent
    where = "" if name == Path("runs") / "evaluations" else f" --root {name}"
    return {
        "evaluation": own,
        "number": number,
        "seed": task.seed,
        "family": task.goal.family,
        "target": task.goal.target,
        "detail": task.goal.detail,
        "instruction": task.instruction,
        "canonical": task.goal.instruction,
        "perturbation": task.perturbation or "",
        "outcome": outcome_of(kept, number),
        "steps": facts_row["steps"],
        "closest": facts_row["closest"],
        "events": events,
        "verdict": read_verdicts(kept.folder).get(number),
        "take_over_step": take_over_step([each["step"] for each in events], facts_row["steps"]),
        "can_replay": problem is None,
        "problem": problem,
        "commands": {
            "why": f"libra diagnose {own} --episode {number}{where}",
            "show": f"libra evaluations show {own} --episode {number}{where}",
            "record": f"libra evaluations rerun {own} --episode {number} --out episode.rrd{where}",
            "evaluate": kept.manifest.command,
        },
    }


def take_over_step(events: list[int], steps: int) -> int:
    """The step before the first event, or before the end: where a person may take over."""
    return max(min([*events, steps]) - 1, 0)


def replay_states(root: Path, id: str, number: int) -> tuple[Task, NDArray[np.float64]]:
    """The task and (T + 1, S) states. A perturbed scene is not that of its seed.

    Arrange an environment's world with `task.layout` first, then `set_state`. Half a second for an episode of 12 s.
    """
    task, trace = episode_trace(root, id, number)
    return task, states(World(), task, trace)


def episode_trace(root: Path, id: str, number: int) -> tuple[Task, Trace]:
    """The task, and everything that was recorded of it."""
    kept = open_evaluation(root, id)
    trace = kept.trace(number)
    return kept.tasks[number], trace


def film(
    root: Path, id: str, number: int, steps: list[int] | None = None, filming: Filming | None = None
) -> list[Frame]:
    """Pictures of these control steps, or of those that are worth one. Pass a `Filming` to draw many, in one thread."""
    detail, (task, trace) = episode(root, id, number), episode_trace(root, id, number)
    verdict = detail["verdict"]
    chosen = steps or choose_steps(trace.steps, detail["events"], verdict["frames"] if verdict else ())
    captions = {event["step"]: f"step {event['step']}: {event['kind']}" for event in detail["events"]}
    own = filming or Filming()
    try:
        return own.film(task, trace, chosen, captions)
    finally:
        if filming is None:
            own.close()


def compare(root: Path, before: str, after: str) -> Comparison:
    """Two evaluations on the same episodes."""
    return compare_kept(open_evaluation(root, before), open_evaluation(root, after))


def outcome_of(kept: Kept, number: int) -> str:
    """Of `OUTCOMES`."""
    row = kept.rows[number]
    return "success" if row["success"] else "refused" if row["refused"] else "failure"


def _row(kept: Kept, number: int) -> dict[str, Any]:
    kept.result(number)  # raises where there is none
    return kept.rows[number]
