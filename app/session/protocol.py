"""What may be asked of the session, and how wrong input is refused: one sentence that names the fix."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from records import ACTION_NAMES, BINS, Outcome

State = Literal["idle", "running", "paused", "holding", "ended"]
Status = dict[str, Any]

SCHEDULES: Final = ("asynchronous", "sequential", "synchronous")
"""named here as well so that checking input needs no policy library"""
MAX_INSTRUCTION: Final = 200
"""characters"""
MAX_SEED: Final = 2**31 - 1
MAX_LATENCY: Final = 1000
"""milliseconds"""
MAX_NUMBERS: Final = 6
"""of a nudge"""
MAX_PIN_STEPS: Final = 200
"""control steps"""
MAX_BACK: Final = 60.0
"""seconds"""
SPEEDS: Final = (0.25, 0.5, 1, 2, 4)
"""at which an episode is played"""


class CommandError(ValueError):
    """A command that cannot be carried out; the message is one sentence that names the fix."""


@dataclass(frozen=True)
class SessionSettings:
    """How a session is started; crosses the process boundary."""

    checkpoint: Path
    seed: int = 0
    folder: Path = Path("runs")
    """where the episode files of this run go"""
    policy: str = "policy:load_policy"
    """`module:function`; given the checkpoint it returns an object with `planner` and `refiner`"""
    time_limit: int = 400
    """control steps after Run until an attempt counts as failed"""
    confirm_steps: int = 3
    """control steps for which the success test must hold"""
    hold_limit: int = 6000
    """control steps after Stop until the open episode is closed"""
    schedule: str = "asynchronous"
    planner_latency_ms: float = 0.0
    episodes: int = 0
    """that the folder holds already"""
    restarts: int = 0
    """how often the session was started again"""
    notice: str = ""
    """one sentence to begin with: why it was"""


def check_instruction(instruction: object) -> str:
    """The words with single spaces.

    Raises:
        CommandError: no text, empty, or too long.
    """
    if not isinstance(instruction, str) or not instruction.strip():
        raise CommandError("Type an instruction first, or choose one of the suggestions.")
    words = " ".join(instruction.split())
    if len(words) > MAX_INSTRUCTION:
        raise CommandError(f"The instruction has {len(words)} characters; use at most {MAX_INSTRUCTION}.")
    return words


def check_instructions(instruction: object) -> list[str]:
    """One instruction, or several with semicolons between, to be carried out one after another.

    Raises:
        CommandError: no text, empty, or too long.
    """
    words = [each for each in check_instruction(instruction).split(";") if each.strip()]
    return [check_instruction(each) for each in words] or [check_instruction("")]


def check_seed(seed: object) -> int:
    """A scene seed.

    Raises:
        CommandError: not a whole number, or out of range.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
        raise CommandError(f"The scene seed must be a whole number from 0 to {MAX_SEED}, such as 7.")
    return seed


def check_latency(milliseconds: object) -> float:
    """An added planner latency in milliseconds.

    Raises:
        CommandError: not a number, or out of range.
    """
    if not _is_number(milliseconds) or not 0 <= milliseconds <= MAX_LATENCY:  # type: ignore[operator]
        raise CommandError(f"The added planner latency must be a number from 0 to {MAX_LATENCY} ms.")
    return float(milliseconds)  # type: ignore[arg-type]


def check_schedule(name: object) -> str:
    """The name of a schedule.

    Raises:
        CommandError: names the schedules there are.
    """
    if name not in SCHEDULES:
        raise CommandError(f"There is no schedule {name!r}; choose {', '.join(SCHEDULES)}.")
    return str(name)


def _is_number(given: object) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool)


def check_action(action: object) -> NDArray[np.float32]:
    """(7,) a human command.

    Raises:
        CommandError: not seven finite numbers in [-1, 1].
    """
    if not isinstance(action, list | tuple | np.ndarray) or len(action) != len(ACTION_NAMES):
        raise CommandError(f"A command has {len(ACTION_NAMES)} numbers: {', '.join(ACTION_NAMES)}.")
    wrong = CommandError("A command must be numbers alone, each from -1 to 1.")
    if any(isinstance(each, str | bool | np.bool_) for each in action):
        raise wrong
    try:
        numbers = np.array(action, dtype=np.float32)
    except (TypeError, ValueError, OverflowError):
        raise wrong from None
    if numbers.shape != (len(ACTION_NAMES),) or not np.isfinite(numbers).all() or np.abs(numbers).max() > 1:
        raise CommandError("Each number of a command must be from -1 to 1.")
    return numbers


