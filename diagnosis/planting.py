"""Events that are put into episodes on purpose, to see whether they are found: an arm that does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from diagnosis.events import Facts
from policy import PolicyConfig
from policy.runtime import Decision, IntentBuffer
from records import Intent, Observation
from scenes.constants import CYLINDER_RADIUS, MAX_TRANSLATION, TABLE_SIZE, WORKSPACE_HIGH
from scenes.env import TabletopEnv
from scenes.expert import expert_action
from scenes.goals import Goal, is_graspable
from scenes.tasks import is_successful
from training.oracle import oracle_intent
from training.rollout import CONFIRM, TIME_LIMIT
from training.tasks import Task, assign_tasks
from training.trace import TraceWriter

Action = NDArray[np.float32]
_REACHED, _HOVER = 0.012, 0.06
_LENGTH: Final = 110
"""control steps of an episode that has no reason to end"""


class NoRoom(ValueError):
    """This scene does not allow the event."""


class Stage:
    """One episode in which something is made to happen.

    Args:
        env: whose world is used.
        task: what the arm should do.
    """

    def __init__(self, env: TabletopEnv, task: Task) -> None:
        self.env, self.world, self.task = env, env.world, task
        self.world.arrange(task.layout)
        self.writer = TraceWriter(self.world)
        self.step = 0
        self._held = 0
        self.success = False

    def do(self, action: NDArray[np.floating], decision: Decision | None = None) -> None:
        """One control step."""
        self.writer.look()
        if decision is not None:
            self.writer.decided(self.step, decision)
        self.world.step(action)
        self.writer.acted(np.asarray(action, np.float32))
        self.step += 1
        self._held = self._held + 1 if is_successful(self.world, self.task.goal) else 0
        self.success = self.success or self._held >= CONFIRM

    def expert(self, until: Callable[[], bool] = lambda: False, limit: int = _LENGTH) -> bool:
        """The expert drives until something is so; whether it became so."""
        for _ in range(limit):
            if until():
                return True
            if self.success:
                return False
            self.do(expert_action(self.world, self.task.goal))
        return until()

    def go(self, place: Sequence[float], gripper: float, limit: int = 60) -> None:
        """The hand goes to a place (3,), in metres."""
        for _ in range(limit):
            away = np.array(place) - self.world.hand_position
            if np.linalg.norm(away) < _REACHED:
                return
            self.do(toward(away, gripper))

    def facts(self, timed_out: bool = False) -> Facts:
        """For the rules."""
        self.writer.look()
        return Facts(self.writer.finish(), self.task.goal, self.success and not timed_out, timed_out)


def toward(away: NDArray[np.float64], gripper: float) -> Action:
    """An action towards a place that is so far away (3,), metres."""
    step = np.clip(0.5 * away / MAX_TRANSLATION, -1, 1)
    return np.concatenate((step, np.zeros(3), [gripper])).astype(np.float32)


def _missed(stage: Stage) -> int:
    """The fingers close above the target."""

    def above() -> bool:
        away = stage.world.hand_position - stage.world.position(stage.task.goal.target)
        return bool(np.hypot(away[0], away[1]) < 0.03 and away[2] < _HOVER + 0.02)

    if not stage.expert(above):
        raise NoRoom
    at = stage.step
    for _ in range(14):
        stage.do(np.array((0, 0, 0.1, 0, 0, 0, 1), np.float32))
    stage.expert()
    return at


def _dropped(stage: Stage) -> int:
    """The fingers open in mid-air."""
    target = stage.task.goal.target
    if not stage.expert(lambda: bool(stage.world.is_held(target) and stage.world.position(target)[2] > 0.075)):
        raise NoRoom
    at = stage.step
    for _ in range(10):
        stage.do(np.array((0, 0, 0, 0, 0, 0, -1), np.float32))
    return at


def _wrong(stage: Stage) -> int:
    """The arm lifts another object."""
    other = _other(stage)
    wanted = stage.task
    stage.task = replace(wanted, goal=Goal("pick", other))
    found = stage.expert(lambda: bool(stage.world.is_held(other) and stage.world.position(other)[2] > 0.07))
    stage.task, stage.success = wanted, False
    if not found:
        raise NoRoom
    return stage.step


def _knocked(stage: Stage) -> int:
    """A cylinder that stands lies from one moment to the next."""
    standing = [name for name in stage.world.names if name.endswith("cylinder") and not stage.world.is_lying(name)]
    if not standing:
        raise NoRoom
    stage.expert(limit=10)
    name, joint = standing[0], stage.world.model.joint(standing[0])
    at = joint.qposadr[0]
    stage.world.data.qpos[at + 2] = CYLINDER_RADIUS + 0.001
    stage.world.data.qpos[at + 3 : at + 7] = np.array((1, 1, 0, 0)) / np.sqrt(2)
    stage.world.shift(name, np.zeros(3))
    for _ in range(12):
        stage.do(np.array((0, 0, 0, 0, 0, 0, -1), np.float32))
    return stage.step - 12


def _collided(stage: Stage) -> int:
    """Closed fingers press on another object from above."""
    return _press(stage, _other(stage), 14)


def _stuck(stage: Stage) -> int:
    """Closed fingers press on the target for two seconds."""
    return _press(stage, stage.task.goal.target, 45)


def _press(stage: Stage, name: str, steps: int) -> int:
    x, y, z = stage.world.position(name)
    stage.go((x, y, z + 0.10), 1.0)
    while stage.world.hand_position[2] > z + 0.042 and stage.step < _LENGTH:
        stage.do(toward(np.array((x, y, z)) - stage.world.hand_position, 1.0))
    at = stage.step
    for _ in range(steps):
        away = (np.array((x, y, 0.0)) - stage.world.hand_position) * (1, 1, 0) + (0, 0, -0.04)
        stage.do(toward(away, 1.0))
    return at


def _fell(stage: Stage) -> int:
    """Something is beyond the table's edge from one moment to the next."""
    stage.expert(limit=10)
    name = _other(stage)
    side = 1.0 if stage.task.seed % 2 else -1.0
    stage.world.shift(name, np.array((0, side * (TABLE_SIZE[1] + 0.05) - stage.world.position(name)[1], 0)))
    at = stage.step
    for _ in range(20):
        stage.do(np.array((0, 0, 0, 0, 0, 0, -1), np.float32))
    return at


