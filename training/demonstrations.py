"""Demonstrations for people: successful episodes of the scripted expert, as logs of a library."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from library.files import only_writer
from library.index import TRASH
from policy.tasks import TASKS
from records import Observation, StepRecord
from records.log import SUFFIX, EpisodeHeader, EpisodeWriter
from scenes import TabletopEnv
from scenes.expert import expert_action
from training.parallel import share_out
from training.rollout import CONFIRM, TIME_LIMIT
from training.setting import Misused
from training.tasks import Task, assign_demonstrations, kind_of

_HOPELESS = 50
"""attempts in a row that fail, after which something else is wrong"""
_UNFINISHED = ".unfinished"


def demonstrate_to(
    folder: Path, episodes: int, seed: int, kinds: Sequence[str] = (), workers: int = 1, quiet: bool = False
) -> int:
    """Have exactly so many successful episodes on disk, the same whatever the number of workers.

    Tasks are tried in an order that the first seed decides; who fails is left out, and the next is tried. What is there
    already (or was deleted by a person) is not done again. Returns how many attempts failed.

    Args:
        folder: of the library.
        episodes: that shall be there.
        seed: of the first scene.
        kinds: names of `policy.tasks.TASKS`, none for all.
        workers: processes.
        quiet: whether to leave out the progress bar.

    Raises:
        NothingToPlay: no scene allows what is asked for.
        library.errors.LibraryError: another process changes the library, or it cannot be written to.
        OSError: the disk is full; what is complete stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with only_writer(folder, "library"):
        for left in folder.glob(f"expert-*{_UNFINISHED}"):
            left.unlink()
        won = tried = 0
        while won < episodes:
            tasks = assign_demonstrations(tried + episodes - won, seed, kinds or TASKS[:-1])[tried:]
            missing = [task for task in tasks if not _is_there(folder, task)]
            items = [(task, str(folder)) for task in missing]
            succeeded = (
                sum(share_out(_demonstrate_all, items, workers, "demonstrating", "episode", quiet)) if items else 0
            )
            if not succeeded and len(missing) == len(tasks) >= _HOPELESS:
                raise Misused(f"The expert failed {len(tasks)} times in a row from seed {seed} on: try another seed.")
            won += len(tasks) - len(missing) + succeeded
            tried += len(tasks)
    return tried - won


def demonstrate(env: TabletopEnv, task: Task, path: Path) -> bool:
    """One attempt, recorded; there is a file only if it succeeded.

    Raises:
        OSError: the file cannot be written; nothing of it is left.
    """
    env.reset(seed=task.seed, options={"instruction": task.instruction})
    header = EpisodeHeader(path.stem, task.instruction, task.seed, time.time())
    unfinished = path.with_name(path.name + _UNFINISHED)
    try:
        success = _record(env, task, EpisodeWriter(unfinished, header))
        if success:
            unfinished.rename(path)
        return success
    finally:
        with suppress(FileNotFoundError):
            unfinished.unlink()


def _record(env: TabletopEnv, task: Task, writer: EpisodeWriter) -> bool:
    held = 0
    for step in range(TIME_LIMIT):
        record = _step_record(env, task, writer.path.stem, step)
        writer.append(record)
        env.world.step(record.action)
        held = held + 1 if env.success() else 0
        if held == CONFIRM:
            last = _step_record(env, task, writer.path.stem, step + 1)
            last.control_source, last.outcome, last.outcome_by = "hold", "success", "success test"
            last.action[:6] = 0
            last.events = (f"Done: “{task.instruction}”.",)
            writer.append(last)
            break
    writer.close()
    return held == CONFIRM


def _step_record(env: TabletopEnv, task: Task, episode: str, step: int) -> StepRecord:
    seen = env.observe()
    action = expert_action(env.world, task.goal)
    return StepRecord(
        episode=episode,
        step=step,
        generation=0,
        instruction=task.instruction,
        wall_time=time.time(),
        due_late=0.0,
        sim_time=env.sim_time,
        state=env.get_state(),
        action=action,
        commanded=action,
        proposal=None,
        control_source="expert",
        hand=env.hand_position.astype("float32"),
        staleness=None,
        queue_depth=0,
        observation=Observation(step, 0, task.instruction, seen["front"], seen["wrist"], seen["proprio"], 0.0),
    )


def _path(folder: Path, task: Task) -> Path:
    return folder / f"expert-{task.seed:07d}-{kind_of(task.goal).replace(' ', '-')}{SUFFIX}"


def _is_there(folder: Path, task: Task) -> bool:
    path = _path(folder, task)
    return path.is_file() or (folder / TRASH / path.name).is_file()


def _demonstrate_all(items: Iterator[tuple[Task, str]]) -> Iterator[bool]:
    env = TabletopEnv()
    for task, folder in items:
        yield demonstrate(env, task, _path(Path(folder), task))
    env.close()
