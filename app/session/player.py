"""Plays recorded steps in the live view and in Rerun, as fast as they happened, while nothing moves."""

from __future__ import annotations

from typing import Final

from app.session.episode import Episode
from app.session.protocol import CommandError
from app.session.recalled import Recalled
from app.session.robot import Robot
from app.session.watchers import Watchers
from records import StepRecord
from scenes.world import World

_AT_ONCE: Final = 8
"""recorded steps that Rerun is told of in one turn: its sender drops what comes faster than it sends"""


class Player:
    """One episode at a time. Rerun is told of every step up to the one that the live view shows: both are at the same.

    Args:
        robot: shows recorded steps.
        watchers: Rerun is among them.
    """

    def __init__(self, robot: Robot, watchers: Watchers) -> None:
        self.playing = False
        self.speed = 1.0
        self._robot = robot
        self._watchers = watchers
        self._episode: Episode | None = None
        self._at = 0.0
        """index of the next record to show, in fractions where it is played slowly"""
        self._told: tuple[Episode, int] | None = None
        """whose recording Rerun has open, and the index of the record that it is told next"""
        self._until = 0
        """index up to which it is to be told, while nothing plays"""
        self._world: World | None = None

    def start(self, episode: Episode, step: int, speed: float) -> None:
        """From a control step on; what Rerun knows of the episode already it is not told again."""
        index = step - episode.records[0].step
        if self._told is None or self._told[0] is not episode:
            self._begin(episode, index)
        elif self._told[1] == index + 1:
            index += 1  # this step is on screen already
        self._episode, self._at, self.speed, self.playing = episode, float(index), speed, True

    def stop(self) -> None:
        """Stay where it is."""
        self.playing, self._until = False, 0

    @property
    def busy(self) -> bool:
        """Whether `turn` has something to do."""
        return self.playing or (self._told is not None and self._told[1] < self._until)

    def look(self, episode: Episode, step: int) -> None:
        """Rerun is to know an episode up to a control step, turn by turn."""
        if self._told is None or self._told[0] is not episode:
            self._begin(episode, 0)
        self._until = step - episode.records[0].step + 1

    def forget(self) -> None:
        """Rerun was told of something else, or is another one now."""
        self.playing, self._told = False, None

    def turn(self) -> tuple[str, int] | None:
        """Show what is next, or tell of it; the episode and the step that are shown, None where nothing new is."""
        if not self.playing:
            self._tell_more()
            return None
        episode = self._episode
        assert episode is not None
        index = int(self._at)
        if index >= len(episode.records):
            self.playing = isinstance(episode, Recalled) and episode.reading  # the rest is not there yet
            return None
        record = episode.records[index]
        self._robot.show_record(record)
        self._until = index + 1
        self._tell_more()
        self._at += self.speed
        return episode.id, record.step

    def _tell_more(self) -> None:
        if self._told is None:
            return
        episode, index = self._told
        after = min(self._until, index + _AT_ONCE, len(episode.records))
        for each in episode.records[index:after]:
            self._tell(each)
        self._told = (episode, max(index, after))
        if after == len(episode.records):
            self._until = 0

    def _begin(self, episode: Episode, index: int) -> None:
        world = self._world = self._world or World()  # of its own: the scene stays as it is
        try:
            world.set_state(episode.records[index].state)
        except ValueError as error:
            raise CommandError(str(error)) from error
        self._watchers.show_episode(episode.id, episode.instruction, self._robot.env.geometry(world))
        self._told = (episode, index)

    def _tell(self, record: StepRecord) -> None:
        assert self._world is not None
        self._world.set_state(record.state)
        data = self._world.data
        self._watchers.show_step(record, (data.xpos.astype("float32"), data.xquat.astype("float32")))
