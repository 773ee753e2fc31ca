"""One recorded control step: observe, decide, act, judge, record, show."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from app.session.episode import Episode, Verdict
from app.session.robot import HUMAN, MAX_LOST_PICTURES, NOBODY, POLICY, SHOWN_AFTER, CamerasLost, Diverged, Who
from records import StepRecord

if TYPE_CHECKING:
    from app.session.session import Session

SEEN_AHEAD: Final = 2
"""slices that the first picture of a human's motion is ahead of time: what they do is to be seen at once"""


class Unrecoverable(RuntimeError):
    """Only a new process can help; the message says why."""


class RecordedStep:
    """Of an episode that goes on.

    Args:
        session: whose.
    """

    def __init__(self, session: Session) -> None:
        self.was_still = False
        """whether the last one moved nothing"""
        self._session = session

    def do(self, episode: Episode, due: float, wait_until: Callable[[float], None]) -> None:
        """Arguments as of `Session.control_step`.

        Raises:
            Unrecoverable: with one sentence; the episode is closed.
        """
        session, robot, who = self._session, self._session.robot, self._who()
        session.ghost = None
        session.single_steps -= session.state == "paused"
        started = time.perf_counter()
        poses = robot.env.body_poses()
        kept = robot.keep() if who == POLICY else None
        held = robot.hold_action()
        record = self._decide(episode, who)
        rested = self.was_still
        self.was_still = bool(np.array_equal(record.action, held))
        record.due_late = max(0.0, time.monotonic() - due)
        record.wall_time = time.time()
        record.durations["decision"] = 1e3 * (time.perf_counter() - started)
        verdict: Verdict | None = None
        try:
            record.durations["physics"] = robot.simulate(record.action, episode.step)
        except Diverged as error:
            verdict = "aborted", str(error), "fault"
        episode.step += 1
        if who == HUMAN:  # who moves something wants to see it move
            robot.show_slice(record.step, ahead=SEEN_AHEAD if rested else 0)
        verdict = verdict or self._verdict(episode, who)
        if verdict is None and who != NOBODY:
            record.durations["render"] = session.look_ahead()
        record.durations["record"] = session.journal.recorder.milliseconds
        session.told.happened(record)
        session.journal.emit(record, poses, kept)
        robot.play(due, record.step, wait_until, after=0.0 if who == HUMAN else SHOWN_AFTER)
        if verdict is not None:
            session.close_episode(*verdict)
        self._give_up_if_lost()

    def _who(self) -> Who:
        if self._session.human and self._session.state != "holding":
            return HUMAN
        return POLICY if self._session.policy_drives else NOBODY

    def _decide(self, episode: Episode, who: Who) -> StepRecord:
        """The record of the step that begins; while something is wrong the arm holds and the record says what."""
        session, robot = self._session, self._session.robot
        if session.told.faults and who == POLICY:
            robot.new_generation()
        try:
            driver = NOBODY if session.told.faults else who
            record = robot.decide(episode.id, episode.step, session.instruction, driver)
        except CamerasLost as error:
            session.fault(str(error))
            record = robot.decide(episode.id, episode.step, session.instruction, NOBODY)
        session.told.hand_over(record)
        return record

    def _give_up_if_lost(self) -> None:
        session, driver = self._session, self._session.robot.driver
        hangs = driver is not None and driver.runtime.lost and not session.human  # who drives by hand needs no policy
        if not hangs and session.robot.lost_pictures < MAX_LOST_PICTURES:
            return
        what = "The policy hangs" if hangs else "The policy's cameras cannot be started anew"
        sentence = f"{what}: the session is started again."
        session.close_episode("aborted", sentence, "fault")
        raise Unrecoverable(sentence)

    def _verdict(self, episode: Episode, who: Who) -> Verdict | None:
        robot, settings = self._session.robot, self._session.settings
        if robot.decision is not None and robot.decision.refusal is not None:
            return "refused", robot.decision.refusal, "planner"
        if who == POLICY:
            return episode.after_policy(robot.env.success(), settings)
        if who == HUMAN and robot.holds == 0:
            return episode.after_human(robot.env.success(), settings)
        return episode.after_held(settings)
