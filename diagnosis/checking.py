"""Whether kept episodes can be made again here, bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from diagnosis.replaying import replay
from diagnosis.store import EvaluationError, Progress, open_evaluation
from scenes.world import World


def check(
    root: Path, id: str, numbers: Sequence[int] | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Make every state of these episodes again (None: of all) and compare it with its checksum.

    Raises:
        EvaluationError: there is no such evaluation or episode.
    """
    kept, world = open_evaluation(root, id), World()
    wanted = sorted(kept.rows) if numbers is None else list(numbers)
    steps, problems = 0, {}
    for done, number in enumerate(wanted):
        trace_problem = None
        kept.result(number)
        try:
            steps += sum(1 for _ in replay(world, kept.tasks[number], kept.trace(number)))
        except EvaluationError as error:
            trace_problem = str(error)
        if trace_problem is not None:
            problems[number] = trace_problem
        if progress is not None:
            progress(done + 1, len(wanted))
    return {
        "episodes": len(wanted),
        "exact": len(wanted) - len(problems),
        "steps": steps,
        "problems": problems,
    }
