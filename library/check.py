"""Whether an episode is whole: every step in order, every picture there, everything finite."""

from __future__ import annotations

import numpy as np

from library.store import Episode
from records.log import LogError, read_episode


def check_episode(episode: Episode) -> list[str]:
    """What is wrong with it, a sentence each; reads every step and picture."""
    problems = [] if episode.problem is None else [episode.problem]
    if episode.facts is None:
        return problems
    try:
        log = read_episode(episode.path)
    except (LogError, OSError) as error:
        return [*problems, str(error)]
    records = log.records
    if not episode.facts.whole:
        problems.append(episode.facts.sentence)
    if len(records) != episode.facts.steps:
        problems.append(f"The index counts {episode.facts.steps} control steps, the log has {len(records)}.")
    steps = np.array([record.step for record in records])
    if (np.diff(steps) != 1).any():
        problems.append(f"Control steps are missing after step {int(steps[np.flatnonzero(np.diff(steps) != 1)[0]])}.")
    for name in ("action", "commanded", "state"):
        if not all(np.isfinite(getattr(record, name)).all() for record in records):
            problems.append(f"Some {name} is not finite.")
    sizes = {record.observation.front.shape for record in records if record.observation is not None}
    if len(sizes) > 1:
        problems.append(f"Its pictures are of different sizes: {sorted(sizes)}.")
    if all(record.observation is None for record in records):
        problems.append("It has no pictures.")
    return problems
