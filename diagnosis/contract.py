"""What this room tells a page: plain dictionaries that JSON can carry. `diagnosis.page` has the functions.

A matrix is columns, not rows: 5,000 episodes are some 200 kB and load in a few milliseconds. Whatever is one of few
is a number that points into a list beside it.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypedDict

EVENT_KINDS: Final = (
    "missed grasp",
    "dropped object",
    "wrong object",
    "knocked over",
    "collision",
    "stuck",
    "hesitation",
    "intent flip",
    "withdrawn intent",
    "starvation",
    "clamped command",
    "time out",
    "fell off the table",
)
"""bit `1 << i` of `Columns.events` is kind i; what each means is in `diagnosis.events` (`RULES`: kind -> sentence)"""
CAUSES: Final = (
    "planner: grounding",
    "planner: direction",
    "refiner",
    "staleness",
    "language",
    "environment",
    "several",
    "luck",
)
OUTCOMES: Final = ("success", "failure", "refused")


class EvaluationRow(TypedDict):
    """One kept evaluation in a list."""

    id: str
    """12 hexadecimal digits, also the name of its folder"""
    title: str
    """a few words: schedule, delay, checkpoint, perturbation, fault"""
    created: float
    """Unix seconds"""
    command: str
    """the command line that made it"""
    commit: str
    same_commit: bool
    """whether this program is of the same commit: otherwise new replays may differ (kept states do not)"""
    checkpoint: str | None
    """folder; None: the scripted expert"""
    fingerprint: str
    checkpoint_state: Literal["same", "changed", "gone", "expert"]
    """whether the checkpoint that was evaluated is still there; without it there is no new counterfactual replay"""
    schedule: str
    planner_delay: int | None
    """control steps"""
    inject: str | None
    """a fault that was put in on purpose"""
    perturbations: list[str]
    episodes: int
    """that were asked for"""
    done: int
    """that are kept"""
    successes: int
    interval_95: list[float]
    """of the success rate (fractions), Wilson"""
    state: Literal["complete", "interrupted", "running", "unreadable"]
    problem: str | None
    """one sentence about what is wrong and what can still be done; None when all is well"""
    diagnosed: int
    """failed episodes that have a verdict"""


class Columns(TypedDict):
    """One entry an episode, all lists of the same length, in the order of the tasks."""

    number: list[int]
    """of the episode within the evaluation: what every other function wants"""
    seed: list[int]
    family: list[int]
    """into `Matrix.families`"""
    target: list[int]
    """into `Matrix.targets`"""
    outcome: list[int]
    """into `OUTCOMES`"""
    perturbation: list[int]
    """into `Matrix.perturbations`"""
    steps: list[int]
    closest: list[float]
    """metres that were still missing to success when it was closest, 0 at success; see `training.closeness`"""
    events: list[int]
    """bit mask over `EVENT_KINDS`; -1: not looked at yet (`page.find_events`)"""
    first_event: list[int]
    """control step of the first event, -1 without one"""
    cause: list[int]
    """into `CAUSES`, -1 without a verdict"""


class Matrix(TypedDict):
    """Everything that the matrix of tasks and seeds, its totals and its filters need."""

    evaluation: EvaluationRow
    families: list[str]
    targets: list[str]
    """names of objects: "red cube"; colour and shape are their words"""
    perturbations: list[str]
    """"" for none"""
    outcomes: list[str]
    event_kinds: list[str]
    causes: list[str]
    columns: Columns


class EventRow(TypedDict):
    """Something that happened in an episode."""

    kind: str
    """of `EVENT_KINDS`"""
    step: int
    """at which it happened"""
    until: int
    """last step of it; `step` for what is a moment"""
    sentence: str
    """the evidence, for people"""
    evidence: dict[str, float | int | str]
    """the same for machines"""


class ReplayRow(TypedDict):
    """One kind of counterfactual replay of an episode."""

    name: Literal["again", "oracle tokens", "oracle fine", "both oracles", "no delay", "undisturbed", "canonical words"]
    label: str
    """for people: "the expert's tokens, the learned refiner" """
    runs: int
    rescued: int
    """of them"""
    steps: list[int]
    """that each run took"""


class VerdictRow(TypedDict):
    """Which of the two systems, or what else, is to blame."""

    cause: str
    """of `CAUSES`"""
    sentence: str
    """the evidence"""
    frames: list[int]
    """control steps whose pictures show it"""
    from_step: int
    """control step from which on the replays differed"""
    replays: list[ReplayRow]
    facts: dict[str, float]
    """direct evidence: `target_error_m`, `token_disagreement`, `refiner_outside_bins`, `staleness_steps`, ..."""


class EpisodeDetail(TypedDict):
    """What opens when a cell is clicked."""

    evaluation: str
    number: int
    seed: int
    family: str
    target: str
    detail: str
    instruction: str
    """as it was said"""
    canonical: str
    perturbation: str
    outcome: str
    steps: int
    closest: float
    events: list[EventRow]
    verdict: VerdictRow | None
    take_over_step: int
    """the step before the first event (before the end without one): where a person may take over"""
    can_replay: bool
    """whether its states can be made again here; `problem` says why not"""
    problem: str | None
    commands: dict[str, str]
    """what to type: name -> command line"""


class Frame(TypedDict):
    """One picture of a film strip."""

    step: int
    caption: str
    image: str
    """data URI, JPEG"""


class Comparison(TypedDict):
    """Two evaluations on the same episodes."""

    before: EvaluationRow
    after: EvaluationRow
    pairs: int
    fixed: list[list[int]]
    """[number in before, number in after] of every episode that only the second one solved"""
    broken: list[list[int]]
    unchanged: int
    same: list[list[int]]
    """the same of every episode that ended alike in both"""
    paired: dict[str, Any]
    """`training.intervals.paired`: difference, interval_95, mcnemar_p"""
    families: dict[str, dict[str, int]]
    """family -> fixed, broken, unchanged"""
    left_out: list[int]
    """how many episodes of before and of after have no partner"""
    problem: str | None
    """one sentence when the two differ in more than one thing, or only partly in their episodes"""
