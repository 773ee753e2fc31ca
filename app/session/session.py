"""The session: one robot, its states and its commands."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from app.session.commands import SessionCommands
from app.session.corrections import Corrections
from app.session.episode import BranchPoint, Episode
from app.session.hand import Hand
from app.session.journal import Journal
from app.session.pace import RealTimeFactor
from app.session.player import Player
from app.session.protocol import CommandError, SessionSettings, State, Status, check_action, check_holder
from app.session.recorder import Recorder
from app.session.robot import NOBODY, CamerasLost, Diverged, Robot
from app.session.status import STARVED_STEPS, describe
from app.session.step import RecordedStep
from app.session.told import Told
from app.session.watchers import Watchers
from records import Outcome, OutcomeBy

if TYPE_CHECKING:
    from app.session.driver import PolicyDriver

SETTLE_STEPS = 40
"""control steps for which time goes on after an outcome, so that what was let go comes to rest"""


class Session:
    """The state machine. Every method is called from the loop's thread; `status` and `hand` may be used from any.

    Args:
        settings: how it was started.
        watchers: who is told.
        recorder: writes the log.
    """

    def __init__(self, settings: SessionSettings, watchers: Watchers, recorder: Recorder) -> None:
        self.settings = settings
        self.robot = Robot(settings.seed, watchers)
        self.journal = Journal(settings, watchers, recorder)
        self.player = Player(self.robot, watchers)
        self.state: State = "idle"
        self.status: Status = {}
        self.real_time = RealTimeFactor()
        self.corrections = Corrections()
        self.human = False
        """whether a human drives, commands or not"""
        self.refused = (0.0, "")
        """when a human's command was refused the last time, and why"""
        self.instruction = ""
        self.schedule = settings.schedule
        self.latency_ms = settings.planner_latency_ms
        self.problem: str | None = None
        """why there is no policy"""
        self.plan: list[str] = []
        """instructions that follow once the present one is done"""
        self.ghost: dict[str, Any] | None = None
        """where pinned tokens would lead, until time goes on"""
        self.rewound: BranchPoint | None = None
        """where the scene was taken back to, until an episode goes on from there"""
        self._watchers = watchers
        self.pending_run: str | None = None
        """what to run as soon as the policy is there"""
        self.before_pause: State = "idle"
        self.single_steps = 0
        self.settling = 0
        self._message = ""
        self.told = Told()
        """since the last record"""
        self._commands = SessionCommands(self)
        self._step = RecordedStep(self)
        self.new_scene()
        if settings.notice:
            self.note(settings.notice)

    @property
    def episode(self) -> Episode | None:
        """The open episode, or the last one."""
        return self.journal.episode

    @property
    def hand(self) -> Hand:
        """The human's."""
        return self.robot.hand

    def command(self, name: str, arguments: dict[str, Any]) -> Status:
        """Carry out a command; the status, with `error` if it was refused. Never raises on bad input."""
        error = None
        try:
            self._commands.carry_out(name, arguments)
        except CommandError as refused:
            error = str(refused)
        self.refresh()
        more = {"episodes": self.journal.tree()} if name == "episodes" else {}
        return {**({} if error is None else {"error": error}), **self.status, **more}

    def drive(self, given: dict[str, Any]) -> None:
        """A human's command for the next control step. The only command that any thread may give.

        Raises:
            CommandError: says what is wrong with it; nothing of it is used.
        """
        action = check_action(given.get("action"))
        self.hand.offer(check_holder(given.get("holder")), action, given.get("number"))

    def reset(self, seed: int) -> None:
        """The scene of a seed."""
        self.close_episode("aborted", "The scene was reset.", "human")
        self.journal.forget()
        self.robot.reset(seed)
        self.new_scene()

    def new_scene(self) -> None:
        """Nothing was asked of this scene yet."""
        self.instruction = ""
        self.rewound = self.pending_run = None
        self.player.leave()
        self.plan.clear()
        self.settling = 0
        self.told.nudges.clear()
        self.told.notes.clear()
        self.let_go()
        self.say("idle", f"Scene {self.robot.seed} is ready: type an instruction, or choose a suggestion.")
        self.player.introduce()
        self.refresh()

    def set_schedule(self, name: str) -> None:
        """How the two loops take turns."""
        self.schedule = name
        if self.robot.driver is not None:
            self.robot.driver.set_schedule(name)

    def set_latency(self, milliseconds: float) -> None:
        """Make the planner slower than it is."""
        self.latency_ms = milliseconds
        if self.robot.driver is not None:
            self.robot.driver.runtime.planner_latency_s = milliseconds / 1e3

    def prepare(self) -> None:
        """Load, while nothing moves, what showing kept episodes needs: the first one is then there at once."""
        self._commands.showing.prepare()

    def adopt(self, driver: PolicyDriver | None, problem: str | None) -> None:
        """Take the policy that was loaded, or the sentence why there is none."""
        self.robot.driver, self.problem = driver, problem
        self.robot.suggest()
        waiting, self.pending_run = self.pending_run, None
        if driver is not None:
            self.set_schedule(self.schedule)
            self.set_latency(self.latency_ms)
            if waiting is not None:
                self.command("run", {"instruction": waiting})
        elif problem is not None:
            self._message = problem
        self.refresh()

    # One control step.

    @property
    def moving(self) -> bool:
        """Whether a control step is to be done now."""
        if self.state in ("running", "holding"):
            return True
        return self.single_steps > 0 if self.state == "paused" else self.settling > 0

    @property
    def blocked(self) -> bool:
        """Whether the record is behind: no step may be done until it has caught up."""
        return self.journal.blocked

    @property
    def policy_drives(self) -> bool:
        """Whether the policy drives at the next control step, if one is done."""
        runs = self.state == "running" or (self.state == "paused" and self.before_pause == "running")
        return runs and not self.human

    @property
    def shown(self) -> str | None:
        """The episode of which the live view shows a recorded step, or to which the scene was taken back."""
        if self.player.looked is not None:
            return self.player.looked[0]
        return None if self.rewound is None else self.rewound.episode

    @property
    def rests_by_hand(self) -> bool:
        """Whether a human drives, and has moved nothing at the last control step."""
        return self.human and self._step.was_still and self.state == "running"

    @property
    def dropped(self) -> dict[str, int]:
        """What the watchers were too slow for."""
        return self._watchers.dropped

    def fault(self, sentence: str) -> None:
        """Something went wrong: at the next step the arm holds, and what was planned until then counts no more."""
        self.told.faults.append(sentence)

    def note(self, sentence: str) -> None:
        """Something happened that control need not mind: the next record says it, and the page until then."""
        self.told.notes.append(sentence)
        self._message = sentence
        self.refresh()

    def watched_anew(self, sentence: str) -> None:
        """Somebody watches who does not know yet where everything is."""
        self.player.forget()
        self.note(sentence)
        if self.player.looked is None:
            self.show()
            if self.episode is None:
                self.player.introduce()
        else:
            self.player.show(*self.journal.find(*self.player.looked))

    def show(self) -> None:
        """Tell the live view where everything is."""
        self.robot.show(self.episode.step if self.episode is not None else 0)

    def too_slow(self, sentence: str) -> None:
        """The machine does not keep up: the arm holds until somebody presses Run."""
        if self.state == "running":
            self.fault(sentence)
            self.hold(sentence)
            self.refresh()

    def hold(self, sentence: str) -> None:
        """From the next control step on, until somebody says otherwise; nobody drives any more."""
        self.robot.new_generation()
        self.robot.hide_paths()
        self.let_go()
        self.single_steps = 0
        if self.episode is not None:
            self.episode.held = 0
        self.say("holding", sentence)

    def freeze(self) -> None:
        """Time stands still until somebody lets it go on."""
        self.before_pause = self.state
        self.say("paused", "Time is frozen: Resume goes on, Step does one control step.")

    def let_go(self) -> None:
        """No human drives any more."""
        self.human = False
        self.hand.let_go()
        self.corrections.let_go()

    def control_step(self, due: float, wait_until: Callable[[float], None]) -> None:
        """Observe, decide, act, record.

        Args:
            due: when the action is to be sent, seconds of `time.monotonic()`.
            wait_until: sleeps to such a time; what moves is shown in slices so that motion is smooth.

        Raises:
            Unrecoverable: with one sentence; the episode is closed.
        """
        episode = self.episode
        self.player.leave()
        if episode is None or episode.outcome is not None:
            self.settling -= 1
            step = episode.step if episode is not None else 0
            try:
                self.robot.simulate(self.robot.hold_action(), step)
                self.robot.play(due, step, wait_until)
            except Diverged as error:
                self._message = str(error)
            if self.settling == 0 and self.plan and self.state == "ended":
                self.command("run", {"instruction": "; ".join(self.plan)})
        elif (unsaved := self.journal.recorder.error_of(episode.log_path)) is not None:
            self.close_episode("aborted", unsaved, "fault")
        else:
            self._step.do(episode, due, wait_until)
        self.refresh()

    def look_ahead(self) -> float:
        """Take the pictures of the next step; milliseconds that it took."""
        started = time.perf_counter()
        try:
            self.robot.look_ahead()
        except CamerasLost as error:
            self.fault(str(error))
        return 1e3 * (time.perf_counter() - started)

    def play_step(self) -> None:
        """Show the next recorded step of what is played."""
        self.player.turn()
        self.refresh()

    # Episodes.

    def begin_episode(self, instruction: str) -> None:
        """From the present scene, which may be that of a recorded step."""
        robot = self.robot
        self.player.leave()
        self.player.forget()
        self.instruction = instruction
        branch, self.rewound = self.rewound, None
        if branch is None:
            self.told.nudges.clear()  # the scene that it begins with is on record
        checkpoint = ("", "") if robot.driver is None else robot.driver.checkpoint
        self.journal.begin(instruction, robot.seed, self.schedule, self.latency_ms, robot.geometry, branch, checkpoint)
        robot.env.set_instruction(instruction)
        self.settling = 0
        self.told.begin()
        robot.new_generation()
        if robot.driver is not None:
            robot.driver.runtime.reset(robot.generation, episode_seed=robot.seed)

    def close_episode(self, outcome: Outcome, sentence: str, by: OutcomeBy) -> None:
        """Write the last record: the state that the episode ended in, with its outcome and who said so."""
        episode, robot = self.episode, self.robot
        if episode is None or episode.outcome is not None:
            return
        poses = robot.env.body_poses()
        record = robot.decide(episode.id, episode.step, self.instruction, NOBODY)
        self.told.hand_over(record, faults=False)
        self.journal.end(record, poses, outcome, sentence, by)
        self.corrections.ended(outcome == "success", bool(episode.timeline.human_spans()))
        robot.new_generation()
        self.let_go()
        self.settling = SETTLE_STEPS
        self.single_steps = 0
        if outcome != "success":
            self.plan.clear()
        follows = f" Next: “{self.plan[0]}”." if self.plan else ""
        self.say("ended", sentence + follows)
        robot.show(episode.step)

    def close(self) -> None:
        """End the open episode and the policy's loops."""
        self.close_episode("aborted", "The cockpit was closed.", "human")
        self.refresh()
        self.robot.close()

    # What others see.

    def refresh(self) -> None:
        """Make the status anew."""
        self.status = describe(self)

    @property
    def message(self) -> str:
        """One sentence about how things are."""
        if self.state == "running":
            if self.blocked:
                return "The record cannot keep up with the disk; the arm holds until it has."
            if (event := self.told.event) is not None:
                return event
            if self.robot.holds >= STARVED_STEPS and not self.human:
                return "The arm holds: the planner has no valid intent yet."
        if self.state in ("ended", "idle") and self.episode is not None:
            error = self.journal.recorder.error_of(self.episode.log_path)
            if error is not None and error not in self._message:
                return f"{self.episode.id} is not saved whole. {error}"
        return self._message

    def say(self, state: State, message: str) -> None:
        """Another state, and the sentence that goes with it."""
        self.state, self._message = state, message
