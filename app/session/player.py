"""Plays recorded steps in the live view and in Rerun, as fast as they happened, while nothing moves."""

from __future__ import annotations

import contextlib
from typing import Final

from app.session.episode import Episode
from app.session.protocol import CommandError
from app.session.recalled import LEAD, Recalled
from app.session.robot import CamerasLost, Robot
from app.session.watchers import Watchers
from records import StepRecord
from scenes.world import World

_AT_ONCE: Final = 8
"""recorded steps that Rerun is told of in one turn, if its sender has sent nearly all of those before: it drops what
comes faster than it sends"""


class Player:
    """One episode at a time, of which Rerun is told every step as soon as it is looked at: its cursor may go anywhere.

    Args:
        robot: shows recorded steps.
        watchers: Rerun is among them.
    """

    def __init__(self, robot: Robot, watchers: Watchers) -> None:
        self.playing = False
        self.speed = 1.0
        self.looked: tuple[str, int] | None = None
        """episode and step that the live view shows instead of now"""
        self.record: StepRecord | None = None
        """of that step"""
        self._robot = robot
        self._watchers = watchers
        self._episode: Episode | None = None
        self._at = 0.0
        """index of the next record to show, in fractions where it is played slowly"""
        self._told: tuple[Episode, int] | None = None
        """whose recording Rerun has open, and the index of the record that it is told next; before 0: it has not yet"""
        self._world: World | None = None

    def show(self, episode: Episode, record: StepRecord) -> None:
        """A recorded step of it. Rerun gets to know the episode, turn by turn; what it knows it is not told again."""
        self.playing = False
        self._show(episode, record)
        self._follow(episode)

    def start(self, episode: Episode, step: int, speed: float) -> None:
        """From a control step on."""
        self._follow(episode)
        self._episode, self._at, self.speed, self.playing = episode, float(step - episode.records[0].step), speed, True

    def stop(self) -> None:
        """Stay where it is."""
        self.playing = False

    @property
    def busy(self) -> bool:
        """Whether `turn` has something to do."""
        if self.playing or self._told is None:
            return self.playing
        episode, index = self._told
        return index < len(episode.records) or grows(episode)

    def introduce(self) -> None:
        """Rerun gets a picture of a scene in which nothing was asked yet: there is something to see in it."""
        if not self._watchers.recorded:
            return
        robot, env = self._robot, self._robot.env
        self.forget()
        name = f"scene-{robot.seed}"
        with contextlib.suppress(CamerasLost):
            record = robot.picture(name)
            self._watchers.show_scene(name, env.geometry(), record, env.body_poses())

    def leave(self) -> None:
        """The live view shows what is now."""
        self.playing, self.looked, self.record = False, None, None

    @property
    def recording(self) -> str | None:
        """Id of the recording in Rerun of what the live view shows."""
        return self._watchers.present if self.looked is None else self._watchers.recordings.get(self.looked[0])

    def _show(self, episode: Episode, record: StepRecord) -> None:
        self.looked, self.record = (episode.id, record.step), record
        self._robot.show_record(record)

    def _follow(self, episode: Episode) -> None:
        if not self._watchers.knows(episode.id) and (self._told is None or self._told[0] is not episode):
            self._begin(episode)

    def forget(self) -> None:
        """Rerun was told of something else, or is another one now."""
        self.playing, self._told = False, None

    def turn(self) -> None:
        """Show what is next, and tell Rerun of more."""
        self._tell_more()
        if not self.playing:
            return
        episode = self._episode
        assert episode is not None
        index = int(self._at)
        if index >= len(episode.records):
            self.playing = grows(episode)  # the rest is not there yet
            return
        self._show(episode, episode.records[index])
        self._at += self.speed
        if isinstance(episode, Recalled):
            episode.wanted = max(episode.wanted, episode.records[0].step + int(self._at + LEAD * self.speed))

    def _tell_more(self) -> None:
        if self._told is None or self._watchers.waiting >= _AT_ONCE:
            return
        episode, index = self._told
        if isinstance(episode, Recalled) and episode.fresh:
            return  # the live view's first pictures come first
        if index < 0:
            self._watchers.show_episode(episode.id, episode.instruction, self._robot.env.geometry(self._world))
            index = 0
        after = min(index + _AT_ONCE, len(episode.records))
        for each in episode.records[index:after]:
            self._tell(each)
        self._told = (episode, after)

    def _begin(self, episode: Episode) -> None:
        world = self._world = self._world or World()  # of its own: the scene stays as it is
        try:
            world.set_state(episode.records[0].state)
        except ValueError as error:
            raise CommandError(str(error)) from error
        self._told = (episode, -1)

    def _tell(self, record: StepRecord) -> None:
        assert self._world is not None
        self._world.set_state(record.state)
        data = self._world.data
        self._watchers.show_step(record, (data.xpos.astype("float32"), data.xquat.astype("float32")))


def grows(episode: Episode) -> bool:
    """Whether more of it is being read."""
    return isinstance(episode, Recalled) and episode.reading
