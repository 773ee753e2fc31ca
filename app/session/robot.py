"""The robot in its scene: observes, lets the policy decide or holds, simulates, and shows where everything is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from app.session.hand import Hand
from app.session.watchers import Watchers
from records import PROPRIO_NAMES, Observation, StepRecord
from scenes import SLICES_PER_STEP, TabletopEnv

if TYPE_CHECKING:  # importing the policy takes seconds: the loader's thread does it
    from app.session.driver import PolicyDriver
    from policy.runtime import Decision, Kept

SLICE_SECONDS = 0.01
SHOWN_AFTER = 0.008
"""seconds from a step's due time to its first slice on the live view: what the step takes is mostly done by then"""
MAX_LOST_PICTURES = 5
"""tries in a row to draw anew, after which only a new process can help"""
Who = Literal["policy", "human", "nobody"]
POLICY: Final = "policy"
HUMAN: Final = "human"
NOBODY: Final = "nobody"
_GRIPPER = PROPRIO_NAMES.index("gripper_command")


class Diverged(RuntimeError):
    """The simulation blew up; the robot stands where it was before."""


class CamerasLost(RuntimeError):
    """The policy's cameras gave no picture; the next one is drawn by a new renderer."""


class Robot:
    """The scene, and the policy once it is loaded.

    Args:
        seed: of the first scene.
        watchers: are shown every slice.
    """

    def __init__(self, seed: int, watchers: Watchers) -> None:
        self.env = TabletopEnv()
        self.driver: PolicyDriver | None = None
        self.generation = 0
        self.decision: Decision | None = None
        """of the last step that the policy was asked for in this generation"""
        self.holds = 0
        """held steps in a row"""
        self.lost_pictures = 0
        """tries in a row at which the cameras gave nothing"""
        self.hand = Hand()
        """a human's"""
        self._watchers = watchers
        self._ahead: dict[str, NDArray] | None = None
        self._diverged_from = np.empty(0)
        self._paths: tuple[NDArray[np.float32] | None, NDArray[np.float32] | None] = (None, None)
        self._slices: list[NDArray[np.float64]] = []
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """The scene of a seed."""
        self.env.reset(seed=seed)
        self.seed = seed
        self._look_around()
        self.new_generation()
        self.hide_paths()
        self.show(0)

    def new_generation(self) -> None:
        """Whatever was observed, planned and refined until now counts no more."""
        self.generation += 1
        self._ahead = None
        self.decision = None
        self.holds = 0
        if self.driver is not None:
            self.driver.runtime.reset(self.generation)

    def decide(self, episode: str, step: int, instruction: str, who: Who) -> StepRecord:
        """The record of a control step that begins now, with its action.

        Args:
            episode: its id.
            step: control step.
            instruction: its words.
            who: the policy, a human (the policy then proposes), or nobody: then the arm holds.

        Raises:
            CamerasLost: with one sentence.
        """
        env = self.env
        state, hand = env.get_state(), env.hand_position.astype(np.float32)
        decision: Decision | None = None
        observation: Observation | None = None
        self.hide_paths()
        if who != NOBODY:
            observation = self._observation(step, instruction)
        if who == POLICY and observation is not None and self.driver is not None:
            decision = self.driver.runtime.decide(observation)
            self._paths = self.driver.overlays(decision, hand)
        self._ahead = None
        self.decision = decision
        command = self.hand.command() if who == HUMAN else None
        moved = command is not None or (decision is not None and decision.control_source == "policy")
        self.holds = 0 if moved else self.holds + 1
        record = StepRecord(
            episode=episode,
            step=step,
            generation=self.generation,
            instruction=instruction,
            wall_time=time.time(),
            due_late=0.0,
            sim_time=env.sim_time,
            state=state,
            action=self.hold_action(),
            commanded=self.hold_action(),
            proposal=None,
            control_source="hold",
            hand=hand,
            staleness=None,
            queue_depth=0,
            observation=observation,
            coarse_path=self._paths[0],
            refined_path=self._paths[1],
        )
        if command is not None:
            record.action = record.commanded = command
            record.control_source = "human"
        if who == HUMAN and observation is not None:
            self._propose(record, observation)
        if decision is not None:
            record.action, record.commanded, record.proposal = decision.action, decision.commanded, decision.proposal
            record.control_source = decision.control_source
            record.staleness, record.queue_depth = decision.staleness, decision.queue_depth
            record.durations = dict(decision.durations)
            record.intent, record.token_row, record.chunk = decision.intent, decision.token_row, decision.chunk
            record.events, record.pins = decision.events, decision.pins
        return record

    def picture(self, name: str) -> StepRecord:
        """A record of the scene as it is, with what the policy's cameras see.

        Raises:
            CamerasLost: with one sentence.
        """
        record = self.decide(name, 0, "", NOBODY)
        record.observation = self._observation(0, "")
        self.holds = 0
        return record

    def _propose(self, record: StepRecord, observation: Observation) -> None:
        """Put beside what a human does what the policy would do; late as it may be, nobody waits for it."""
        if self.driver is None or not observation.instruction or self.driver.runtime.lost:
            return
        proposed = self.driver.runtime.decide(observation, driven=record.action)
        record.proposal, record.staleness = proposed.proposal, proposed.staleness
        record.intent, record.token_row, record.chunk = proposed.intent, proposed.token_row, proposed.chunk
        record.durations = dict(proposed.durations)

    def new_words(self) -> None:
        """What the policy proposes beside a human from now on is about other words."""
        if self.driver is not None:
            self.driver.runtime.reset(self.generation)

    def simulate(self, action: NDArray[np.float32], step: int) -> float:
        """Advance one control step at once; milliseconds that it took. `play` shows what moved meanwhile, in its time.

        Raises:
            Diverged: with one sentence; the scene is as it was before, or new if that diverges, too.
        """
        started, before = time.perf_counter(), self.env.get_state()
        self._slices.clear()
        for index in range(SLICES_PER_STEP):
            try:
                if index == 0:
                    self.env.begin_step(action)
                self.env.advance_slice()
            except Exception as error:  # of the solvers, whatever they make of numbers that are none
                raise Diverged(self._put_back(before, step)) from error
            if self.env.diverged:
                raise Diverged(self._put_back(before, step))
            self._slices.append(self.env.qpos)
        return 1e3 * (time.perf_counter() - started)

    def play(self, due: float, step: int, wait: Callable[[float], None], after: float = SHOWN_AFTER) -> None:
        """Show the slices of the last control step when they are due, `after` seconds later; returns at the last.

        What a step takes is done by then, but for the sleep: the next one begins on time on a busy machine, too.
        """
        for index in range(SLICES_PER_STEP - len(self._slices), SLICES_PER_STEP):
            wait(due + after + index * SLICE_SECONDS)
            self.show_slice(step)

    def show_slice(self, step: int, ahead: int = 0) -> None:
        """Show the next slice of the last control step now, or one that is so many further on."""
        del self._slices[: min(ahead, len(self._slices) - 1)]
        if self._slices:
            by_hand = self.hand.holder is not None
            paths, now = self._paths, time.monotonic()
            self._watchers.pose(self._slices.pop(0), *paths, step, now, self.seed, by_hand, self.env.changes)

    def _put_back(self, before: NDArray[np.float64], step: int) -> str:
        self._slices.clear()
        if np.array_equal(before, self._diverged_from) or not np.isfinite(before).all():
            self.env.world.reset(self.seed)
            return "The simulation blew up again from the same state; the scene was built anew. Press Run to go on."
        self.env.set_state(before)
        self._diverged_from = before
        return f"The simulation blew up at step {step}; all is back where it was before, and the arm holds. Press Run."

    def nudge(self, name: str, numbers: tuple[float, ...]) -> None:
        """Do something to the world, now, between two control steps, see `scenes.nudges`.

        Raises:
            ValueError: one sentence why not; nothing of it was done.
        """
        there = self.env.objects
        self.env.nudge(name, numbers)
        self._ahead = None
        if there != self.env.objects:
            self._look_around()
            self._watchers.things([each for each in self.geometry if each.body not in there])

    def keep(self) -> Kept | None:
        """What the policy's runtime knows before a control step."""
        return None if self.driver is None else self.driver.runtime.keep()

    def steer(self, pins: dict[int, int], until: int) -> None:
        """Pin dimensions of the planner's tokens to bins for the control steps before `until`; none lets go."""
        from policy.runtime import Pins  # here: importing the policy takes seconds

        if self.driver is not None:
            self.driver.runtime.steer(Pins(pins, until) if pins else None)

    def preview(self, step: int, instruction: str, pins: dict[int, int], steps: int) -> dict[str, Any] | None:
        """Where pinned tokens would lead from here, `coarse` and `refined` paths in metres; None without an intent.

        Only while time is frozen: it takes as long as a call of the refiner.
        """
        from policy.runtime import Pins

        if self.driver is None or self.decision is None:
            return None
        seen = self._observation(step, instruction)
        paths = self.driver.preview(seen, self.decision, self.env.hand_position, Pins(pins, step + steps))
        if paths is None:
            return None
        coarse, refined = paths
        return {"coarse": coarse.tolist(), "refined": None if refined is None else refined.tolist()}

    def restore(self, record: StepRecord, kept: Kept | None = None) -> None:
        """Scene and policy as they were before a recorded control step, in a new generation.

        Without what the runtime kept (a human drove, or nobody) the policy begins anew from what it sees then.
        """
        self.env.set_state(record.state)
        self.seed = self.env.seed
        self._look_around()
        self.new_generation()
        self.hide_paths()
        if self.driver is not None and kept is not None:
            self.driver.runtime.resume(kept, self.generation)

    def look_ahead(self) -> None:
        """Take the pictures of the next step now, long before it is due.

        Raises:
            CamerasLost: with one sentence.
        """
        self._ahead = self._see()

    def _see(self) -> dict[str, NDArray]:
        try:
            seen = self.env.observe()
        except Exception as error:  # whatever the graphics driver says
            self.env.renew_renderer()
            self.lost_pictures += 1
            raise CamerasLost(
                f"The policy's cameras gave no picture ({error}); the arm holds while they are started anew."
            ) from error
        self.lost_pictures = 0
        return seen

    def hold_action(self) -> NDArray[np.float32]:
        """(7,) no motion, the gripper keeps its last command."""
        action = np.zeros(7, dtype=np.float32)
        action[-1] = self.env.proprioception()[_GRIPPER]
        return action

    def _look_around(self) -> None:
        """Other things are there than before."""
        self.geometry = self.env.geometry()
        self.suggest()

    def suggest(self) -> None:
        """What can be asked of this scene, and of this policy once it is there."""
        self.suggestions = self.env.suggestions(None if self.driver is None else self.driver.families)

    def show(self, step: int) -> None:
        """Tell the live view where everything is."""
        now, changes = time.monotonic(), self.env.changes
        self._watchers.pose(self.env.qpos, *self._paths, step, now, self.seed, changes=changes)

    def show_record(self, record: StepRecord) -> None:
        """Tell the live view where everything was at a recorded step; the scene stays as it is."""
        qpos = self.env.positions_in(record.state)
        seed, changes = int(record.state[0]), self.env.changes_in(record.state)
        paths = record.coarse_path, record.refined_path
        self._watchers.pose(qpos, *paths, record.step, time.monotonic(), seed, changes=changes)

    def hide_paths(self) -> None:
        """Nothing is planned."""
        self._paths = (None, None)

    def warm_up_observation(self, image_size: int | None = None) -> Observation:
        """Of the present scene; from now on with pictures of the size that the policy wants."""
        if image_size is not None and image_size != self.env.image_size:
            self.env.close()
            self.env.image_size = image_size
        words = self.suggestions[0] if self.suggestions else "pick up the red cube"
        return self._observation(0, words)

    def close(self) -> None:
        """Stop the policy's loops and free the GL context."""
        if self.driver is not None:
            self.driver.close()
        self.env.close()

    def _observation(self, step: int, instruction: str) -> Observation:
        seen = self._ahead if self._ahead is not None else self._see()
        return Observation(
            step=step,
            generation=self.generation,
            instruction=instruction,
            front=seen["front"],
            wrist=seen["wrist"],
            proprio=seen["proprio"],
            seen_at=time.monotonic(),
        )
