"""Corrections as frames to learn from: what a human did in episodes of a library, and little else of them.

Which frames count is HG-DAgger's answer (Kelly et al., 2019): of an episode that a policy began, those that the human
drove, with what they did as the label. How much they count is that of intervention-weighted regression (Mandlekar et
al., 2020): as much as all other data together, see `training.tuning`. What the policy did in an episode that a human
led to success is kept at a lower weight, but for the seconds before a take-over, which led to it.

    python -m training.corrections --library runs --episodes 2026-05-01/episode-003 ... --out runs/data/corrections
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from library.errors import LibraryError
from library.files import write_whole
from library.store import Episode, Library
from records import CONTROL_HZ, StepRecord
from records.log import LogError, read_episode
from scenes import TabletopEnv
from scenes.goals import Goal, all_goals, is_held_out
from scenes.language import interpret
from scenes.layout import draw_layout
from training.collect import label_frame
from training.frames import WEIGHT, BlockWriter, write_format

HUMAN_WEIGHT: Final = 1.0
"""of a frame that a human drove or steered, or the expert of a demonstration"""
POLICY_WEIGHT: Final = 0.25
"""of a frame that the policy drove in an episode that succeeded by hand"""
BEFORE_TAKE_OVER: Final = 2 * CONTROL_HZ
"""control steps of the policy before a human takes over, which are not learned from at all"""
DONE: Final = "done.json"
"""says that everything is there, and what was left out"""
_BLOCK: Final = 10
"""episodes"""

Frame = dict[str, NDArray[Any]]


@dataclass
class Stretch:
    """Frames that follow one another, about one goal."""

    instruction: str
    frames: list[Frame] = field(default_factory=list)


def why_not(episode: Episode) -> str | None:
    """Why nothing can be learned from an episode, one sentence; None if something can."""
    facts = episode.facts
    if facts is None:
        return episode.problem or "It cannot be read."
    if episode.outcome != "success":
        return f"It ended in {episode.outcome}: only what led to success is learned from."
    if not (facts.drivers.get("human") or facts.drivers.get("expert") or facts.steered):
        return "Nobody but the policy drove."
    return _goal_problem(facts.instruction, facts.seed)


def _goal_problem(instruction: str, seed: int) -> str | None:
    goal = interpret(instruction, draw_layout(seed).names)
    if goal is None or goal not in all_goals():
        return f"“{instruction}” is no task of its scene."
    if is_held_out(goal):
        return f"“{goal.instruction}” is held out of training, to be measured."
    return None


def family_of(episode: Episode) -> str:
    """The task family of an episode that can be learned from."""
    assert episode.facts is not None
    goal = interpret(episode.facts.instruction, draw_layout(episode.facts.seed).names)
    assert goal is not None
    return goal.family


def stretches(episode: Episode, env: TabletopEnv) -> list[Stretch]:
    """What is learned from an episode: its pictures as they were seen, labels from its simulated states.

    Steps at which nobody moved the arm are left out; nothing happens in them.

    Raises:
        LibraryError: it cannot be learned from; the message says why.
    """
    try:
        records = read_episode(episode.path).records
    except (LogError, OSError) as error:
        raise LibraryError(str(error)) from error
    first, end = episode.span
    # What is trimmed away still says what led to it.
    weighed = [each for each in zip(records, weights(records), strict=True) if first <= each[0].step < end]
    if any(not len(record.state) for record, _ in weighed):
        raise LibraryError(f"{episode.id} was imported without states and cannot be labelled.")
    found: list[Stretch] = []
    goal: Goal | None = None
    words, begins = "", True
    for record, weight in weighed:
        if record.instruction != words:
            words = record.instruction
            goal = None if _goal_problem(words, int(record.state[0])) else _goal_in(env, record)
            begins = True
        begins |= bool(record.nudges)
        if record.control_source == "hold":
            continue
        if weight == 0 or goal is None:
            begins = True
            continue
        if begins:
            found.append(Stretch(words))
            begins = False
        found[-1].frames.append(_frame(env, goal, record, weight))
    if not found:
        raise LibraryError(f"{episode.id} has no step that can be learned from.")
    return found


def weights(records: list[StepRecord]) -> NDArray[np.float32]:
    """(n,) how much each step counts; 0 for what led to a take-over and for steps at which nobody drove."""
    out = np.zeros(len(records), np.float32)
    until_take_over = BEFORE_TAKE_OVER
    """control steps of the policy until a human drives, from the end backwards"""
    for index in range(len(records) - 1, -1, -1):
        record = records[index]
        if record.control_source == "human" or record.pins is not None or record.control_source == "expert":
            out[index] = HUMAN_WEIGHT
            until_take_over = 0
        elif record.control_source == "policy":
            out[index] = POLICY_WEIGHT if until_take_over >= BEFORE_TAKE_OVER else 0.0
            until_take_over += 1
    return out


def _goal_in(env: TabletopEnv, record: StepRecord) -> Goal | None:
    env.set_state(record.state)
    env.set_instruction(record.instruction)
    return env.goal


def _frame(env: TabletopEnv, goal: Goal, record: StepRecord, weight: float) -> Frame:
    env.set_state(record.state)
    seen = record.observation
    if seen is None or seen.front.shape[0] != env.image_size:
        view: Frame = env.observe()
    else:
        view = {"front": seen.front, "wrist": seen.wrist, "proprio": seen.proprio}
    done = record.action.astype(np.float32)
    return {**label_frame(env, goal, view, done, done, record.step), WEIGHT: np.array(weight, np.float32)}


def convert(library: Library, names: list[str], out: Path) -> dict[str, Any]:
    """Write the frames of these episodes as a data set; one that cannot be used is left out with the reason.

    Returns what is in `done.json`: `used` ids, `left_out` id -> reason, and `frames` by weight.

    Raises:
        LibraryError: nothing can be learned from any of them.
        WriteError: the disk is full.
    """
    write_format(out, library=str(library.root))
    report: dict[str, Any] = {"used": [], "left_out": {}, "frames": {}}
    writer, blocks = BlockWriter(), 0
    env = TabletopEnv()
    for name in tqdm(names, desc="converting", unit="episode"):
        try:
            found = stretches(library.find(name), env)
        except (LibraryError, ValueError) as error:
            report["left_out"][name] = str(error)
            continue
        report["used"].append(name)
        for each in found:
            writer.add(each.instruction, each.frames)
            for frame in each.frames:
                weight = f"{float(frame[WEIGHT]):g}"
                report["frames"][weight] = report["frames"].get(weight, 0) + 1
        if len(report["used"]) % _BLOCK == 0:
            blocks += _write(writer, out, blocks)
            writer = BlockWriter()
    blocks += _write(writer, out, blocks)
    env.close()
    if not blocks:
        reasons = " ".join(dict.fromkeys(report["left_out"].values()))
        raise LibraryError(f"Nothing can be learned from any of the episodes: {reasons}")
    write_whole(out / DONE, json.dumps(report, indent=1).encode())
    return report


def _write(writer: BlockWriter, out: Path, number: int) -> bool:
    if writer.frames:
        writer.write(out / f"block_{number:07d}")
    return bool(writer.frames)


def read_report(out: Path) -> Iterator[str]:
    """A sentence for each episode that was left out."""
    for name, reason in json.loads((out / DONE).read_text())["left_out"].items():
        yield f"{name} was left out: {reason}"


def main(words: list[str] | None = None) -> int:
    """Convert, in a process of its own."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--episodes", nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args(words)
    try:
        convert(Library(arguments.library), arguments.episodes, arguments.out)
    except (LibraryError, OSError, ValueError) as error:
        print(f"corrections: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
