"""Hands on, measured: how surely a stop, a take-over and a lost page hold, what an operator and pinned tokens reach.

What a browser adds (keys, pictures, tabs that are killed) is measured by `scripts/measure_page.py`.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from app.bench.operator import Page, teleoperate
from app.bench.rewind import measure_rewinds
from app.bench.trial import FIRST_SEED, BenchError, Trial
from app.bench.watching import with_page
from app.session.protocol import SessionSettings
from records import ACTION_NAMES, BINS, CONTROL_PERIOD, StepRecord
from records.log import read_episode
from scenes import TabletopEnv
from scenes.goals import FAMILIES
from scenes.language import interpret
from training.intervals import wilson

PARTS: Final = ("stop", "take_over", "dead_man", "rewind", "operator", "pins")
DIRECTIONS: Final = (0, 1, 2)
"""dimensions that are pinned: x, y, z"""
PINNED: Final = tuple(range(BINS))
"""bins that they are pinned to"""
PIN_STEPS: Final = 12
RESETS: Final = 5
"""rounds after which a new scene begins: logs are read whole"""
MOST_TRIES: Final = 10
"""rounds for each that is to be measured: in some the policy does not drive yet"""
HELD_STEPS: Final = 2
"""control steps, at least, that the arm is seen to hold"""
WRITTEN_SECONDS: Final = 2.0
"""after which they are on disk, or the arm did not hold"""
SETTLED: Final = 2
"""control steps after which a hand-over to a pinned bin is over"""


@dataclass(frozen=True)
class Extent:
    """How often each thing is done."""

    stops: int
    cuts: int
    tasks: int
    """per family"""
    pins: int
    """per bin and dimension"""
    rewinds: int


FULL: Final = Extent(stops=1000, cuts=100, tasks=5, pins=3, rewinds=100)
QUICK: Final = Extent(stops=30, cuts=5, tasks=1, pins=1, rewinds=3)


def measure_hands(
    checkpoint: Path, extent: Extent, policy: str = SessionSettings.policy, only: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Everything, in one cockpit that is served as by `libra demo`.

    Args:
        checkpoint: of the policy.
        extent: how much of each.
        policy: `module:function` that loads it.
        only: some of `PARTS`; all if empty.

    Raises:
        BenchError: the session or the page is gone.
    """
    settings = SessionSettings(checkpoint, policy=policy, time_limit=100_000)
    wanted = only or PARTS
    report: dict[str, Any] = {"checkpoint": str(checkpoint)}
    if "rewind" in wanted:
        report["rewind"] = measure_rewinds(checkpoint, extent.rewinds, policy)
    if wanted == ("rewind",):
        return report
    with with_page(settings) as (trial, _, address):
        trial.wait_for_policy()
        bench = _Hands(trial, address, random.Random(1))
        parts = {
            "stop": lambda: bench.held_by("stop", extent.stops),
            "take_over": lambda: bench.held_by("take_over", extent.stops),
            "dead_man": lambda: bench.cut(extent.cuts),
            "operator": lambda: bench.operate(extent.tasks),
            "pins": lambda: bench.pin(extent.pins),
        }
        return {**report, **{name: parts[name]() for name in wanted if name in parts}}


