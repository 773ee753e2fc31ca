"""An episode of a kept evaluation in the session: every state made again, bit for bit, with what the policy said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.session.protocol import CommandError
from app.session.reader import environment
from app.session.recalled import IsBusy, Recalled, Steps, recall
from records.log import EpisodeHeader

if TYPE_CHECKING:
    from diagnosis.store import Kept

_OTHER_SCENE = "layout"
"""the perturbation that puts other things on the table than the scene's seed does"""


def recall_evaluated(root: Path, id: str, number: int, size: int, is_busy: IsBusy) -> Recalled:
    """An episode of an evaluation; its steps are simulated while it is shown.

    Raises:
        CommandError: there is none, or its states cannot be made again here; says why.
    """
    from diagnosis.store import EvaluationError, evaluation_row, open_evaluation  # here: with all that trains

    try:
        kept = open_evaluation(root, id)
        if number not in kept.rows:
            raise CommandError(f"Evaluation {kept.manifest.id} has no episode {number}.")
        row = evaluation_row(kept.folder)
    except EvaluationError as error:
        raise CommandError(str(error)) from error
    name = f"{kept.manifest.id}-{number}"
    episode = recall(name, kept.folder / str(number), lambda: _open(kept, number, name), size, is_busy)
    notes = []
    if kept.tasks[number].perturbation:
        notes.append(f"It was disturbed ({kept.tasks[number].perturbation}), which the live view does not show.")
    if kept.tasks[number].perturbation == _OTHER_SCENE:
        episode.stays = f"{name} was played with more things on the table than its scene has: it can only be looked at."
    if not row["same_commit"]:
        notes.append(f"It was played by another version of this program ({row['commit'] or 'unknown'}).")
    if row["checkpoint_state"] in ("changed", "gone"):
        notes.append(f"The checkpoint that played it is {row['checkpoint_state']}.")
    episode.note = " ".join(notes)
    return episode


def _open(kept: Kept, number: int, name: str) -> tuple[EpisodeHeader, Steps]:
    manifest, task = kept.manifest, kept.tasks[number]
    checkpoint = "" if manifest.checkpoint is None else Path(manifest.checkpoint).name
    header = EpisodeHeader(
        name, task.instruction, task.seed, manifest.created, manifest.schedule, checkpoint=checkpoint,
        fingerprint=manifest.fingerprint,
    )  # fmt: skip
    return header, _steps(kept, number, name)


def _steps(kept: Kept, number: int, name: str) -> Steps:
    from diagnosis.recordings import events_in, steps

    task, trace, row = kept.tasks[number], kept.trace(number), kept.rows[number]
    with environment() as env:
        for record, _, _ in steps(env, task, trace, events_in(kept, number), kept.manifest.created):
            record.episode, record.state = name, env.get_state()
            if record.step == trace.steps:
                record.outcome = "success" if row["success"] else "refused" if row["refused"] else "failure"
                record.outcome_by = "success test" if row["success"] else "planner" if row["refused"] else "time limit"
            yield record