def _hesitated(stage: Stage) -> int:
    """The hand trembles on the spot for two and a half seconds."""
    stage.expert(limit=8)
    at, rng, place = stage.step, np.random.default_rng(stage.task.seed), stage.world.hand_position
    for _ in range(50):
        action = 0.3 * toward(place - stage.world.hand_position, -1.0)
        action[:6] += rng.normal(0, 0.06, 6).astype(np.float32)
        action[6] = -1
        stage.do(action)
    return at


def _flipped(stage: Stage) -> int:
    """From the sixth intent on the planner means another object."""
    other = Goal(stage.task.goal.family, _other(stage), stage.task.goal.detail)
    config = PolicyConfig()
    intent, at = None, 20
    for _ in range(40):
        if stage.step % 4 == 0:
            seen = Observation(
                stage.step, 0, "", np.zeros((0, 0, 3), np.uint8), np.zeros((0, 0, 3), np.uint8),
                stage.env.proprioception(), 0.0,
            )  # fmt: skip
            goal = stage.task.goal if stage.step < at else other
            intent = oracle_intent(stage.world, goal, seen, config)
        stage.do(expert_action(stage.world, stage.task.goal) * np.float32(0.5), _decision(stage.step, intent))
    return at


def _withdrawn(stage: Stage) -> int:
    """The planner falls silent, and its last intent runs out."""
    buffer, empty = IntentBuffer(), np.zeros((6, 7), np.uint8)
    buffer.reset(0)
    buffer.add(Intent(0, 0, empty, np.zeros((6, 7, 10), np.float32), np.zeros(21, np.float32), 0.0, 0.0, 0))
    at = 0
    for _ in range(12):
        said = buffer.withdraw(stage.step)
        at = stage.step if said else at
        action = expert_action(stage.world, stage.task.goal)
        stage.do(action, replace(_decision(stage.step, None), events=tuple(said)))
    return at


