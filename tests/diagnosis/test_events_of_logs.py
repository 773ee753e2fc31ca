"""The rules of events read an episode log as they read a kept episode."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnosis.from_log import events_of_log
from diagnosis.store import EvaluationError
from records import StepRecord
from records.log import EpisodeHeader, EpisodeWriter
from scenes import TabletopEnv
from scenes.expert import expert_action
from training.tasks import Task


def write_log(path: Path, task: Task, env: TabletopEnv, opened_at: int | None) -> None:
    """The expert carries something; from a step on its fingers are open."""
    env.world.reset(task.seed)
    writer = EpisodeWriter(path, EpisodeHeader("e", task.goal.instruction, task.seed, 0.0))
    carried, first = 0, 5
    for step in range(90):
        action = expert_action(env.world, task.goal)
        if env.world.is_held(task.goal.target) and env.world.position(task.goal.target)[2] > 0.06:
            carried += 1
        if opened_at is not None and carried > opened_at:
            action[:6], action[6] = 0, -1
        hand = env.hand_position.astype("float32")
        words, state = task.goal.instruction, env.get_state()
        writer.append(
            StepRecord(
                "e", first + step, 0, words, 0.0, 0.0, step / 20, state, action, action, None, "expert", hand, None, 0
            )
        )
        env.world.step(action)
        if carried > (opened_at or 4) + 8:
            break
    writer.close()


def test_a_drop_in_a_log_is_found_at_the_logs_own_step(tmp_path: Path, tasks: list[Task]) -> None:
    env = TabletopEnv()
    pick = next(task for task in tasks if task.goal.family == "pick")
    write_log(tmp_path / "well.arrow", pick, env, None)
    assert events_of_log(tmp_path / "well.arrow", env) == []
    write_log(tmp_path / "dropped.arrow", pick, env, 1)
    (event,) = [each for each in events_of_log(tmp_path / "dropped.arrow", env) if each.kind == "dropped object"]
    assert pick.goal.target in event.sentence and event.step > 20


def test_what_is_no_log_says_so(tmp_path: Path) -> None:
    (tmp_path / "other.arrow").write_bytes(b"something else")
    with pytest.raises(EvaluationError, match="is no episode log"):
        events_of_log(tmp_path / "other.arrow")