class _Hands:
    def __init__(self, trial: Trial, address: str, rng: random.Random) -> None:
        self._trial, self._address, self._rng = trial, address, rng

    def held_by(self, command: str, times: int) -> dict[str, Any]:
        """A command at random moments of a running episode: does the policy act after the step that was next?"""
        page, done, held, waits = Page(self._address), 0, 0, list[float]()
        with tqdm(total=times, desc=command.replace("_", " "), leave=False) as bar:
            for tried in range(MOST_TRIES * times):
                if done == times:
                    break
                if tried % RESETS == 0:
                    self._call("reset", seed=FIRST_SEED + 10_000 + tried)
                self._run()
                time.sleep(self._rng.uniform(0.15, 0.5))
                if self._call("status")["state"] != "running":
                    continue
                sent = time.time()
                answer = page.ask("take_over") if command == "take_over" else self._call("stop")
                before, later = self._around(answer["episode"], answer["step"])
                self._call("stop")
                if before is None or before.control_source != "policy":
                    continue  # the arm held already: that it holds on proves nothing
                held += len(later) >= HELD_STEPS and all(record.control_source != "policy" for record in later)
                waits += [1e3 * (later[0].wall_time - sent)] if later else []
                done += 1
                bar.update()
            if done < times:
                raise BenchError(f"The policy drove in {done} of {MOST_TRIES * times} rounds only: see `libra doctor`.")
        page.close()
        return {
            "times": times, "held_at_next_step": held, "interval_95": list(wilson(held, times)), "ms": _spread(waits),
        }  # fmt: skip

    def cut(self, times: int) -> dict[str, Any]:
        """The connection of a page that drives is cut: milliseconds from its last command to the first held step."""
        waits = []
        for _ in tqdm(range(times), "connection cut", leave=False):
            self._call("reset", seed=FIRST_SEED)
            page = Page(self._address)
            status = page.ask("take_over")
            for _ in range(self._rng.randint(4, 9)):
                page.drive([0.0, 0.0, self._rng.choice((-0.2, 0.2)), 0.0, 0.0, 0.0, -1.0])
                time.sleep(CONTROL_PERIOD)
            page.cut()
            gone = time.time()
            time.sleep(0.5)
            steps = self._steps(status["episode"])
            after = [record for record in steps if record.wall_time > gone and record.control_source == "hold"]
            waits.append(1e3 * (after[0].wall_time - gone) if after else float("inf"))
            self._call("stop")
        return {
            "times": times,
            "ms": _spread(waits),
            "within_250_ms": sum(wait <= 250 for wait in waits),
        }

    def operate(self, times: int) -> dict[str, Any]:
        """Every family by hand, so many tasks of each."""
        families: dict[str, dict[str, int]] = {}
        page, env, seed = Page(self._address), TabletopEnv(), FIRST_SEED + 20_000
        for family in tqdm(FAMILIES, "operator", leave=False):
            done = tried = 0
            while tried < times:
                seed += 1
                status = self._call("reset", seed=seed)
                names = status["objects"]
                words = [each for each in status["suggestions"] if _family(each, names) == family]
                if not words:
                    continue
                tried += 1
                page.ask("take_over")
                self._call("run", instruction=words[0])
                env.reset(seed=seed)
                done += teleoperate(page, self._path, env, words[0])
                self._call("stop")
            families[family] = {"successes": done, "episodes": tried}
        page.close()
        env.close()
        successes, episodes = (sum(each[name] for each in families.values()) for name in ("successes", "episodes"))
        return {
            "successes": successes, "episodes": episodes, "interval_95": list(wilson(successes, episodes)),
            "families": families,
        }  # fmt: skip

    def pin(self, times: int) -> dict[str, Any]:
        """Every bin of x, y and z, pinned while the policy drives: how often does the motion agree in sign?"""
        agree: dict[str, dict[int, list[bool]]] = {ACTION_NAMES[d]: defaultdict(list) for d in DIRECTIONS}
        unbound = []
        wanted = [(d, b) for d in DIRECTIONS for b in PINNED for _ in range(times)]
        page = Page(self._address)
        for number, (dimension, bin) in enumerate(tqdm(wanted, "pins", leave=False)):
            self._call("reset", seed=FIRST_SEED + 30_000 + number)
            status = self._run()
            time.sleep(self._rng.uniform(0.4, 1.5))
            page.ask("pin_tokens", pins={ACTION_NAMES[dimension]: bin}, steps=PIN_STEPS)
            time.sleep((PIN_STEPS + 3) * CONTROL_PERIOD)
            self._call("stop")
            pinned = [each for each in self._steps(status["episode"]) if each.pins is not None]
            for record in pinned[SETTLED:]:
                agree[ACTION_NAMES[dimension]][bin].append((record.action[dimension] > 0) == (bin >= 5))
                if record.proposal is not None and bin not in (4, 5):
                    unbound.append((record.proposal[dimension] > 0) == (bin >= 5))
        page.close()
        clear = [each for bins in agree.values() for bin, all_ in bins.items() if bin not in (4, 5) for each in all_]
        return {
            "steps": len(clear),
            "agree": sum(clear) / max(len(clear), 1),
            "refiner_alone_agrees": sum(unbound) / max(len(unbound), 1),
            "steps_of": {name: {bin: len(a) for bin, a in bins.items()} for name, bins in agree.items()},
            "bins": {name: {bin: sum(a) / len(a) for bin, a in bins.items() if a} for name, bins in agree.items()},
        }

    def _run(self) -> dict[str, Any]:
        status = self._call("status")
        words = status["suggestions"][self._rng.randrange(len(status["suggestions"]))]
        return self._call("run", instruction=words)

    def _call(self, command: str, **arguments: Any) -> dict[str, Any]:
        status = self._trial.call(command, **arguments)
        if "error" in status:
            raise BenchError(status["error"])
        return status

    def _around(self, episode: str, step: int) -> tuple[StepRecord | None, list[StepRecord]]:
        """The record before a step, and those from it on, as soon as there are enough."""
        deadline = time.monotonic() + WRITTEN_SECONDS
        while True:
            time.sleep(HELD_STEPS * CONTROL_PERIOD)
            steps = self._steps(episode)
            later = [record for record in steps if record.step >= step]
            if len(later) >= HELD_STEPS or time.monotonic() > deadline:
                return next((record for record in steps if record.step == step - 1), None), later

    def _path(self, episode: str) -> Path:
        return self._trial.folder / f"{episode}.arrow"

    def _steps(self, episode: str) -> list[StepRecord]:
        return read_episode(self._path(episode)).records


def _spread(waits: list[float]) -> dict[str, float] | None:
    """Median, 95th percentile and worst."""
    if not waits:
        return None
    waits = sorted(waits)
    at = {"p50": 0.5, "p95": 0.95, "max": 1.0}
    return {name: round(waits[min(len(waits) - 1, int(share * len(waits)))], 1) for name, share in at.items()}


def _family(instruction: str, names: list[str]) -> str | None:
    goal = interpret(instruction, names)
    return None if goal is None else goal.family
