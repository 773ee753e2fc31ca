"""The runtime: the two loops around one control step, in either clock and on any schedule."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from policy.runtime.clocks import Clock
from policy.runtime.contradiction import MAX_UNEXPLAINED, unexplained
from policy.runtime.decision import Counters, Decision
from policy.runtime.guard import PLANNER_PATIENCE, REFINER_PATIENCE, Guarded, Hung, chunk_fault, intent_fault
from policy.runtime.handover import hand_over
from policy.runtime.memory import AT_REST, Kept, Memory
from policy.runtime.schedules import LoopState, Schedule
from policy.runtime.steer import Pins
from policy.runtime.systems import PlannerLike, RefinerLike
from policy.runtime.workers import ThreadWorker, WorkResult
from records import ACTION_NAMES, PROPRIO_NAMES, Chunk, Intent, Observation

T = TypeVar("T")

_GRIPPER = PROPRIO_NAMES.index("gripper_command")
_RATE_WINDOW = 3.0
"""seconds over which rates are measured"""
WARM_UP_SECONDS = 120.0
PROPOSING_PERIOD = 10
"""control steps at least between two calls of the planner while somebody else drives"""


class Runtime:
    """Runs planner and refiner and answers every control step at once.

    Args:
        planner: called in the clock's planner worker.
        refiner: called in the clock's refiner worker.
        schedule: when they are called; may be changed at any time.
        clock: `WallClock()` or `Lockstep()`.
        checks: whether an intent that contradicts the one before replaces what was planned from that at once.
    """

    def __init__(
        self, planner: PlannerLike, refiner: RefinerLike, schedule: Schedule, clock: Clock, checks: bool = True
    ) -> None:
        self.schedule = schedule
        self.checks = checks
        self._refine = refiner.refine
        self.counters = Counters()
        self.generation = 0
        self._memory = Memory()
        self._planner_worker = Guarded("planner", clock.planner_worker(planner.plan), intent_fault, PLANNER_PATIENCE)
        self._refiner_worker = Guarded("refiner", clock.refiner_worker(refiner.refine), chunk_fault, REFINER_PATIENCE)
        self.lost = False
        """whether a system hangs for good: only a new process can help"""
        self._seed = 0
        self._pins: Pins | None = None
        self._driven: NDArray[np.float32] | None = None
        """(7,) what somebody else has the arm do at the present step"""
        self._results: dict[str, deque[float]] = {"planner": deque(maxlen=64), "refiner": deque(maxlen=64)}

    def reset(self, generation: int, episode_seed: int | None = None) -> None:
        """Drop every intent and chunk; from now on only results of this generation count.

        Args:
            generation: of the observations that follow.
            episode_seed: begins a new episode: the refiner's noise follows from it, the counters start again.
        """
        self.generation = generation
        self._planner_worker.discard()
        self._refiner_worker.discard()
        self._memory = Memory(generation)
        self._pins = None
        if episode_seed is not None:
            self._seed = episode_seed
            self.counters = Counters()

    def steer(self, pins: Pins | None) -> None:
        """From the next control step on, and until another call or `reset`; None lets go. What runs on is dropped."""
        self._pins = pins
        # The chunk in use was made without: the next one is asked for at once, and until then actions are moved alone.
        self._memory.refine_asked = None

    def pins_at(self, step: int) -> Pins | None:
        """What is pinned at a control step."""
        return self._pins if self._pins is not None and step < self._pins.until else None

    def preview(self, observation: Observation, intent: Intent, pins: Pins, row: int) -> Chunk | None:
        """What the refiner would do with pinned tokens; nothing is carried out. None while it is busy.

        Args:
            observation: what is seen now.
            intent: whose tokens they are.
            pins: what is pinned.
            row: of the intent's tokens that belongs to the observation's step.
        """
        if self._refiner_worker.busy:
            return None
        step = observation.step
        placed = pins.of_intent(replace(intent, step=step - row), row, step)
        none = np.zeros((0, len(ACTION_NAMES)), dtype=np.float32)
        chunk = self._refine(observation, placed, step, none, int(self._seed))
        bins = intent.probabilities.shape[-1]
        return replace(chunk, actions=np.stack([pins.of_action(action, bins) for action in chunk.actions]))

    def keep(self) -> Kept:
        """All that is planned now, to go back to with `resume`."""
        calls = self._planner_worker.keep(), self._refiner_worker.keep()
        return Kept(self._memory.copy(self.generation), self._seed, *calls, self._pins)

    def resume(self, kept: Kept, generation: int) -> None:
        """Go on from what was kept, as if nothing had happened since; in lockstep the steps that follow are the same.

        In wall clock calls that were under way are asked anew.
        """
        self.reset(generation)
        self._seed, self._memory, self._pins = kept.seed, kept.memory.copy(generation), kept.pins
        if kept.planner.lost:
            self._memory.plan_asked = None
        if kept.refiner.lost:
            self._memory.refine_asked = None
        self._planner_worker.resume(kept.planner, generation)
        self._refiner_worker.resume(kept.refiner, generation)

    def decide(self, observation: Observation, driven: NDArray[np.float32] | None = None) -> Decision:
        """The action for the observation's control step; asks planner and refiner as the schedule says, never waits.

        Args:
            observation: what is seen now.
            driven: (7,) what somebody else has the arm do at this step: the policy only proposes.

        Raises:
            ValueError: the observation is of another generation, or its step does not follow the last one.
        """
        deciding = self.deciding(observation, driven)
        try:
            next(deciding)
        except StopIteration as done:
            return done.value
        raise RuntimeError("the results of this clock are computed by somebody else: ask `deciding`, not `decide`")

    def deciding(
        self, observation: Observation, driven: NDArray[np.float32] | None = None
    ) -> Generator[None, None, Decision]:
        """`decide` in parts, for a clock whose results somebody else computes: yields until what is due is there."""
        started = time.perf_counter()
        step = observation.step
        if observation.generation != self.generation:
            raise ValueError(f"the observation is of generation {observation.generation}, not {self.generation}")
        if self._memory.last_step is not None:
            if step <= self._memory.last_step:
                raise ValueError(f"step {step} follows step {self._memory.last_step}: steps must grow")
            for missed in range(self._memory.last_step + 1, step):  # somebody else decided: the plans stood still
                self._memory.held.mark(missed)
        self._memory.last_step = step
        self._driven = driven

        events: list[str] = []
        durations: dict[str, float] = {}
        failures = self.counters.failures
        yield from self._collect(step, events, durations)
        if self.schedule.wants_plan(self._state(step)) and not self._proposed_lately(step):
            self._memory.plan_asked = step
            self.counters.planner_calls += 1
            self._planner_worker.submit(step, observation)
            yield from self._collect(step, events, durations)
        events += self._memory.buffer.withdraw(step + self.schedule.refiner_delay)
        state = self._state(step)
        held = self._memory.buffer.refusal is not None or self.counters.failures > failures
        if not held and self.schedule.wants_chunk(state):
            if self.schedule.may_use(state):
                self._ask_refiner(observation)
                yield from self._collect(step, events, durations)
            elif self._memory.had_intent:
                self.counters.planner_waits += 1
        decision = self._answer(observation, events, durations)
        durations["decide"] = 1e3 * (time.perf_counter() - started)
        return decision

    def hold_action(self, observation: Observation) -> NDArray[np.float32]:
        """(7,) no motion, the gripper keeps its last command."""
        action = np.zeros(len(ACTION_NAMES), dtype=np.float32)
        action[-1] = observation.proprio[_GRIPPER]
        return action

    def warm_up(self, observation: Observation, timeout: float = WARM_UP_SECONDS) -> None:
        """Call both systems once in their workers, so that the first tick of an episode is as fast as any other.

        Raises:
            Exception: what planner or refiner raised.
            TimeoutError: no answer.
        """
        self._planner_worker.submit(observation.step, observation)
        intent = self._wait(self._planner_worker, observation.step, timeout)
        committed = np.zeros((self.schedule.refiner_delay, len(ACTION_NAMES)), dtype=np.float32)
        start = observation.step + self.schedule.refiner_delay
        self._refiner_worker.submit(observation.step, observation, intent, start, committed, 0)
        self._wait(self._refiner_worker, observation.step, timeout)

    def rates(self) -> tuple[float, float]:
        """Results per second of planner and refiner, over the last seconds."""
        now = time.monotonic()
        planner, refiner = (_rate(self._results[name], now) for name in ("planner", "refiner"))
        return planner, refiner

    @property
    def planner_latency_s(self) -> float:
        """Seconds added to every planner result (wall clock); may be set at any time."""
        worker = self._planner_worker.worker
        return worker.added_latency_s if isinstance(worker, ThreadWorker) else 0.0

    @planner_latency_s.setter
    def planner_latency_s(self, seconds: float) -> None:
        worker = self._planner_worker.worker
        if not isinstance(worker, ThreadWorker):
            raise ValueError("In lockstep the planner's latency is counted in control steps: give it to the clock.")
        worker.added_latency_s = seconds

    def close(self) -> None:
        """Stop the workers."""
        self._planner_worker.close()
        self._refiner_worker.close()

    def _proposed_lately(self, step: int) -> bool:
        """Whether the policy only proposes, and has looked half a second ago: who drives wants the processor."""
        asked = self._memory.plan_asked
        return self._driven is not None and asked is not None and step - asked < PROPOSING_PERIOD

    def _state(self, step: int) -> LoopState:
        return LoopState(
            since_plan=None if self._memory.plan_asked is None else step - self._memory.plan_asked,
            since_refine=None if self._memory.refine_asked is None else step - self._memory.refine_asked,
            planner_busy=self._planner_worker.busy,
            refiner_busy=self._refiner_worker.busy,
            queued=self._memory.timeline.depth(step),
            has_intent=self._memory.buffer.intent is not None,
            chunks_of_intent=self._memory.chunks_of_intent,
        )

    def _collect(self, step: int, events: list[str], durations: dict[str, float]) -> Iterator[None]:
        """Take what has arrived, and wait for what should have."""
        while self._planner_worker.owes(step) or self._refiner_worker.owes(step):
            yield
        for planned in self._planner_worker.poll(step):
            intent = planned.value
            if intent is None:
                self._withdraw_all(planned, events)
                continue
            before = self._memory.buffer.intent
            intent = replace(intent, asked_at=planned.asked_at, ready_at=planned.ready_at, ready_step=step)
            events += self._memory.buffer.add(intent)
            if self._memory.buffer.intent is not before:
                self._memory.chunks_of_intent = 0
                self._memory.had_intent = True
                events += self._check(intent, step)
            durations["planner"] = planned.milliseconds
            self._results["planner"].append(planned.ready_at)
        for refined in self._refiner_worker.poll(step):
            if refined.value is None:
                self._withdraw_chunks(refined, events)
                continue
            meant = self._memory.intent_steps.pop(refined.step, refined.value.intent_step)
            chunk = replace(refined.value, intent_step=meant, asked_at=refined.asked_at, ready_at=refined.ready_at)
            events += self._memory.timeline.add(chunk)
            durations["refiner"] = refined.milliseconds
            self._results["refiner"].append(refined.ready_at)

    def _check(self, intent: Intent, step: int) -> list[str]:
        """Drop what was planned from an intent that this one contradicts, and have the refiner begin anew at once."""
        driven = self._memory.timeline.find(step)
        if not self.checks or driven is None:
            return []
        old = self._memory.intents[driven[0].intent_step]
        moved = unexplained(old, intent)
        if moved <= MAX_UNEXPLAINED:
            return []
        # The actions that the next chunk is told are fixed stay as they are: the hand-over is as smooth as any other.
        self._memory.timeline.cut(step, step + self.schedule.refiner_delay)
        self._refiner_worker.discard()
        self._memory.refine_asked = None
        self.counters.contradictions += 1
        return [
            f"What the planner saw at step {intent.step} is {100 * moved:.0f} cm from where it was at step {old.step}: "
            "what was planned from there is dropped."
        ]

    def _withdraw_all(self, failed: WorkResult[Intent], events: list[str]) -> None:
        """The planner failed: nothing that it has planned is carried out any more."""
        self._memory.buffer.clear()
        self._refiner_worker.discard()
        self._withdraw_chunks(failed, events)

    def _withdraw_chunks(self, failed: WorkResult[Intent] | WorkResult[Chunk], events: list[str]) -> None:
        """One of the systems failed: the arm holds from this very step on."""
        self._memory.timeline.clear()
        self.counters.failures += 1
        self.lost = self.lost or isinstance(failed.error, Hung)
        events.append(str(failed.error))

    def _ask_refiner(self, observation: Observation) -> None:
        intent = self._memory.buffer.intent
        assert intent is not None
        step = observation.step
        start = step + self.schedule.refiner_delay
        if intent.used_step is None:
            intent = self._memory.buffer.intent = replace(intent, used_step=start)
        hold = self.hold_action(observation)
        fixed, before = [], self._before(step)
        for at in range(step, start):
            if at == step and self._driven is not None:
                fixed.append(self._driven)
            else:
                found = self._memory.timeline.find(at)
                fixed.append(hold if found is None else hand_over(before, found[1]))
            before = np.clip(fixed[-1], -1.0, 1.0)
        committed = np.array(fixed, np.float32).reshape(-1, len(hold))
        # The refiner counts rows from `intent.step`: moved by the steps over which the arm held, they are where the
        # hand really is in the plan.
        placed = replace(intent, step=intent.step + self._memory.held.count(intent.step, step))
        if (pins := self.pins_at(step)) is not None:
            placed = pins.of_intent(placed, step - placed.step, step)
        self._memory.intents[intent.step] = intent
        self._memory.intent_steps[step] = intent.step
        self._memory.refine_asked = step
        self._memory.chunks_of_intent += 1
        self.counters.refiner_calls += 1
        noise_seed = int(np.random.SeedSequence((self._seed, step)).generate_state(1)[0])
        self._refiner_worker.submit(step, observation, placed, start, committed, noise_seed)

    def _answer(self, observation: Observation, events: list[str], durations: dict[str, float]) -> Decision:
        step = observation.step
        refusal = self._memory.buffer.refusal
        taken = self._memory.timeline.take(step) if refusal is None else None
        self.counters.starved_steps += refusal is None and self._memory.timeline.starves(step)
        chunk, wanted = taken if taken is not None else (None, self.hold_action(observation))
        pins = self.pins_at(step)
        steered = wanted if pins is None or chunk is None else pins.of_action(wanted, self._bins(chunk))
        # A hold is at once; only what the policy wants is handed over.
        commanded = wanted if chunk is None else hand_over(self._before(step), steered)
        intent = self._memory.buffer.intent if chunk is None else self._memory.intents[chunk.intent_step]
        decision = Decision(
            action=np.clip(commanded, -1.0, 1.0),
            commanded=commanded,
            proposal=None if chunk is None else wanted,
            control_source="hold" if chunk is None else "policy",
            intent=intent,
            token_row=None if intent is None else self._memory.held.row(intent.step, step),
            chunk=chunk,
            chunk_row=None if chunk is None else self._memory.timeline.row(chunk, step),
            staleness=None if intent is None else step - intent.step,
            queue_depth=0 if refusal is not None else self._memory.timeline.depth(step + 1),
            refusal=refusal,
            pins=None if pins is None or chunk is None else pins.row,
            events=tuple(events),
            durations=durations,
        )
        self._memory.executed = (step, decision.action if self._driven is None else self._driven)
        if chunk is None:
            self._memory.held.mark(step)
        elif len(self._memory.intents) > 8:
            self._memory.intents = {at: kept for at, kept in self._memory.intents.items() if at >= chunk.intent_step}
        return decision

    def _bins(self, chunk: Chunk) -> int:
        return int(self._memory.intents[chunk.intent_step].probabilities.shape[-1])

    def _before(self, step: int) -> NDArray[np.float32]:
        """(7,) what was carried out at the step before; at rest if somebody else decided that."""
        at, action = self._memory.executed
        return action if at == step - 1 else AT_REST

    def _wait(self, guarded: Guarded[T], step: int, timeout: float) -> T:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for result in guarded.worker.poll(step + 10_000):
                if result.value is None:
                    raise result.error or RuntimeError("no result")
                return result.value
            time.sleep(0.005)
        raise TimeoutError(f"No answer within {timeout:.0f} s.")


def _rate(times: deque[float], now: float) -> float:
    recent = [at for at in tuple(times) if at > now - _RATE_WINDOW]
    if len(recent) < 2 or recent[-1] <= recent[0]:
        return 0.0
    return (len(recent) - 1) / (recent[-1] - recent[0])
