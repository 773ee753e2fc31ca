"""What the page and its endpoints may ask of the session: checked input in, a status object out, never an exception."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import orjson

from app.client import SessionGone
from app.tuning import FineTuning

logger = logging.getLogger(__name__)

Status = dict[str, Any]

SCHEDULES: Final = ("synchronous", "sequential", "asynchronous")
MAX_INSTRUCTION: Final = 200
"""characters"""
MAX_SEED: Final = 2**31 - 1
MAX_LATENCY: Final = 1000
"""milliseconds"""
OFFLINE: Final = "offline"
"""`state` while the session process does not answer"""
OFFLINE_SENTENCE: Final = "The session does not answer; stop the cockpit and start it again with `libra demo`."


class SessionClient(Protocol):
    """The web process' end of the session."""

    def call(self, command: str, /, **arguments: Any) -> Mapping[str, Any]:
        """The status after a command, or `{"error": sentence}`; raises when the session process is gone."""

    def tell(self, command: str, /, **arguments: Any) -> None:
        """A command that wants no answer and waits for none."""


class Frames(Protocol):
    """The live renderer's newest picture."""

    def wait_newer(self, last_id: int, timeout: float) -> tuple[int, bytes, Mapping[str, Any]] | None:
        """Number, JPEG and meta data of the newest frame after `last_id`; None if there is none in `timeout` s."""

    def backdrop(self, name: str) -> bytes | None:
        """JPEG of what a frame is a patch of; None if it is gone."""


class CockpitLike(Protocol):
    """What the web process needs of `app.cockpit.Cockpit`."""

    @property
    def client(self) -> SessionClient:
        """Commands to the session."""

    @property
    def frames(self) -> Frames:
        """Pictures of the live view."""

    @property
    def rerun_url(self) -> str:
        """Where the Rerun viewer finds its stream, `rerun+http://127.0.0.1:PORT/proxy`."""

    @property
    def library(self) -> Path:
        """The folder that holds the episodes of all runs."""

    def episode_files(self) -> Sequence[Path]:
        """Recordings (`.rrd`) and logs (`.arrow`) of this run's episodes, oldest first."""

    def start(self) -> None:
        """Start the session, the live renderer and the Rerun process."""

    def stop(self) -> None:
        """End them."""


