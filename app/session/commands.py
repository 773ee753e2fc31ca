"""What may be asked of the session: each command changes it, or is refused as a whole with one sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from app.session.episode import BranchPoint
from app.session.operator import BACK_SECONDS, OperatorCommands
from app.session.protocol import (
    CommandError,
    check_back,
    check_finish,
    check_holder,
    check_instruction,
    check_instructions,
    check_latency,
    check_numbers,
    check_pin_steps,
    check_pins,
    check_schedule,
    check_seed,
    check_speed,
    check_step,
)
from app.session.recalled import Recalled, check_log
from app.session.robot import HUMAN, POLICY
from app.session.showing import Showing, origin_of
from records import ACTION_NAMES
from scenes.nudges import describe as describe_nudge

if TYPE_CHECKING:
    from app.session.session import Session

SETTLE_STEPS = 40
"""control steps for which time goes on after something was moved, so that it comes to rest"""
PIN_STEPS = 20
"""control steps for which a branch has its tokens pinned, if nothing else is said"""
_FOR_THE_DRIVER = ("run", "pause", "step", "reset", "rewind", "branch", "finish", "nudge")
"""what nobody does to the scene of somebody else who drives"""
_LOADING = "The policy is being loaded: try again as soon as it is ready."


class SessionCommands:
    """The commands of a session; `drive` is not among them, it waits for no control step.

    Args:
        session: whose.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._attempt = OperatorCommands(session, self)
        self.showing = showing = Showing(session)
        self._commands: dict[str, Callable[[dict[str, Any]], None]] = {
            "status": lambda _: None,
            "episodes": lambda _: None,
            "reset": lambda given: session.reset(check_seed(given.get("seed"))),
            "run": lambda given: self.run(*check_instructions(given.get("instruction"))),
            "pause": lambda _: self._pause(),
            "step": lambda _: self._step(),
            "stop": lambda _: self._stop(),
            "take_over": lambda given: self.take_over(check_holder(given.get("holder"))),
            "hand_back": lambda given: self._hand_back(check_holder(given.get("holder"))),
            "ask": lambda given: self._ask(check_holder(given.get("holder"))),
            "give": lambda given: self._give(check_holder(given.get("holder"))),
            "keep": lambda given: self._keep(check_holder(given.get("holder"))),
            "mark_failure": lambda given: self._attempt.mark_failure(
                check_holder(given.get("holder")), check_back(given.get("seconds", BACK_SECONDS))
            ),
            "finish": lambda given: self._attempt.finish(
                check_finish(given.get("outcome")), given.get("instruction"), given.get("seed")
            ),
            "nudge": lambda given: self._nudge(given.get("name"), check_numbers(given.get("offset"))),
            "pin_tokens": lambda given: self._pin(check_pins(given.get("pins")), check_pin_steps(given.get("steps"))),
            "preview_tokens": lambda given: self._preview(
                check_pins(given.get("pins")), check_pin_steps(given.get("steps"))
            ),
            "look": lambda given: showing.look(check_step(given.get("step")), given.get("episode")),
            "open": lambda given: showing.open(check_log(given.get("path")), given.get("name"), given.get("step")),
            "open_evaluated": lambda given: showing.open_evaluated(
                given.get("root"), given.get("evaluation"), check_step(given.get("number")), given.get("step")
            ),
            "play": lambda given: showing.play(given.get("on", True), check_speed(given.get("speed", 1))),
            "rewind": lambda given: self.rewind(check_step(given.get("step")), given.get("episode")),
            "branch": self._branch,
            "set_schedule": lambda given: session.set_schedule(check_schedule(given.get("name"))),
            "set_planner_latency": lambda given: session.set_latency(check_latency(given.get("ms"))),
        }

    def carry_out(self, name: str, arguments: dict[str, Any]) -> None:
        """Carry out a command.

        Raises:
            CommandError: it was refused, and nothing of it was done.
        """
        if name not in self._commands:
            raise CommandError(f"There is no command {name!r}; use {', '.join(self._commands)}.")
        if name in _FOR_THE_DRIVER and "holder" in arguments:
            self.session.hand.spare(check_holder(arguments["holder"]))
        self._commands[name](arguments)

    # The policy at work.

    def run(self, instruction: str, *following: str) -> None:
        """A new episode, or new words for the running one; what follows is done after it."""
        session = self.session
        if session.human and session.hand.holder is not None and session.journal.open:
            session.plan = list(following)
            self._new_words(instruction)
            session.robot.new_words()
            session.say(session.state, f"“{instruction}”: you drive; Hand back lets the policy do it.")
            return
        if session.robot.driver is None and session.problem is None:
            session.pending_run = "; ".join((instruction, *following))
            session.instruction = instruction
            session.say(session.state, "The policy is being loaded; it starts as soon as it is ready.")
            return
        self._require_policy()
        session.plan = list(following)
        if session.journal.open:
            session.robot.new_generation()
            self._new_words(instruction)
        else:
            session.begin_episode(instruction)
        session.let_go()
        session.say("running", f"“{instruction}”")
        session.look_ahead()  # now: a first control step that draws its own pictures comes late

    def _new_words(self, instruction: str) -> None:
        session = self.session
        assert session.episode is not None
        session.instruction = instruction
        session.robot.env.set_instruction(instruction)
        session.episode.new_words(instruction)

    def _require_policy(self) -> None:
        if self.session.robot.driver is None:
            raise CommandError(self.session.problem or _LOADING)

    def _pause(self) -> None:
        session = self.session
        if session.state == "paused":
            session.single_steps = 0
            if session.rewound is not None:
                self._go_on()
            else:
                session.say(session.before_pause, "Time goes on.")
        elif session.state in ("running", "holding"):
            session.freeze()
        else:
            raise CommandError("Nothing is running: type an instruction and press Run first.")

    def _step(self) -> None:
        session = self.session
        if session.state != "paused":
            raise CommandError("Step works while time is frozen: press Pause first.")
        if session.rewound is not None:
            self._go_on()
            session.freeze()
        session.single_steps += 1

    def _stop(self) -> None:
        session = self.session
        session.plan.clear()
        if session.pending_run is not None:
            session.new_scene()
        if session.journal.open:
            session.hold("Stopped: the arm holds. Press Run to go on, or Reset for a new scene.")

    # A human's hands: on the arm, on the world.

    def take_over(self, holder: str) -> None:
        """The arm to somebody, from the next control step on.

        Raises:
            CommandError: somebody else has it.
        """
        session = self.session
        session.hand.take(holder)
        session.pending_run = None
        session.plan.clear()
        session.single_steps = 0
        if session.journal.open:
            session.robot.new_generation()  # what the policy saw and planned until now counts no more
        else:
            try:
                self._begin_from_here(session.instruction)
            except CommandError:
                session.let_go()
                raise
        session.human = True
        session.corrections.take()
        session.robot.hide_paths()
        session.say("running", "You drive: the arm moves while you command it. Hand back when the policy shall go on.")

    def _hand_back(self, holder: str) -> None:
        session = self.session
        session.hand.require(holder)
        if not session.instruction:
            raise CommandError("The policy needs to know what to do: type an instruction, press Run, then hand back.")
        self._require_policy()
        session.let_go()
        session.robot.new_generation()
        if session.episode is not None:
            session.episode.driven = 0
        session.say("running", f"The policy goes on: “{session.instruction}”")
        session.look_ahead()

    def _ask(self, asker: str) -> None:
        self.session.hand.ask(asker)
        self.session.note(f"{_named(asker)} asks for the arm.")

    def _give(self, holder: str) -> None:
        asker = self.session.hand.answer(holder, gives=True)
        self.take_over(asker)
        self.session.note(f"{_named(holder)} gave the arm to {asker}.")

    def _keep(self, holder: str) -> None:
        asker = self.session.hand.answer(holder, gives=False)
        self.session.note(f"{_named(holder)} keeps the arm; {asker} may ask again.")

    def _nudge(self, name: object, numbers: tuple[float, ...]) -> None:
        session = self.session
        if not isinstance(name, str):
            raise CommandError("Say what to move by its name, such as 'red cube'.")
        try:
            session.robot.nudge(name, numbers)
        except ValueError as error:
            raise CommandError(str(error)) from error
        session.told.nudges.append((name, numbers))
        session.note(describe_nudge(name, numbers))
        session.show()
        if not session.journal.open:
            session.settling = SETTLE_STEPS

    def _pin(self, pins: dict[int, int], steps: int) -> None:
        session = self.session
        step = self._require_policy_driving()
        session.robot.steer(pins, step + steps)
        if not pins:
            session.note("The planner's tokens are its own again.")
            return
        named = ", ".join(f"{ACTION_NAMES[dimension]} to bin {chosen}" for dimension, chosen in pins.items())
        session.note(f"Steered by hand for {steps} control steps: {named}.")

    def _preview(self, pins: dict[int, int], steps: int) -> None:
        """Where pinned tokens would lead, before they are."""
        session = self.session
        step = self._require_policy_driving()
        if session.state != "paused":
            raise CommandError("Press Pause first: then you see where the tokens would lead, before they do.")
        session.ghost = session.robot.preview(step, session.instruction, pins, steps) if pins else None

    def _require_policy_driving(self) -> int:
        session = self.session
        if not session.policy_drives or session.episode is None or session.rewound is not None:
            raise CommandError("Tokens are pinned while the policy drives: press Run, and Pause for time to think.")
        return session.episode.step

    # Time.

    def rewind(self, step: int, episode: str | None) -> None:
        """Scene and policy as they were at a recorded step, frozen until somebody goes on.

        Raises:
            CommandError: there is no such step.
        """
        session = self.session
        found, record = session.journal.find(episode, step)
        if isinstance(found, Recalled) and found.stays:
            raise CommandError(found.stays)
        session.close_episode("aborted", f"Somebody went back to step {step} of {found.id}.", "human")
        session.let_go()
        session.player.leave()
        session.settling = 0
        session.told.nudges.clear()
        session.robot.restore(record)
        session.rewound = BranchPoint(found.id, step)
        session.instruction = record.instruction
        session.before_pause = "running"
        session.robot.show(step)
        origin = origin_of(found, session.robot.driver)
        session.say(
            "paused",
            f"Step {step} of {found.id}: press Take over, or Resume for the policy. {origin}"
            if origin
            else f"Step {step} of {found.id}: Resume lets the policy go on from here, Run with other words, "
            "Take over by hand.",
        )

    def _branch(self, given: dict[str, Any]) -> None:
        """From a recorded step on: by whom, with which words, tokens, schedule and latency; all is checked first."""
        session = self.session
        if session.state == "running":
            raise CommandError("An episode is running: press Pause or Stop first, then branch.")
        step, driver = check_step(given.get("step")), given.get("driver", POLICY)
        if driver not in (POLICY, HUMAN):
            raise CommandError(f"The driver of a branch is {POLICY} or {HUMAN}, not {driver!r}.")
        words, schedule, latency = (given.get(name) for name in ("instruction", "schedule", "planner_latency_ms"))
        words = None if words is None else check_instruction(words)
        schedule = session.schedule if schedule is None else check_schedule(schedule)
        latency = session.latency_ms if latency is None else check_latency(latency)
        holder = check_holder(given.get("holder")) if driver == HUMAN else None
        pins = check_pins(given.get("pins") or {})
        steps = check_pin_steps(given.get("steps", PIN_STEPS))
        if pins and holder is not None:
            raise CommandError("Tokens are pinned while the policy drives: leave the pins out.")
        found, record = session.journal.find(given.get("episode"), step)
        if holder is None:
            self._require_policy()
            if not (words or record.instruction):
                raise CommandError("Nobody has said what to do there: give an instruction.")
        self.rewind(step, found.id)
        session.set_schedule(schedule)
        session.set_latency(latency)
        if holder is not None:
            session.instruction = words or session.instruction
            self.take_over(holder)
        elif words is not None and words != session.instruction:
            self.run(words)
        else:
            self._go_on()
        if pins:
            self._pin(pins, steps)

    def _go_on(self) -> None:
        """The policy goes on from where the scene was taken back to, as it went on then."""
        session = self.session
        self._require_policy()
        if not session.instruction:
            raise CommandError("Nobody has said what to do: type an instruction and press Run, or press Take over.")
        point = session.rewound
        assert point is not None
        self._begin_from_here(session.instruction)
        session.say("running", f"“{session.instruction}”, from step {point.step} of {point.episode} on")
        session.look_ahead()

    def _begin_from_here(self, words: str) -> None:
        """An episode from the present scene; from a recorded step with all that was known there, if the words are."""
        session, point = self.session, self.session.rewound
        if point is None:
            session.begin_episode(words)
            return
        found, record = session.journal.find(point.episode, point.step)  # before anything is changed
        kept = found.kept_at(point.step)
        session.begin_episode(words)
        if words == record.instruction:
            session.robot.restore(record, kept)
            for name, numbers in session.told.nudges:  # since the scene was taken back
                session.robot.nudge(name, numbers)


def _named(who: str) -> str:
    """At the beginning of a sentence."""
    return who[0].upper() + who[1:]