def check_holder(holder: object) -> str:
    """Who gives a command: a page or a program.

    Raises:
        CommandError: no name.
    """
    if not isinstance(holder, str) or not holder:
        raise CommandError("Say who drives: give a name.")
    return holder


def check_step(step: object) -> int:
    """A control step.

    Raises:
        CommandError: not a whole number from 0 on.
    """
    if isinstance(step, bool) or not isinstance(step, int) or step < 0:
        raise CommandError("The control step must be a whole number from 0 on, such as 40.")
    return step


def check_speed(speed: object) -> float:
    """How many times as fast as it happened an episode is played.

    Raises:
        CommandError: names the speeds there are.
    """
    if isinstance(speed, bool) or speed not in SPEEDS:
        raise CommandError(f"Play it {', '.join(f'{each:g}' for each in SPEEDS)} times as fast, not {speed!r}.")
    return float(speed)


def check_numbers(numbers: object) -> tuple[float, ...]:
    """Of a nudge: how many it needs and how large they may be, `scenes.nudges` knows.

    Raises:
        CommandError: no list of finite numbers.
    """
    wrong = CommandError("Say how far to move it: numbers, such as [0.05, 0, 0] for 5 cm forward.")
    if not isinstance(numbers, list | tuple | np.ndarray) or not 1 <= len(numbers) <= MAX_NUMBERS:
        raise wrong
    if any(isinstance(each, bool | str) for each in numbers):
        raise wrong
    try:
        checked = tuple(float(each) for each in numbers)
    except (TypeError, ValueError, OverflowError):
        raise wrong from None
    if not np.isfinite(checked).all():
        raise wrong
    return checked


def check_pins(pins: object) -> dict[int, int]:
    """Dimension -> bin that the planner's tokens are pinned to, from {name or number of a dimension: bin}.

    Raises:
        CommandError: names what is not in the grid.
    """
    if not isinstance(pins, dict):
        raise CommandError('Pin tokens as {dimension: bin}, such as {"z": 9}; {} lets go.')
    checked = {}
    for name, chosen in pins.items():
        dimension = ACTION_NAMES.index(name) if name in ACTION_NAMES else _whole(name)
        if dimension is None or not 0 <= dimension < len(ACTION_NAMES):
            raise CommandError(f"There is no dimension {name!r}: choose of {', '.join(ACTION_NAMES)}.")
        number = _whole(chosen)
        if number is None or not 0 <= number < BINS:
            raise CommandError(f"There is no bin {chosen!r}: choose one from 0 to {BINS - 1}.")
        checked[dimension] = number
    return checked


def check_pin_steps(steps: object) -> int:
    """For how many control steps tokens are pinned.

    Raises:
        CommandError: out of range.
    """
    number = _whole(steps)
    if number is None or not 1 <= number <= MAX_PIN_STEPS:
        raise CommandError(f"Pin tokens for 1 to {MAX_PIN_STEPS} control steps (20 are a second).")
    return number


def check_back(seconds: object) -> float:
    """How far to go back, seconds.

    Raises:
        CommandError: not a number, or out of range.
    """
    if not _is_number(seconds) or not 0 <= seconds <= MAX_BACK:  # type: ignore[operator]
        raise CommandError(f"Go back by 0 to {MAX_BACK:.0f} seconds, such as 2.")
    return float(seconds)  # type: ignore[arg-type]


def check_finish(outcome: object) -> Outcome:
    """How a human says that an episode ended.

    Raises:
        CommandError: names what they may say.
    """
    if outcome == "success":
        return "success"
    if outcome == "failure":
        return "failure"
    raise CommandError(f"An episode is finished as success or failure, not as {outcome!r}.")


def _whole(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return int(value)
    except ValueError:
        return None
