"""Every size of the two systems in one place: the same classes serve the small checkpoint and a large one."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Final

USED: Final = ("trusted_steps", "denoising_steps", "second_look", "families", "refusal_threshold")
"""fields that say how a checkpoint is used: they may be changed in its `config.json`"""


@dataclass(frozen=True)
class PolicyConfig:
    """Sizes of planner and refiner; what the paper fixes is marked (paper)."""

    image_size: int = 96
    proprio_size: int = 21
    action_size: int = 7
    bins: int = 10
    """N uniform bins per dimension (paper: best at 10)"""
    horizon: int = 48
    """L: a planner that answers K steps late while planning continuously needs 2K + 5 (paper: M * H = 10)"""
    chunk: int = 5
    """H actions per refiner call (paper)"""
    max_committed: int = 2
    """actions that may already be fixed when a chunk is asked for"""
    sentence_size: int = 384
    grounding_size: int = 48
    map_size: int = 24
    planner_width: int = 128
    planner_layers: int = 2
    steps_per_query: int = 4
    """control steps whose tokens one query of the coarse-action head answers"""
    refiner_width: int = 160
    refiner_layers: int = 3
    intent_before: int = 4
    """token slices before the chunk's start that the refiner sees"""
    intent_after: int = 12
    """token slices from the chunk's start on that the refiner sees"""
    trusted_steps: int = 6
    """control steps after its observation for which an intent's tokens are followed; from then on only its anchors
    count (`policy.anchors`), which do not age"""
    denoising_steps: int = 2
    """of the refiner's flow from noise to actions: two do as well as five, 288 and 288 of 294 attempts"""
    second_look: bool = False
    """whether the planner also looks at the mirror image of what it sees, and means what both looks say: twice the time
    for 281 instead of 281 of 294 attempts"""
    families: tuple[str, ...] = ("pick", "bowl", "plate", "push", "stack", "drawer", "button")
    """task families that the policy has learned: what it is suggested and evaluated for"""
    reads_task: bool = True
    """whether the planner says what kind of task the words ask for (`policy.tasks`)"""
    refusal_threshold: float = 0.3
    """probability that nothing in view fits the words, from which on the planner refuses: of 1,200 impossible and 1,840
    possible instructions the shipped one refused 1,173 and 13; with 0.5, and less faith in the front camera, 1,155 and
    10"""

    def to_dict(self) -> dict[str, Any]:
        """For `config.json`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> PolicyConfig:
        """From `config.json`.

        Raises:
            ValueError: names the field that is unknown or of another type.
        """
        if not isinstance(values, dict):
            raise ValueError("config.json holds no object")
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"config.json has unknown fields: {', '.join(sorted(unknown))}. Is it of a newer version?")
        if isinstance(values.get("families"), list):
            values = {**values, "families": tuple(values["families"])}
        for field in fields(cls):
            kind = type(field.default)
            found = values.get(field.name, field.default)
            if type(found) is not kind and not (kind is float and type(found) is int):
                raise ValueError(f"config.json has {field.name} = {found!r}, which should be of type {kind.__name__}")
        return cls(**values)
