"""The two loops side by side: one runtime, three schedules, two clocks."""

from policy.runtime.batches import Batch, BatchedLockstep, BatchWorker
from policy.runtime.buffer import IntentBuffer
from policy.runtime.clocks import Clock, Lockstep, WallClock
from policy.runtime.contradiction import MAX_UNEXPLAINED, unexplained
from policy.runtime.decision import Counters, Decision
from policy.runtime.guard import PLANNER_PATIENCE, REFINER_PATIENCE, Guarded, SystemFault
from policy.runtime.handover import MAX_ROTATION, MAX_TRANSLATION, hand_over
from policy.runtime.held import HeldSteps
from policy.runtime.memory import Kept
from policy.runtime.paths import METRES_PER_UNIT, coarse_path, refined_path
from policy.runtime.runtime import Runtime
from policy.runtime.schedules import SCHEDULES, Schedule, asynchronous, schedule_named, sequential, synchronous
from policy.runtime.splice import ActionTimeline
from policy.runtime.steer import Pins
from policy.runtime.systems import PlannerLike, RefinerLike
from policy.runtime.workers import LockstepWorker, ThreadWorker, Worker, WorkResult

__all__ = [
    "MAX_ROTATION",
    "MAX_TRANSLATION",
    "MAX_UNEXPLAINED",
    "METRES_PER_UNIT",
    "PLANNER_PATIENCE",
    "REFINER_PATIENCE",
    "SCHEDULES",
    "ActionTimeline",
    "Batch",
    "BatchWorker",
    "BatchedLockstep",
    "Clock",
    "Counters",
    "Decision",
    "Guarded",
    "HeldSteps",
    "IntentBuffer",
    "Kept",
    "Lockstep",
    "LockstepWorker",
    "Pins",
    "PlannerLike",
    "RefinerLike",
    "Runtime",
    "Schedule",
    "SystemFault",
    "ThreadWorker",
    "WallClock",
    "WorkResult",
    "Worker",
    "asynchronous",
    "coarse_path",
    "hand_over",
    "refined_path",
    "schedule_named",
    "sequential",
    "synchronous",
    "unexplained",
]