class Commands:
    """The session's commands for people and programs that may get them wrong.

    Every method returns at once with the status as a dict of plain JSON values. When a command could not be
    carried out, the dict also has `error`: one sentence that names the fix.
    """

    def __init__(
        self, client: SessionClient, episode_files: Callable[[], Sequence[Path]], tuning: FineTuning | None = None
    ) -> None:
        self._client = client
        self.tuning = tuning
        """makes checkpoints from corrections; None where that is not offered"""
        self._episode_files = episode_files
        self._last: Status = {"state": OFFLINE, "outcome": None, "driver": None, "step": 0, "message": OFFLINE_SENTENCE}
        self._last_lock = threading.Lock()

    def status(self) -> Status:
        """How things are."""
        return self._call("status")

    def run(self, instruction: object, who: str | None = None) -> Status:
        """New episode, or new words for the running one. Who asks, if it is a page: refused while another drives."""
        if not isinstance(instruction, str) or not instruction.strip():
            return self._refuse("Type an instruction first, or choose one of the suggestions.")
        words = " ".join(instruction.split())
        if len(words) > MAX_INSTRUCTION:
            return self._refuse(
                f"The instruction has {len(words)} characters; use at most {MAX_INSTRUCTION}, "
                "such as “put the red cube in the bowl”."
            )
        return self._call("run", instruction=words, **_named(who))

    def pause(self, who: str | None = None) -> Status:
        """Freeze simulated time, or go on."""
        return self._call("pause", **_named(who))

    def step(self, who: str | None = None) -> Status:
        """One control step while paused."""
        return self._call("step", **_named(who))

    def stop(self) -> Status:
        """Hold at the next control step."""
        return self._call("stop")

    def reset(self, seed: object, who: str | None = None) -> Status:
        """The scene of a seed: a whole number, or text that is one."""
        number = whole_number(seed)
        if number is None or not 0 <= number <= MAX_SEED:
            return self._refuse(f"The scene seed must be a whole number from 0 to {MAX_SEED}, such as 7.")
        return self._call("reset", seed=number, **_named(who))

    def next_scene(self, who: str | None = None) -> Status:
        """The scene of the seed after the present one."""
        status = self.status()
        return status if "error" in status else self.reset((int(status.get("seed") or 0) + 1) % (MAX_SEED + 1), who)

    def schedule(self, name: object) -> Status:
        """How the two loops take turns: one of `SCHEDULES`."""
        if name not in SCHEDULES:
            return self._refuse(f"The schedule must be one of {', '.join(SCHEDULES)}.")
        return self._call("set_schedule", name=name)

    def latency(self, milliseconds: object) -> Status:
        """Make the planner slower than it is, by up to `MAX_LATENCY` milliseconds."""
        number = whole_number(milliseconds)
        if number is None or not 0 <= number <= MAX_LATENCY:
            return self._refuse(f"The added planner latency must be a whole number from 0 to {MAX_LATENCY} ms.")
        return self._call("set_planner_latency", ms=number)

    def take_over(self, holder: str) -> Status:
        """The arm to whoever `holder` names, from the next control step on."""
        return self._call("take_over", holder=holder)

    def hand_back(self, holder: str) -> Status:
        """The policy drives again, from what it sees then."""
        return self._call("hand_back", holder=holder)

    def mark_failure(self, holder: str, seconds: object = 2.0) -> Status:
        """The episode failed: it ends so, time goes back, and whoever `holder` names has the arm."""
        return self._call("mark_failure", holder=holder, seconds=seconds)

    def finish(self, holder: str, outcome: object, instruction: object = None, seed: object = None) -> Status:
        """The attempt is a success or a failure: it is saved; the next scene begins, with the same words or alike."""
        number = whole_number(seed)
        return self._call(
            "finish", holder=holder, outcome=outcome, instruction=instruction, seed=seed if number is None else number
        )

    def ask(self, asker: str) -> Status:
        """Ask whoever drives for the arm; they see it for `app.session.hand.ASK_SECONDS`."""
        return self._call("ask", holder=asker)

    def give(self, holder: str) -> Status:
        """The arm to whoever asks for it."""
        return self._call("give", holder=holder)

    def keep(self, holder: str) -> Status:
        """Not now."""
        return self._call("keep", holder=holder)

    def drive(self, holder: str, action: object) -> Status:
        """One human command (7,), see `records.ACTION_NAMES`."""
        return self._call("drive", holder=holder, action=action)

    def drive_on(self, holder: str, action: object, number: object) -> None:
        """The same without an answer; what is refused, a command without a number too, is in the status (`refused`)."""
        counted = whole_number(number)
        self._client.tell("drive", holder=holder, action=action, number=-1 if counted is None else counted)

    def leave(self, holder: str) -> None:
        """Whoever drove is gone."""
        self._client.tell("leave", holder=holder)

    def nudge(self, holder: str, name: object, offset: object) -> Status:
        """Move an object, drop one, change light or camera, push the arm: see `scenes.nudges`."""
        return self._call("nudge", holder=holder, name=name, offset=offset)

    def pin_tokens(self, pins: object, steps: object) -> Status:
        """Steer the planner: {dimension: bin} for so many control steps; {} lets go."""
        return self._call("pin_tokens", pins=pins, steps=steps)

    def preview_tokens(self, pins: object, steps: object) -> Status:
        """Where pinned tokens would lead: `ghost` with `coarse` and `refined` paths; only while time is frozen."""
        return self._call("preview_tokens", pins=pins, steps=steps)

    def look(self, step: object, episode: object = None) -> Status:
        """Show a recorded control step in the live view."""
        return self._call("look", step=whole_number(step), episode=episode)

    def open(self, path: str, name: str, step: object = None) -> Status:
        """Show an episode that lies on disk, from a control step or its first on; it may then be gone back to."""
        return self._call("open", path=path, name=name, step=step)

    def open_evaluated(self, root: str, evaluation: str, number: object, step: object = None) -> Status:
        """The same for an episode of a kept evaluation."""
        return self._call(
            "open_evaluated", root=root, evaluation=evaluation, number=whole_number(number), step=whole_number(step)
        )

    def play(self, is_on: object = True, speed: object = 1) -> Status:
        """Play what is looked at in the live view and in Rerun, or stay where it is."""
        return self._call("play", on=is_on, speed=speed)

    def rewind(self, holder: str, step: object, episode: object = None) -> Status:
        """Back to a recorded control step (of the newest episode, or the one that is named)."""
        return self._call("rewind", holder=holder, step=whole_number(step), episode=episode)

    def branch(self, point: object, holder: str) -> Status:
        """Go on from a recorded step: `{"step", "driver"?, "instruction"?, "schedule"?, "planner_latency_ms"?}`.

        Also `pins` and for how many `steps`, as in `pin_tokens`.
        """
        known = ("step", "episode", "driver", "instruction", "schedule", "planner_latency_ms", "pins", "steps")
        if not isinstance(point, Mapping) or (wrong := [name for name in point if name not in known]):
            what = f"not {wrong[0]!r}" if isinstance(point, Mapping) else 'such as {"step": 40, "driver": "policy"}'
            return self._refuse(f"A branch is an object with {', '.join(known)}, {what}.")
        return self._call("branch", **{**point, "step": whole_number(point.get("step")), "holder": holder})

    def episodes(self) -> Status:
        """The status, with `episodes`, oldest first: `{"episode": id, "files": [path, ...]}`.

        Those that can still be gone back to also have `instruction`, `outcome`, `first` and `step` (control steps),
        `parent` (of a branch), `human` (stretches that a human drove) and `events`.
        """
        files: dict[str, list[str]] = {}
        for path in self._episode_files():
            files.setdefault(path.stem, []).append(str(path))
        status = self._call("episodes")
        kept = {each["episode"]: each for each in status.get("episodes", ())}
        listed = [{"episode": name, **kept.get(name, {}), "files": paths} for name, paths in files.items()]
        return {**status, "episodes": listed}

    def _refuse(self, sentence: str) -> Status:
        return {**self.status(), "error": sentence}

    def _call(self, command: str, **arguments: Any) -> Status:
        try:
            answer = plain(self._client.call(command, **arguments))
            if "error" in answer and "state" not in answer:
                answer = {**plain(self._client.call("status")), **answer}
        except Exception as error:  # whatever became of the session, the page must be able to say so
            logger.debug("The session did not answer %r.", command, exc_info=True)
            sentence = str(error) if isinstance(error, SessionGone) else OFFLINE_SENTENCE
            with self._last_lock:
                return {**self._last, "state": OFFLINE, "message": sentence, "error": sentence}
        with self._last_lock:
            self._last = {name: value for name, value in answer.items() if name != "error"}
        return answer


def whole_number(value: object) -> int | None:
    """The integer that a number or a text means; None if it means none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return int(value) if isinstance(value, str) or value == int(value) else None
    except (ValueError, OverflowError):
        return None


def plain(answer: Mapping[str, Any]) -> Status:
    """The same in JSON types alone: numpy values as numbers and lists, what is not finite as None."""
    whole: Status = orjson.loads(orjson.dumps(dict(answer), default=str, option=orjson.OPT_SERIALIZE_NUMPY))
    return whole


def _named(who: str | None) -> dict[str, str]:
    return {} if who is None else {"holder": who}
