"""Who drives an episode and how late, and how that is said on the command line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from policy.runtime.schedules import SCHEDULES

ORACLES = ("tokens", "fine")
"""the planner's place taken by the expert rolled ahead, the refiner's by the expert inside the bins of the tokens"""


class Misused(ValueError):
    """What was asked for means nothing; the message is one sentence that says what would."""


@dataclass(frozen=True)
class Setting:
    """A checkpoint's folder, or the expert without one, on which schedule and how many control steps late."""

    checkpoint: str | None
    schedule: str = "asynchronous"
    planner_delay: int = 1
    checks: bool = True
    """whether intents are checked against each other"""
    trusted_steps: int | None = None
    """control steps for which tokens are followed, instead of what the checkpoint's `config.json` says"""
    copies: bool = False
    """whether tokens are carried out as they are, without the learned refiner"""
    inject: str | None = None
    """a fault that is put in on purpose, of `training.faults`"""
    oracle: tuple[str, ...] = ()
    """what the scripted expert stands in for, of `ORACLES`"""
    plainly: bool = False
    """whether the planner hears the canonical words, whatever is said"""
    noise: int = 0
    """another number, other noise"""
    before: Setting | None = None
    """what holds before `from_step`"""
    from_step: int = 0

    def at(self, step: int) -> Setting:
        """What holds at a control step."""
        return self if self.before is None or step >= self.from_step else self.before

    def to_dict(self) -> dict[str, Any]:
        """For a report."""
        if self.checkpoint is None:
            return {"checkpoint": None, "schedule": "expert", "planner_delay_steps": None, "checks": None}
        return {
            "checkpoint": self.checkpoint,
            "schedule": self.schedule,
            "planner_delay_steps": self.planner_delay,
            "checks": self.checks,
            **{name: value for name, value in self._unusual().items() if value},
        }

    def _unusual(self) -> dict[str, Any]:
        return {
            "trusted_steps": self.trusted_steps,
            "copies": self.copies,
            "inject": self.inject,
            "oracle": list(self.oracle),
            "plainly": self.plainly,
            "noise": self.noise,
            "from_step": self.from_step,
        }


def parse_setting(words: str, base: Setting) -> Setting:
    """A checkpoint's folder, `expert`, or what differs from `base`: `delay=8`, `schedule=sequential,delay=4`.

    Raises:
        Misused: one sentence that names the word and what is possible.
    """
    if words == "expert":
        return Setting(None)
    if "=" not in words or Path(words).is_dir():
        return replace(base, checkpoint=words)
    setting = base
    for part in words.split(","):
        name, _, value = part.partition("=")
        if name == "checkpoint" and value:
            setting = replace(setting, checkpoint=value)
        elif name == "schedule" and value in SCHEDULES:
            setting = replace(setting, schedule=value)
        elif name == "delay" and value.isascii() and value.isdigit():
            setting = replace(setting, planner_delay=int(value))
        elif name == "checks" and value in ("on", "off"):
            setting = replace(setting, checks=value == "on")
        elif name == "trusted" and value.isascii() and value.isdigit():
            setting = replace(setting, trusted_steps=int(value))
        elif name == "refiner" and value in ("learned", "copies"):
            setting = replace(setting, copies=value == "copies")
        elif name == "noise" and value.isascii() and value.isdigit():
            setting = replace(setting, noise=int(value))
        elif name == "words" and value in ("canonical", "said"):
            setting = replace(setting, plainly=value == "canonical")
        elif name == "oracle" and value and set(value.split("+")) <= set(ORACLES):
            setting = replace(setting, oracle=tuple(each for each in ORACLES if each in value.split("+")))
        else:
            raise Misused(
                f"{part!r} in {words!r} is no setting: say a checkpoint's folder, expert, or delay=STEPS, "
                f"schedule={'|'.join(SCHEDULES)}, checks=on|off, trusted=STEPS, refiner=learned|copies, noise=NUMBER, "
                f"words=canonical|said, oracle={'|'.join(ORACLES)} and checkpoint=FOLDER with commas between."
            )
    return setting
