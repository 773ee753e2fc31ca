"""Files of phrases: ways to ask for a task, each with the canonical instruction that it means."""

from __future__ import annotations

import json
from pathlib import Path

from scenes.goals import Goal, all_goals
from training.setting import Misused


def read_phrases(path: Path) -> list[tuple[Goal, str]]:
    """Goals and how they are asked for, of a JSON list of `{"task": canonical instruction, "say": phrase}`.

    Raises:
        Misused: one sentence that names the file and the entry.
    """
    try:
        entries = json.loads(path.read_text())
    except OSError as error:
        raise Misused(f"{path} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise Misused(f"{path} is no JSON ({error}).") from error
    if not isinstance(entries, list) or not entries:
        raise Misused(f'{path} must be a JSON list of {{"task": canonical instruction, "say": phrase}}.')
    known = {goal.instruction: goal for goal in all_goals()}
    return [_read(path, number, entry, known) for number, entry in enumerate(entries, 1)]


def _read(path: Path, number: int, entry: object, known: dict[str, Goal]) -> tuple[Goal, str]:
    where = f"Entry {number} of {path}"
    if not isinstance(entry, dict) or set(entry) != {"task", "say"}:
        raise Misused(f'{where} must have the fields "task" and "say" and no other: {json.dumps(entry)}.')
    task, say = entry["task"], entry["say"]
    if not isinstance(say, str) or not say.strip():
        raise Misused(f'{where} says nothing: its "say" must be a sentence.')
    if not isinstance(task, str) or task not in known:
        raise Misused(
            f"{where} has an unknown task {json.dumps(task)}; tasks are canonical instructions such as "
            f'"{next(iter(known))}".'
        )
    return known[task], say
