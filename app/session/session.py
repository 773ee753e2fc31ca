"""The session: one robot, its states, its commands, its episodes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

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
from app.session.robot import MAX_LOST_PICTURES, CamerasLost, Diverged, Robot
from app.session.watchers import Watchers
from records import Outcome, StepRecord

if TYPE_CHECKING:
    from app.session.driver import PolicyDriver

SETTLE_STEPS = 40
"""control steps for which time goes on after an outcome, so that what was let go comes to rest"""
STARVED_STEPS = 10
"""held steps in a row from which on a running episode counts as `holding`"""
EVENT_SECONDS = 3.0
"""for which an event is the status message"""


class Unrecoverable(RuntimeError):
    """Only a new process can help; the message says why."""


class Session:
    """The state machine. Every method is called from the loop's thread; `status` may be read from any.

    Args:
        settings: how it was started.
        watchers: who is told.
        recorder: writes the log.
    """

    def __init__(self, settings: SessionSettings, watchers: Watchers, recorder: Recorder) -> None:
        self.settings = settings
        self.robot = Robot(settings.seed, watchers)
        self.state: State = "idle"
        self.episode: Episode | None = None
        self.status: Status = {}
        self.real_time = RealTimeFactor()
        self._watchers = watchers
        self._recorder = recorder
        self._problem: str | None = None
        """why there is no policy"""
        self._pending_run: str | None = None
        self._before_pause: State = "idle"
        self._single_steps = 0
        self._settling = 0
        self._episodes = settings.episodes
        self._instruction = ""
        self._schedule = settings.schedule
        self._latency_ms = settings.planner_latency_ms
        self._message = ""
        self._faults: list[str] = []
        """sentences for the next record; at its step the arm holds"""
        self._notes: list[str] = []
        """sentences for the next record that are no reason to hold"""
        self._event: tuple[float, str] = (0.0, "")
        self._new_scene()
        if settings.notice:
            self.note(settings.notice)

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
        self.robot.reset(seed)
        self._new_scene()

    def _new_scene(self) -> None:
        self._instruction = ""
        self._pending_run = None
        self._settling = 0
        self._say("idle", f"Scene {self.robot.seed} is ready: type an instruction, or choose a suggestion.")
        self.refresh()

    def _run(self, instruction: str) -> None:
        if self.robot.driver is None:
            if self._problem is not None:
                raise CommandError(self._problem)
            self._pending_run = self._instruction = instruction
            self._message = "The policy is being loaded; it starts as soon as it is ready."
            return
        self.robot.new_generation()
        self._instruction = instruction
        self.robot.env.set_instruction(instruction)
        if self.state in ("idle", "ended") or self.episode is None:
            self._begin_episode(instruction)
        else:
            self.episode.new_words(instruction)
        self._say("running", f"“{instruction}”")
        self._look_ahead()  # now: a first control step that draws its own pictures comes late

    def _pause(self) -> None:
        if self.state == "paused":
            self._single_steps = 0
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
        if self._pending_run is not None:
            self._new_scene()
        if self.state in ("running", "paused"):
            self._hold("Stopped: the arm holds. Press Run to go on, or Reset for a new scene.")

    def _hold(self, sentence: str) -> None:
        """From the next control step on, until somebody says otherwise."""
        self.robot.new_generation()
        self.robot.hide_paths()
        self._single_steps = 0
        if self.episode is not None:
            self.episode.held = 0
        self._say("holding", sentence)

    def _set_schedule(self, name: str) -> None:
        self._schedule = name
        if self.robot.driver is not None:
            self.robot.driver.set_schedule(name)

    def _set_latency(self, milliseconds: float) -> None:
        self._latency_ms = milliseconds
        if self.robot.driver is not None:
            self.robot.driver.runtime.planner_latency_s = milliseconds / 1e3

    def adopt(self, driver: PolicyDriver | None, problem: str | None) -> None:
        """Take the policy that was loaded, or the sentence why there is none."""
        self.robot.driver, self._problem = driver, problem
        self.robot.suggest()
        waiting, self._pending_run = self._pending_run, None
        if driver is not None:
            self._set_schedule(self._schedule)
            self._set_latency(self._latency_ms)
            if waiting is not None:
                self._run(waiting)
        elif problem is not None:
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

    @property
    def _driving(self) -> bool:
        return self.state == "running" or (self.state == "paused" and self._before_pause == "running")

    def fault(self, sentence: str) -> None:
        """Something went wrong: at the next step the arm holds, and what was planned until then counts no more."""
        self._faults.append(sentence)

    def note(self, sentence: str) -> None:
        """Something happened that control need not mind: the next record says it, and the page until then."""
        self._notes.append(sentence)
        self._message = sentence
        self.refresh()

    def watched_anew(self, sentence: str) -> None:
        """Somebody watches who does not know yet where everything is."""
        self.note(sentence)
        self.robot.show(self.episode.step if self.episode is not None else 0)

    def too_slow(self, sentence: str) -> None:
        """The machine does not keep up: the arm holds until somebody presses Run."""
        if self.state == "running":
            self.fault(sentence)
            self._hold(sentence)
            self.refresh()

    def control_step(self, due: float, wait_until: Callable[[float], None]) -> None:
        """Observe, decide, act, record.

        Args:
            due: when the action is to be sent, seconds of `time.monotonic()`.
            wait_until: sleeps to such a time; what moves is shown in slices so that motion is smooth.

        Raises:
            Unrecoverable: with one sentence; the episode is closed.
        """
        episode = self.episode
        if episode is None or episode.outcome is not None:
            self._settling -= 1
            step = episode.step if episode is not None else 0
            try:
                self.robot.simulate(self.robot.hold_action(), step)
                self.robot.play(due, step, wait_until)
            except Diverged as error:
                self._message = str(error)
        elif self._recorder.error is not None:
            self._close_episode("aborted", self._recorder.error)
        else:
            self._recorded_step(episode, due, wait_until)
        self.refresh()

    def _recorded_step(self, episode: Episode, due: float, wait_until: Callable[[float], None]) -> None:
        robot, driving = self.robot, self._driving
        self._single_steps -= self.state == "paused"
        started = time.perf_counter()
        poses = robot.env.body_poses()
        record = self._decide(episode, driving)
        record.due_late = max(0.0, time.monotonic() - due)
        record.wall_time = time.time()
        record.durations["decision"] = 1e3 * (time.perf_counter() - started)
        verdict: tuple[Outcome, str] | None = None
        try:
            record.durations["physics"] = robot.simulate(record.action, episode.step)
        except Diverged as error:
            verdict = "aborted", str(error)
        episode.step += 1
        verdict = verdict or self._verdict(episode, driving)
        if verdict is None and driving:
            record.durations["render"] = self._look_ahead()
        record.durations["record"] = self._recorder.milliseconds
        for event in record.events:
            self._event = (time.monotonic(), event)
        self._emit(episode, record, poses)
        robot.play(due, record.step, wait_until)
        if verdict is not None:
            self._close_episode(*verdict)
        self._give_up_if_lost()

    def _decide(self, episode: Episode, driving: bool) -> StepRecord:
        """The record of the step that begins; while something is wrong the arm holds and the record says what."""
        if self._faults and driving:
            self.robot.new_generation()
        try:
            record = self.robot.decide(episode.id, episode.step, self._instruction, driving and not self._faults)
        except CamerasLost as error:
            self.fault(str(error))
            record = self.robot.decide(episode.id, episode.step, self._instruction, driving=False)
        record.events += (*self._faults, *self._notes)
        self._faults.clear()
        self._notes.clear()
        return record

    def _look_ahead(self) -> float:
        """Take the pictures of the next step; milliseconds that it took."""
        started = time.perf_counter()
        try:
            self.robot.look_ahead()
        except CamerasLost as error:
            self.fault(str(error))
        return 1e3 * (time.perf_counter() - started)

    def _give_up_if_lost(self) -> None:
        driver = self.robot.driver
        hangs = driver is not None and driver.runtime.lost
        if not hangs and self.robot.lost_pictures < MAX_LOST_PICTURES:
            return
        what = "The policy hangs" if hangs else "The policy's cameras cannot be started anew"
        sentence = f"{what}: the session is started again."
        self._close_episode("aborted", sentence)
        raise Unrecoverable(sentence)

    def _verdict(self, episode: Episode, driving: bool) -> tuple[Outcome, str] | None:
        decision = self.robot.decision
        if decision is not None and decision.refusal is not None:
            return "refused", decision.refusal
        if driving:
            return episode.after_driven(self.robot.env.success(), self.settings)
        return episode.after_held(self.settings)

    # Episodes.

    def _begin_episode(self, instruction: str) -> None:
        robot = self.robot
        assert robot.driver is not None
        self._episodes += 1
        self.episode = Episode(
            self._episodes, instruction, robot.seed, self.settings.folder, self._schedule, self._latency_ms
        )
        self._recorder.begin(self.episode.log_path, self.episode.header)
        self._watchers.episode(self.episode.id, instruction, robot.geometry, str(self.episode.rerun_path))
        self._settling = 0
        self._event = (0.0, "")
        self._faults.clear()
        robot.driver.runtime.reset(robot.generation, episode_seed=robot.seed)

    def _close_episode(self, outcome: Outcome, sentence: str) -> None:
        """Write the last record: the state that the episode ended in, with its outcome."""
        episode, robot = self.episode, self.robot
        if episode is None or episode.outcome is not None:
            return
        poses = robot.env.body_poses()
        record = robot.decide(episode.id, episode.step, self._instruction, driving=False)
        record.outcome, record.events = outcome, (sentence,)
        self._emit(episode, record, poses)
        episode.outcome = outcome
        self._watchers.end(outcome, sentence)
        robot.new_generation()
        self._settling = SETTLE_STEPS
        self._single_steps = 0
        self._say("ended", sentence)
        robot.show(episode.step)

    def _emit(self, episode: Episode, record: StepRecord, poses: tuple[Any, Any]) -> None:
        episode.records.append(record)
        episode.timeline.add(record)
        self._recorder.append(record)
        self._watchers.step(record, poses)

    def close(self) -> None:
        """End the open episode and the policy's loops."""
        self._close_episode("aborted", "The cockpit was closed.")
        self.refresh()
        self.robot.close()

    # What others see.

    def refresh(self) -> None:
        """Make the status anew."""
        episode, robot, state = self.episode, self.robot, self.state
        decision = robot.decision
        runtime = None if robot.driver is None else robot.driver.runtime
        if state == "running" and (robot.holds >= STARVED_STEPS or self.blocked):
            state = "holding"
        rates = runtime.rates() if runtime is not None and self.state == "running" else (0.0, 0.0)
        factor = self.real_time.value
        self.status = {
            "state": state,
            "outcome": episode.outcome if episode is not None else None,
            "driver": "policy" if self._driving else "hold" if self.state in ("holding", "paused") else None,
            "step": episode.step if episode is not None else 0,
            "instruction": self._instruction,
            "objects": list(robot.env.objects),
            "suggestions": list(robot.suggestions),
            "planner_hz": round(rates[0], 2),
            "refiner_hz": round(rates[1], 2),
            "real_time_factor": None if factor is None else round(factor, 4),
            "staleness_steps": None if decision is None else decision.staleness,
            "end_effector_position": [round(float(x), 5) for x in robot.env.hand_position],
            "message": self._current_message(),
            "schedule": self._schedule,
            "planner_latency_ms": self._latency_ms,
            "seed": robot.seed,
            "planner_waits": runtime.counters.planner_waits if runtime is not None else 0,
            "starved_steps": runtime.counters.starved_steps if runtime is not None else 0,
            "episode": episode.id if episode is not None else None,
            "queue_depth": decision.queue_depth if decision is not None else 0,
            "policy": "ready" if robot.driver is not None else "failed" if self._problem else "loading",
            "dropped": self._watchers.dropped,
            "restarts": self.settings.restarts,
            "timeline": episode.timeline.shown() if episode is not None else None,
        }

    def _current_message(self) -> str:
        if self.state == "running":
            if self.blocked:
                return "The record cannot keep up with the disk; the arm holds until it has."
            if time.monotonic() - self._event[0] < EVENT_SECONDS:
                return self._event[1]
            if self.robot.holds >= STARVED_STEPS:
                return "The arm holds: the planner has no valid intent yet."
        return self._message

    def _say(self, state: State, message: str) -> None:
        self.state, self._message = state, message
