"""The operator's protocol: a failure is marked, undone and put right; a finished attempt makes way for the next one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from app.session.protocol import MAX_SEED, CommandError, check_instructions, check_seed
from library.edits import read_edits, write_edits
from library.errors import LibraryError
from records import CONTROL_HZ, Outcome
from scenes.goals import Goal
from scenes.language import interpret

if TYPE_CHECKING:
    from app.session.commands import SessionCommands
    from app.session.session import Session

BACK_SECONDS: Final = 2.0
"""from a failure that was seen to before it"""
SAVE_SECONDS: Final = 5.0
"""within which the record of a finished episode must be on the disk"""


class OperatorCommands:
    """Two commands, each for a whole step of an operator's work.

    Args:
        session: whose.
        commands: what they are made of.
    """

    def __init__(self, session: Session, commands: SessionCommands) -> None:
        self.session, self._commands = session, commands

    def mark_failure(self, holder: str, seconds: float = BACK_SECONDS) -> None:
        """The episode failed: it ends so, the scene goes back, and a human has the arm, in an episode of their own.

        Raises:
            CommandError: nothing has been done yet, or somebody else has the arm; nothing is changed.
        """
        session, episode = self.session, self.session.episode
        if episode is None or not episode.records:
            raise CommandError("Nothing has been done that could have failed: press Run first.")
        self._require_shown(episode.id)
        first, last = episode.records[0].step, episode.records[-1].step
        back = max(first, last - round(seconds * CONTROL_HZ))
        if session.hand.holder is not None:
            session.hand.require(holder)
        self._end(episode.id, "failure", f"A human saw it fail at step {episode.step}.")
        self._commands.rewind(back, episode.id)
        self._commands.take_over(holder)
        session.say(
            "running",
            f"{episode.id} is marked as a failure; {(last - back) / CONTROL_HZ:.1f} s back, you drive. "
            "Hand back, or finish it as a success.",
        )

    def finish(self, outcome: Outcome, instruction: object = None, seed: object = None) -> None:
        """The attempt is over, as the human says; it is saved, and the next scene begins.

        Args:
            outcome: success or failure.
            instruction: for the next scene; None or "": the same where it can be done there, or one like it.
            seed: of the next scene; None: the one after the present.

        Raises:
            CommandError: there is nothing to finish, or it could not be saved.
        """
        session, episode = self.session, self.session.episode
        following = (session.robot.seed + 1) % (MAX_SEED + 1) if seed is None else check_seed(seed)
        words = check_instructions(instruction) if instruction else None
        if episode is None or not episode.records:
            raise CommandError("There is no attempt to finish: press Run first.")
        self._require_shown(episode.id)
        goal, said = session.robot.env.goal, session.instruction
        session.plan.clear()
        self._end(episode.id, outcome, f"A human said that it is a {outcome}.")
        recorder = session.journal.recorder
        if not recorder.flush(SAVE_SECONDS):
            raise CommandError(f"The disk is slow: {episode.id} is not saved yet. Finish once more in a moment.")
        if (error := recorder.error_of(episode.log_path)) is not None:
            raise CommandError(error)
        saved = f"{episode.id} is saved as a {outcome}."
        session.reset(following)
        words = words or self._next_words(goal, said)
        if not words:
            session.say("idle", f"{saved} Scene {following} is ready: type an instruction.")
        elif session.robot.driver is None and session.problem is not None:
            session.instruction = words[0]
            session.say("idle", f"{saved} Scene {following}: “{words[0]}”. Take over, there is no policy.")
        else:
            self._commands.run(*words)
            session.say(session.state, f"{saved} Scene {following}: “{words[0]}”")

    def _require_shown(self, name: str) -> None:
        """Nobody says how an episode went while another one is before their eyes."""
        shown = self.session.shown
        if shown is not None and shown != name:
            raise CommandError(
                f"The live view shows {shown}, and this would be said of {name}: relabel {shown} on the library page, "
                "or press Run or Reset first."
            )

    def _end(self, name: str, outcome: Outcome, sentence: str) -> None:
        """Close the open episode; what a human says of one that has ended already goes beside its record."""
        session, episode = self.session, self.session.episode
        assert episode is not None
        if session.journal.open:
            session.close_episode(outcome, sentence, "human")
        elif episode.outcome != outcome:
            try:
                write_edits(episode.log_path, replace(read_edits(episode.log_path), outcome=outcome))
            except LibraryError as error:
                raise CommandError(str(error)) from error
            if episode.timeline.human_spans():
                session.corrections.useful += (outcome == "success") - (episode.outcome == "success")
            episode.outcome = outcome

    def _next_words(self, goal: Goal | None, said: str) -> list[str]:
        """The same words if this scene can do that, or else what is most like them."""
        env = self.session.robot.env
        possible = env.suggestions()
        if goal is None:
            return self.session.robot.suggestions[:1]
        if goal.instruction in possible:
            return [said]
        meant = [(words, interpret(words, env.objects)) for words in possible]
        alike = [(words, found) for words, found in meant if found is not None and found.family == goal.family]
        alike.sort(key=lambda each: each[1].detail != goal.detail)
        return [words for words, _ in alike[:1]] or self.session.robot.suggestions[:1]
