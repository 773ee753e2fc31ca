"""How good the diagnosis is: planted events that are found, false alarms, and injected faults that are named."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from diagnosis.events import FINDERS, find
from diagnosis.judging import diagnose
from diagnosis.planting import PLANTS, plant
from diagnosis.store import Kept, events_of, failures, read_kept
from scenes import TabletopEnv
from training.evaluate import evaluate
from training.faults import CAUSE, FAULTS, misword, with_fault, without_fault
from training.intervals import rate
from training.kept import describe
from training.parallel import share_out
from training.setting import Setting
from training.tasks import assign_tasks

NEAR: Final = 15
"""control steps by which the step that is found may differ from the one that was planted"""
READ_OUT: Final = ("withdrawn intent", "starvation", "clamped command")
"""what the runtime or the controller says itself: in a clean episode it is no false alarm, it was so"""
_PATIENCE = 6
"""blocks of episodes that are played until there are enough failures"""


def score_events(
    kinds: Sequence[str], count: int, seed: int, clean: int, workers: int, evaluation: Kept | None = None,
    quiet: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Planted events that are found, and alarms in clean episodes.

    Args:
        kinds: of events to plant.
        count: planted, of each.
        seed: of the first scene.
        clean: successful episodes of the expert in which nothing should be found.
        workers: processes.
        evaluation: whose successful episodes are clean, too.
        quiet: whether to leave out the progress bar.
    """
    jobs = [(kind, count, seed) for kind in kinds]
    found = dict(share_out(_plant_all, jobs, workers, "planting", "kind", quiet))
    report: dict[str, Any] = {"planted": {}, "clean": {}}
    for kind in kinds:
        hits = [hit for hit, _ in found[kind]]
        missed = [scene for hit, scene in found[kind] if not hit]
        report["planted"][kind] = {**rate(hits), "missed_seeds": missed}
    groups = [(Setting(None), assign_tasks(clean, seed + 50_000))]
    tasks = groups[0][1]
    played = share_out(_clean_all, list(enumerate(tasks)), workers, "clean episodes", "episode", quiet)
    report["clean"]["expert"] = _alarms([alarms for alarms in played if alarms is not None])
    if evaluation is not None:
        events = events_of(evaluation)
        report["clean"]["policy"] = _alarms(
            [[each["kind"] for each in events[n]] for n, row in evaluation.rows.items() if row["success"]]
        )
    return report


def _plant_all(jobs: Iterator[tuple[str, int, int]]) -> Iterator[tuple[str, list[tuple[bool, int]]]]:
    env = TabletopEnv()
    for kind, count, seed in jobs:
        hits = []
        for task, step, facts in plant(env, kind, count, seed):
            steps = [event.step for event in FINDERS[kind](facts)]
            hits.append((any(abs(each - step) <= NEAR for each in steps), task.seed))
        yield kind, hits


def _clean_all(items: Iterator[tuple[int, Any]]) -> Iterator[list[str] | None]:
    from diagnosis.events import Facts
    from training.rollout import play_expert
    from training.trace import Trace

    env = TabletopEnv()
    for _, task in items:
        playing = play_expert(env, task, keep=True)
        try:
            while True:
                next(playing)
        except StopIteration as done:
            result = done.value
        facts = Facts(Trace.from_bytes(result.trace), task.goal, result.success, not result.success)
        yield [event.kind for event in find(facts)] if result.success else None


def _alarms(episodes: list[list[str]]) -> dict[str, Any]:
    counted = Counter(kind for kinds in episodes for kind in kinds)
    judged = sum(count for kind, count in counted.items() if kind not in READ_OUT)
    return {
        "episodes": len(episodes),
        "alarms": judged,
        "per_50": round(50 * judged / max(len(episodes), 1), 2),
        "kinds": dict(counted),
    }


def score_faults(
    root: Path, checkpoint: str, faults: Sequence[str], count: int, seed: int, workers: int, quiet: bool = False
) -> dict[str, Any]:
    """Injected faults whose cause the verdict names: so many failing episodes of each that succeed without it.

    Episodes are kept below `root`, so that a second run only judges anew what is not judged yet.
    """
    report: dict[str, Any] = {"count": count, "faults": {}}
    for fault in faults:
        began, judged, played = time.monotonic(), 0.0, 0
        causes: list[tuple[int, str]] = []
        for block in range(_PATIENCE):
            right = assign_tasks(count, seed + 10_000 * block)
            tasks = [misword(task) for task in right] if fault == "wrong-wording" else right
            setting = with_fault(Setting(checkpoint), fault)
            command = f"libra bench verdicts --faults {fault}"
            _, sound = evaluate([(setting, tasks), (without_fault(setting), right)], workers, quiet, root, command)
            kept = read_kept(root / describe(setting, tasks, "").id)
            # What fails without the fault as well has another cause beside it.
            wrong = [n for n in failures(kept) if sound[n].success][: count - len(causes)]
            played += len(tasks)
            started = time.monotonic()
            verdicts = diagnose(kept, wrong, workers=workers, quiet=quiet) if wrong else {}
            judged += time.monotonic() - started
            causes += [(kept.tasks[n].seed, verdict["cause"]) for n, verdict in verdicts.items()]
            if len(causes) >= count:
                break
        named = [cause == CAUSE[fault] for _, cause in causes]
        report["faults"][fault] = {
            **rate(named),
            "expected": CAUSE[fault],
            "causes": dict(Counter(cause for _, cause in causes)),
            "wrong": [{"seed": scene, "cause": cause} for scene, cause in causes if cause != CAUSE[fault]],
            "played": played,
            "seconds": round(time.monotonic() - began, 1),
            "judging_seconds": round(judged, 1),
        }
    return report


KINDS: Final = tuple(PLANTS)
ALL_FAULTS: Final = tuple(FAULTS)
