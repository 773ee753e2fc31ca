"""Who drives an episode and how late, and how that is said on the command line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from policy.runtime.schedules import SCHEDULES


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

    def to_dict(self) -> dict[str, Any]:
        """For a report."""
        if self.checkpoint is None:
            return {"checkpoint": None, "schedule": "expert", "planner_delay_steps": None, "checks": None}
        return {
            "checkpoint": self.checkpoint,
            "schedule": self.schedule,
            "planner_delay_steps": self.planner_delay,
            "checks": self.checks,
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
        else:
            raise Misused(
                f"{part!r} in {words!r} is no setting: say a checkpoint's folder, expert, or delay=STEPS, "
                f"schedule={'|'.join(SCHEDULES)}, checks=on|off and checkpoint=FOLDER with commas between."
            )
    return setting
