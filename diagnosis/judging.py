"""Verdicts for many failures: on every core, each with its replays side by side in batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from diagnosis.contract import VerdictRow
from diagnosis.evidence import Evidence, gather
from diagnosis.replays import LABELS, altered, applicable
from diagnosis.store import EvaluationError, Kept, Progress, evaluation_row, failures, read_verdicts, write_verdicts
from diagnosis.verdict import judge, more_runs
from scenes.world import World
from training.parallel import share_out
from training.rollout import Result
from training.setting import Setting
from training.side_by_side import SideBySide
from training.tasks import Task
from training.trace import Trace

Failure = tuple[int, Setting, Task, bytes, bool, int]
"""number, setting, task, trace, whether it was refused, step from which on replays differ"""
Replay = tuple[int, Setting, Task]


def diagnose(
    kept: Kept,
    numbers: Sequence[int] | None = None,
    from_step: int = 0,
    workers: int = 1,
    again: bool = False,
    progress: Progress | None = None,
    quiet: bool = False,
) -> dict[int, VerdictRow]:
    """Verdicts of failed episodes, by number; those that are known already are not found again.

    Args:
        kept: the evaluation.
        numbers: of the episodes, None for every failure.
        from_step: control step from which on replays differ from the episode.
        workers: processes.
        again: whether to find known verdicts anew.
        progress: is told how many of how many are done.
        quiet: whether to leave out the progress bar.

    Raises:
        EvaluationError: an episode did not fail, or the checkpoint is not there any more.
    """
    wanted = failures(kept) if numbers is None else list(dict.fromkeys(numbers))
    for number in wanted:
        result = kept.result(number)
        if result.success:
            raise EvaluationError(
                f"Episode {number} succeeded: there is nothing to find. Failures are {_some(failures(kept))}."
            )
        if not 0 <= from_step < max(result.steps, 1):
            raise EvaluationError(f"Episode {number} has steps 0 to {result.steps - 1}: --from {from_step} is none.")
    known = read_verdicts(kept.folder)
    fresh = [n for n in wanted if again or n not in known or known[n]["from_step"] != from_step]
    if fresh:
        _check_checkpoint(kept)
        items: list[Failure] = []
        for n in fresh:
            try:
                trace = kept.trace(n).to_bytes()
            except EvaluationError:
                if numbers is not None:
                    raise
                continue  # one that is damaged does not hide the others
            items.append((n, kept.manifest.setting, kept.tasks[n], trace, kept.rows[n]["refused"], from_step))
        found = share_out(judge_all, items, workers, "judging", "failure", quiet)
        for done, (number, verdict) in enumerate(found):
            known[number] = verdict
            write_verdicts(kept.folder, [(number, verdict)])
            if progress is not None:
                progress(done + 1, len(items))
    return {number: known[number] for number in wanted if number in known}


def judge_all(items: Iterator[Failure]) -> Iterator[tuple[int, VerdictRow]]:
    """Verdicts of failures, in a process of its own: every failure asks for replays until it has one."""
    players, world, queue = SideBySide(), World(), _Queue(items)
    queue.open = lambda failure: _Case.of(failure, world)
    for ticket, result in players.run(queue):
        if (done := queue.closes(ticket, result)) is not None:
            yield done.number, done.verdict()
    players.close()


@dataclass
class _Case:
    number: int
    setting: Setting
    task: Task
    refused: bool
    from_step: int
    evidence: Evidence
    outcomes: dict[str, list[bool]] = field(default_factory=dict)
    steps: dict[str, list[int]] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    waiting: int = 0

    @classmethod
    def of(cls, failure: Failure, world: World) -> _Case:
        number, setting, task, packed, refused, from_step = failure
        return cls(number, setting, task, refused, from_step, gather(world, task, Trace.from_bytes(packed)))

    def next_runs(self) -> list[str]:
        """What must be played now; nothing when all is known or something is still being played."""
        if self.waiting:
            return []
        names = applicable(self.setting, self.task, self.from_step)
        return more_runs(names, self.outcomes, self.evidence, self.refused)

    def ask(self, name: str) -> tuple[Setting, Task]:
        run = self.asked.get(name, 0)
        self.asked[name] = run + 1
        self.waiting += 1
        return altered(name, self.setting, self.task, self.from_step, run)

    def take(self, name: str, result: Result) -> None:
        self.waiting -= 1
        self.outcomes.setdefault(name, []).append(result.success)
        self.steps.setdefault(name, []).append(result.steps)

    def verdict(self) -> VerdictRow:
        found = judge(self.task, self.outcomes, self.evidence, self.setting.planner_delay, self.refused)
        return {
            "cause": found.cause,
            "sentence": found.sentence,
            "frames": found.frames,
            "from_step": self.from_step,
            "replays": [
                {
                    "name": name,  # type: ignore[typeddict-item]
                    "label": LABELS[name],
                    "runs": len(self.outcomes[name]),
                    "rescued": sum(self.outcomes[name]),
                    "steps": self.steps[name],
                }
                for name in LABELS
                if name in self.outcomes
            ],
            "facts": self.evidence.to_dict(),
        }


class _Queue:
    """Replays that wait to be played: an iterator that may be empty now and have more after the next result."""

    def __init__(self, items: Iterator[Failure]) -> None:
        self._items = items
        self._waiting: deque[Replay] = deque()
        self._tickets: dict[int, tuple[_Case, str]] = {}
        self._count = 0
        self.open: Any = None

    def __iter__(self) -> _Queue:
        return self

    def __next__(self) -> Replay:
        if not self._waiting and (failure := next(self._items, None)) is not None:
            self._ask(self.open(failure))
        if not self._waiting:
            raise StopIteration
        return self._waiting.popleft()

    def closes(self, ticket: int, result: Result) -> _Case | None:
        """Take a result; the case when it was the last that it needs."""
        case, name = self._tickets.pop(ticket)
        case.take(name, result)
        if case.waiting or self._ask(case):
            return None
        return case

    def _ask(self, case: _Case) -> bool:
        names = case.next_runs()
        for name in names:
            setting, task = case.ask(name)
            self._tickets[self._count] = case, name
            self._waiting.append((self._count, setting, task))
            self._count += 1
        return bool(names)


def _check_checkpoint(kept: Kept) -> None:
    row = evaluation_row(kept.folder)
    if row["checkpoint_state"] == "expert":
        raise EvaluationError(
            f"Evaluation {kept.manifest.id} was driven by the scripted expert: there are no two systems to choose from."
        )
    if row["checkpoint_state"] != "same":
        raise EvaluationError(
            f"The checkpoint {kept.manifest.checkpoint} of evaluation {kept.manifest.id} is "
            f"{'gone' if row['checkpoint_state'] == 'gone' else 'another one now'}: put the weights with fingerprint "
            f"{kept.manifest.fingerprint} back, or evaluate anew. Its episodes and events can be seen without."
        )


def _some(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:8])) + (" and more" if len(numbers) > 8 else "") if numbers else "none"