def _starved(stage: Stage) -> int:
    """Nothing is planned for four steps."""
    hold = np.zeros(7, np.float32)
    for _ in range(20):
        planned = not 10 <= stage.step < 14
        action = expert_action(stage.world, stage.task.goal) if planned else hold
        decision = _decision(stage.step, None)
        stage.do(action, decision if planned else replace(decision, control_source="hold", proposal=None))
    return 10


def _clamped(stage: Stage) -> int:
    """The hand is told to leave the workspace."""
    side = 1.0 if stage.task.seed % 2 else -1.0
    x, _, _ = stage.world.hand_position
    stage.go((x, side * (WORKSPACE_HIGH[1] - 0.02), 0.25), -1.0)
    at = stage.step
    for _ in range(15):
        stage.do(np.array((0, side, 0, 0, 0, 0, -1), np.float32))
    return at


def _timed_out(stage: Stage) -> int:
    """Nothing is done until the time is over."""
    for _ in range(TIME_LIMIT):
        stage.do(np.array((0, 0, 0, 0, 0, 0, -1), np.float32))
    return stage.step


_GRASPS = ("pick", "bowl", "plate", "stack")
PLANTS: Final[dict[str, tuple[Callable[[Stage], int], tuple[str, ...]]]] = {
    "missed grasp": (_missed, _GRASPS),
    "dropped object": (_dropped, _GRASPS),
    "wrong object": (_wrong, _GRASPS),
    "knocked over": (_knocked, _GRASPS),
    "collision": (_collided, _GRASPS),
    "stuck": (_stuck, _GRASPS),
    "hesitation": (_hesitated, _GRASPS),
    "intent flip": (_flipped, _GRASPS),
    "withdrawn intent": (_withdrawn, _GRASPS),
    "starvation": (_starved, _GRASPS),
    "clamped command": (_clamped, _GRASPS),
    "time out": (_timed_out, _GRASPS),
    "fell off the table": (_fell, _GRASPS),
}
"""kind -> what makes it happen and returns the control step, and in which families"""


def plant(env: TabletopEnv, kind: str, count: int, seed: int) -> list[tuple[Task, int, Facts]]:
    """So many episodes with one event of a kind in each: the task, the control step, and what the rules read."""
    act, families = PLANTS[kind]
    planted: list[tuple[Task, int, Facts]] = []
    for task in assign_tasks(4 * count + 8, seed, families):
        if len(planted) == count:
            break
        stage = Stage(env, task)
        try:
            step = act(stage)
        except NoRoom:
            continue
        planted.append((task, step, stage.facts(kind == "time out")))
    return planted


def _other(stage: Stage) -> str:
    """Something that the task is not about, and that nothing stands beside."""
    goal, world = stage.task.goal, stage.world
    names = [n for n in world.names if is_graspable(n) and n not in (goal.target, goal.container)]
    free = [
        name
        for name in names
        if all(
            np.linalg.norm(world.position(name)[:2] - world.position(other)[:2]) > 0.08
            for other in world.names
            if other != name
        )
        and not world.is_lying(name)
    ]
    if not free:
        raise NoRoom
    return free[0]


def _decision(step: int, intent: Intent | None) -> Decision:
    at: Any = None if intent is None else step - intent.step
    nothing = np.zeros(7, np.float32)
    return Decision(nothing, nothing, nothing, "policy", intent, at, None, None, at, 0)
