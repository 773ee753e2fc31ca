"""The session: one robot, its states, its commands, and what happens in one control step."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from app.session.episode import Episode
from app.session.pace import RealTimeFactor
from app.session.protocol import (
    CommandError,
    SessionSettings,
    State,
    Status,
    check_instruction,
    check_latency,
    check_schedule,
    check_seed,
)
from app.session.recorder import Recorder
from app.session.watchers import Watchers
from records import PROPRIO_NAMES, Observation, Outcome, StepRecord
from scenes import SLICES_PER_STEP, TabletopEnv

if TYPE_CHECKING:  # importing the policy takes seconds: the loader's thread does it
    from app.session.driver import PolicyDriver
    from policy.runtime import Decision

SETTLE_STEPS = 40
"""control steps for which time goes on after an outcome, so that what was let go comes to rest"""
STARVED_STEPS = 10
"""held steps in a row from which on a running episode counts as `holding`"""
EVENT_SECONDS = 3.0
"""for which an event is the status message"""
_GRIPPER = PROPRIO_NAMES.index("gripper_command")

logger = logging.getLogger(__name__)


class Session:
    """The state machine. Every method is called from the loop's thread; `status` may be read from any.

    Args:
        settings: how it was started.
        watchers: who is told.
        recorder: writes the log.
    """

    def __init__(self, settings: SessionSettings, watchers: Watchers, recorder: Recorder) -> None:
        self.settings = settings
        self.env = TabletopEnv()
        self.state: State = "idle"
        self.episode: Episode | None = None
        self.status: Status = {}
        self.real_time = RealTimeFactor()
        self._watchers = watchers
        self._recorder = recorder
        self._driver: PolicyDriver | None = None
        self._problem: str | None = None
        """why there is no policy"""
        self._pending_run: str | None = None
        self._before_pause: State = "idle"
        self._single_steps = 0
        self._settling = 0
        self._generation = 0
        self._episodes = 0
        self._seed = settings.seed
        self._instruction = ""
        self._schedule = "asynchronous"
        self._latency_ms = 0.0
        self._message = ""
        self._event: tuple[float, str] = (0.0, "")
        self._decision: Decision | None = None
        self._paths: tuple[Any, Any] = (None, None)
        self._seen: dict[str, Any] | None = None
        self._holds = 0
        self._new_scene(settings.seed)

    # Commands: each changes the state or raises `CommandError`.

    def command(self, name: str, arguments: dict[str, Any]) -> Status:
        """Carry out a command; the status, with `error` if it was refused. Never raises on bad input."""
        error = None
        try:
            commands = self._commands()
            if name not in commands:
                raise CommandError(f"There is no command {name!r}; use {', '.join(commands)}.")
            commands[name](arguments)
        except CommandError as refused:
            error = str(refused)
        self.refresh()
        return self.status if error is None else {"error": error, **self.status}

    def _commands(self) -> dict[str, Callable[[dict[str, Any]], None]]:
        return {
            "status": lambda _: None,
            "reset": lambda given: self._reset(check_seed(given.get("seed"))),
            "run": lambda given: self._run(check_instruction(given.get("instruction"))),
            "pause": lambda _: self._pause(),
            "step": lambda _: self._step(),
            "stop": lambda _: self._stop(),
            "set_schedule": lambda given: self._set_schedule(check_schedule(given.get("name"))),
            "set_planner_latency": lambda given: self._set_latency(check_latency(given.get("ms"))),
        }

    def _reset(self, seed: int) -> None:
        self._close_episode("aborted", "The scene was reset.")
        self.episode = None
        self._new_scene(seed)

    def _new_scene(self, seed: int) -> None:
        self.env.reset(seed=seed)
        self._seed = seed
        self._instruction = ""
        self._pending_run = None
        self._settling = 0
        self._geometry = self.env.geometry()
        self._suggestions = self.env.suggestions()
        self._say("idle", f"Scene {seed} is ready: type an instruction, or choose a suggestion.")
        self.show_pose()
        self.refresh()

    def _run(self, instruction: str) -> None:
        if self._driver is None:
            if self._problem is not None:
                raise CommandError(self._problem)
            self._pending_run = self._instruction = instruction
            self._message = "The policy is being loaded; it starts as soon as it is ready."
            return
        self._new_generation()
        self._instruction = instruction
        self.env.set_instruction(instruction)
        if self.state in ("idle", "ended") or self.episode is None:
            self._begin_episode(instruction)
        else:
            self.episode.instruction = instruction
            self.episode.driven = self.episode.confirmed = 0
        self._say("running", f"“{instruction}”")

    def _pause(self) -> None:
        if self.state == "paused":
            self._say(self._before_pause, "Time goes on.")
        elif self.state in ("running", "holding"):
            self._before_pause = self.state
            self._say("paused", "Time is frozen: Pause goes on, Step does one control step.")
        else:
            raise CommandError("Nothing is running: type an instruction and press Run first.")

    def _step(self) -> None:
        if self.state != "paused":
            raise CommandError("Step works while time is frozen: press Pause first.")
        self._single_steps += 1

    def _stop(self) -> None:
        self._pending_run = None
        if self.state in ("running", "paused"):
            self._new_generation()
            self._say("holding", "Stopped: the arm holds. Press Run to go on, or Reset for a new scene.")
            if self.episode is not None:
                self.episode.held = 0

    def _set_schedule(self, name: str) -> None:
        self._schedule = name
        if self._driver is not None:
            self._driver.set_schedule(name)

    def _set_latency(self, milliseconds: float) -> None:
        self._latency_ms = milliseconds
        if self._driver is not None:
            self._driver.runtime.planner_latency_s = milliseconds / 1e3

    def adopt(self, driver: PolicyDriver | None, problem: str | None) -> None:
        """Take the policy that was loaded, or the sentence why there is none."""
        self._driver, self._problem = driver, problem
        if driver is not None:
            driver.set_schedule(self._schedule)
            driver.runtime.planner_latency_s = self._latency_ms / 1e3
            if self._pending_run is not None:
                waiting, self._pending_run = self._pending_run, None
                self._run(waiting)
        elif problem is not None:
            self._pending_run = None
            self._message = problem
        self.refresh()

    # One control step.

    @property
    def moving(self) -> bool:
        """Whether a control step is to be done now."""
        if self.state in ("running", "holding"):
            return True
        return self._single_steps > 0 if self.state == "paused" else self._settling > 0

    @property
    def blocked(self) -> bool:
        """Whether the record is behind: no step may be done until it has caught up."""
        return self.episode is not None and self.episode.outcome is None and self._recorder.full

    def control_step(self, due: float, wait_until: Callable[[float], None]) -> None:
        """Observe, decide, act, record.

        Args:
            due: when the action is to be sent, seconds of `time.monotonic()`.
            wait_until: sleeps to such a time; the physics is advanced in slices so that motion is smooth.
        """
        if self.state in ("idle", "ended"):
            self._settling -= 1
            self._simulate(self._hold_action(), due, wait_until)
            self.refresh()
            return
        episode = self.episode
        assert episode is not None
        if self._recorder.error is not None:
            self._close_episode("aborted", self._recorder.error)
            self.refresh()
            return
        driving = self.state == "running" or (self.state == "paused" and self._before_pause == "running")
        self._single_steps -= self.state == "paused"
        started = time.perf_counter()
        record, poses = self._decide(episode, driving), self.env.body_poses()
        record.due_late = max(0.0, time.monotonic() - due)
        record.wall_time = time.time()
        record.durations["decision"] = 1e3 * (time.perf_counter() - started)
        record.durations["physics"] = self._simulate(record.action, due, wait_until)
        episode.step += 1
        refusal = self._decision.refusal if driving and self._decision is not None else None
        verdict = self._verdict(episode, driving, refusal)
        if verdict is None:
            started = time.perf_counter()
            self._seen = self.env.observe()  # now, in the slack before the next step, not when that one is due
            record.durations["render"] = 1e3 * (time.perf_counter() - started)
        record.durations["record"] = self._recorder.milliseconds
        self._emit(record, poses)
        if verdict is not None:
            self._close_episode(*verdict)
        self.refresh()

    def _decide(self, episode: Episode, driving: bool) -> StepRecord:
        env, step = self.env, episode.step
        state, hand = env.get_state(), env.hand_position.astype(np.float32)
        decision: Decision | None = None
        observation: Observation | None = None
        self._paths = (None, None)
        if driving and self._driver is not None:
            seen = self._seen if self._seen is not None else env.observe()
            observation = Observation(
                step=step,
                generation=self._generation,
                instruction=self._instruction,
                front=seen["front"],
                wrist=seen["wrist"],
                proprio=seen["proprio"],
                seen_at=time.monotonic(),
            )
            decision = self._driver.runtime.decide(observation)
            self._paths = self._driver.overlays(decision, hand)
            for event in decision.events:
                self._event = (time.monotonic(), event)
        self._seen = None
        self._decision = decision
        self._holds = 0 if decision is not None and decision.control_source == "policy" else self._holds + 1
        hold = self._hold_action()
        return StepRecord(
            episode=episode.id,
            step=step,
            generation=self._generation,
            instruction=self._instruction,
            wall_time=time.time(),
            due_late=0.0,
            sim_time=env.sim_time,
            state=state,
            action=hold if decision is None else decision.action,
            commanded=hold if decision is None else decision.commanded,
            proposal=None if decision is None else decision.proposal,
            control_source="hold" if decision is None else decision.control_source,
            hand=hand,
            staleness=None if decision is None else decision.staleness,
            queue_depth=0 if decision is None else decision.queue_depth,
            durations={} if decision is None else dict(decision.durations),
            observation=observation,
            intent=None if decision is None else decision.intent,
            token_row=None if decision is None else decision.token_row,
            chunk=None if decision is None else decision.chunk,
            coarse_path=self._paths[0],
            refined_path=self._paths[1],
            events=() if decision is None else decision.events,
        )

    def _simulate(self, action: Any, due: float, wait_until: Callable[[float], None]) -> float:
        """Advance one control step in slices; milliseconds that the simulation took."""
        taken = 0.0
        step = self.episode.step if self.episode is not None else 0
        for index in range(SLICES_PER_STEP):
            if index:
                wait_until(due + index * 0.01)
            started = time.perf_counter()
            if index == 0:
                self.env.begin_step(action)
            self.env.advance_slice()
            taken += time.perf_counter() - started
            self.show_pose(step)
        return 1e3 * taken

    def _verdict(self, episode: Episode, driving: bool, refusal: str | None) -> tuple[Outcome, str] | None:
        if refusal is not None:
            return "refused", refusal
        if not driving:
            episode.held += 1
            if episode.held >= self.settings.hold_limit:
                return "aborted", "The arm was left holding for long; the episode was closed."
            return None
        episode.driven += 1
        return episode.verdict(self.env.success(), self.settings.confirm_steps, self.settings.time_limit)

    # Episodes.

    def _begin_episode(self, instruction: str) -> None:
        self._episodes += 1
        self.episode = Episode(
            self._episodes, instruction, self._seed, self.settings.folder, self._schedule, self._latency_ms
        )
        self._recorder.begin(self.episode.log_path, self.episode.header)
        self._watchers.episode(self.episode.id, instruction, self._geometry, str(self.episode.rerun_path))
        self._settling = 0
        self._event = (0.0, "")
        assert self._driver is not None
        self._driver.runtime.reset(self._generation, episode_seed=self._seed)

    def _close_episode(self, outcome: Outcome, sentence: str) -> None:
        """Write the last record: the state that the episode ended in, with its outcome."""
        episode = self.episode
        if episode is None or episode.outcome is not None:
            return
        record = self._decide(episode, driving=False)
        record.outcome, record.events = outcome, (sentence,)
        self._emit(record, self.env.body_poses())
        episode.outcome = outcome
        self._watchers.end(outcome, sentence)
        self._new_generation()
        self._settling = SETTLE_STEPS
        self._single_steps = 0
        self._say("ended", sentence)
        self.show_pose(episode.step)

    def _emit(self, record: StepRecord, poses: tuple[Any, Any]) -> None:
        assert self.episode is not None
        self.episode.records.append(record)
        self._recorder.append(record)
        self._watchers.step(record, poses)

    def _new_generation(self) -> None:
        self._generation += 1
        self._seen = None
        self._decision = None
        self._holds = 0
        if self._driver is not None:
            self._driver.runtime.reset(self._generation)

    def close(self) -> None:
        """End the open episode."""
        self._close_episode("aborted", "The cockpit was closed.")
        if self._driver is not None:
            self._driver.runtime.close()
        self.refresh()

    # What others see.

    def observation(self, image_size: int | None = None) -> Observation:
        """Of the present scene, to warm the policy up; from now on with pictures of the size that it wants."""
        if image_size is not None and image_size != self.env.image_size:
            self.env.close()
            self.env.image_size = image_size
        seen = self.env.observe()
        words = self._suggestions[0] if self._suggestions else "pick up the red cube"
        return Observation(0, 0, words, seen["front"], seen["wrist"], seen["proprio"], time.monotonic())

    def show_pose(self, step: int = 0) -> None:
        """Tell the live view where everything is."""
        self._watchers.pose(self.env.qpos, *self._paths, step, time.monotonic(), self._seed)

    def refresh(self) -> None:
        """Make the status anew."""
        episode, decision, state = self.episode, self._decision, self.state
        runtime = None if self._driver is None else self._driver.runtime
        running = state == "running"
        if running and (self._holds >= STARVED_STEPS or self.blocked):
            state = "holding"
        rates = runtime.rates() if runtime is not None and running else (0.0, 0.0)
        factor = self.real_time.value
        self.status = {
            "state": state,
            "outcome": episode.outcome if episode is not None else None,
            "driver": self._who_drives(),
            "step": episode.step if episode is not None else 0,
            "instruction": self._instruction,
            "objects": list(self.env.objects),
            "suggestions": list(self._suggestions),
            "planner_hz": round(rates[0], 2),
            "refiner_hz": round(rates[1], 2),
            "real_time_factor": None if factor is None else round(factor, 4),
            "staleness_steps": None if decision is None else decision.staleness,
            "end_effector_position": [round(float(x), 5) for x in self.env.hand_position],
            "message": self._current_message(),
            "schedule": self._schedule,
            "planner_latency_ms": self._latency_ms,
            "seed": self._seed,
            "planner_waits": runtime.counters.planner_waits if runtime is not None else 0,
            "starved_steps": runtime.counters.starved_steps if runtime is not None else 0,
            "episode": episode.id if episode is not None else None,
            "queue_depth": decision.queue_depth if decision is not None else 0,
            "policy": "ready" if self._driver is not None else "failed" if self._problem else "loading",
            "dropped": self._watchers.dropped,
        }

    def _who_drives(self) -> str | None:
        driving = self.state == "running" or (self.state == "paused" and self._before_pause == "running")
        return "policy" if driving else "hold" if self.state in ("holding", "paused") else None

    def _current_message(self) -> str:
        if self.state == "running":
            if self.blocked:
                return "The record cannot keep up with the disk; the arm holds until it has."
            if self._holds >= STARVED_STEPS:
                return "The arm holds: the planner has no valid intent yet."
            if time.monotonic() - self._event[0] < EVENT_SECONDS:
                return self._event[1]
        return self._message

    def _say(self, state: State, message: str) -> None:
        self.state, self._message = state, message
        if state != "running":
            self._paths = (None, None) if state != "paused" else self._paths

    def _hold_action(self) -> Any:
        action = np.zeros(7, dtype=np.float32)
        action[-1] = self.env.proprioception()[_GRIPPER]
        return action
