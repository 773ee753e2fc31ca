"""The two loops' timing: periods, durations, staleness, queue, lateness, and lanes that show who was busy when."""

from __future__ import annotations

import time
from typing import Final

import rerun as rr

from records import CONTROL_PERIOD, Chunk, Intent, Outcome, StepRecord
from viz import paths
from viz.columns import ColumnLog

_SERIES: Final = {
    paths.PLANNER_DURATION: ("planner takes (ms)", paths.COARSE_COLOR, 2.0),
    paths.PLANNER_PERIOD: ("planner period (ms)", (170, 105, 20), 1.2),
    paths.REFINER_DURATION: ("refiner takes (ms)", paths.REFINED_COLOR, 2.0),
    paths.REFINER_PERIOD: ("refiner period (ms)", (20, 125, 160), 1.2),
    paths.STALENESS: ("staleness (steps)", paths.COARSE_COLOR, 2.0),
    paths.QUEUE_DEPTH: ("queue (actions)", paths.REFINED_COLOR, 2.0),
    paths.LATE: ("late (ms)", (213, 94, 0), 2.0),
}
_EVENT: Final = rr.TextLogLevel.INFO


class TimingLog:
    """Logs one episode's timing.

    A planner or refiner result is known when it is first used; its busy time is then written where it belongs,
    in the past of the timelines. Results that were never used do not appear.
    """

    def __init__(self, log: ColumnLog) -> None:
        self._log = log
        self._intent: Intent | None = None
        self._chunk: Chunk | None = None
        self._results = {paths.PLANNER_LANE: 0, paths.REFINER_LANE: 0}
        self._ends: dict[str, tuple[int, float]] = {}
        """lane -> step and monotonic time at which its last result was ready"""
        self._driver: str | None = None
        self._generation: int | None = None
        # Workers stamp results with the monotonic clock, which all processes of a machine share.
        self._monotonic_to_wall = time.time() - time.monotonic()
        self._stages: set[str] = set()
        for path, (name, color, width) in _SERIES.items():
            log.log(path, rr.SeriesLines(names=name, colors=color, widths=width), static=True)
        _configure_lanes(log)

    def log(self, record: StepRecord) -> None:
        """Everything about time that this step tells."""
        self._number(paths.QUEUE_DEPTH, record.queue_depth)
        self._number(paths.LATE, 1e3 * record.due_late)
        if record.staleness is not None:
            self._number(paths.STALENESS, record.staleness)
        for name, milliseconds in record.durations.items():
            if name not in self._stages:
                self._stages.add(name)
                self._log.log(paths.stage(name), rr.SeriesLines(names=f"{name} (ms)"), static=True)
            self._number(paths.stage(name), milliseconds)
        if (driver := paths.driver_of(record)) != self._driver:
            self._driver = driver
            self._log.log(paths.DRIVER_LANE, rr.StateChange(state=driver))
        self._log_events(record)
        self._log_results(record)

    def log_rest(self) -> None:
        """Nothing is asked yet: the lanes are there, and empty."""
        for lane in self._results:
            self._log.log(lane, rr.StateChange(state="idle"))

    def log_start(self, instruction: str) -> None:
        """The episode runs."""
        self._log.log(paths.OUTCOME_LANE, rr.StateChange(state="running"))
        self._log.log(paths.EVENTS, rr.TextLog(f"Instruction: {instruction}", level=_EVENT))

    def log_end(self, outcome: Outcome, sentence: str) -> None:
        """The outcome, and the end of the other lanes."""
        self._log.log(paths.OUTCOME_LANE, rr.StateChange(state=outcome))
        level = rr.TextLogLevel.INFO if outcome == "success" else rr.TextLogLevel.WARN
        text = f"{outcome.capitalize()}: {sentence}" if sentence else outcome.capitalize()
        self._log.log(paths.EVENTS, rr.TextLog(text, level=level))

    def _log_events(self, record: StepRecord) -> None:
        if self._generation is not None and record.generation != self._generation:
            text = f"Generation {record.generation}: older results are dropped."
            self._log.log(paths.EVENTS, rr.TextLog(text, level=rr.TextLogLevel.DEBUG))
        self._generation = record.generation
        for event in record.events:
            self._log.log(paths.EVENTS, rr.TextLog(event, level=rr.TextLogLevel.WARN))

    def _log_results(self, record: StepRecord) -> None:
        intent, chunk = record.intent, record.chunk
        if intent is not None and _key(intent) != _key(self._intent):
            period = intent.asked_at - self._intent.asked_at if self._intent is not None else None
            self._log_result(paths.PLANNER_DURATION, paths.PLANNER_PERIOD, intent, period)
            self._log_busy(paths.PLANNER_LANE, record, intent, intent.ready_step)
            self._intent = intent
        if chunk is not None and _key(chunk) != _key(self._chunk):
            period = chunk.asked_at - self._chunk.asked_at if self._chunk is not None else None
            self._log_result(paths.REFINER_DURATION, paths.REFINER_PERIOD, chunk, period)
            self._log_busy(paths.REFINER_LANE, record, chunk, chunk.start_step)
            self._chunk = chunk

    def _log_result(self, duration_path: str, period_path: str, result: Intent | Chunk, period: float | None) -> None:
        self._number(duration_path, 1e3 * (result.ready_at - result.asked_at))
        if period is not None:
            self._number(period_path, 1e3 * period)

    def _number(self, path: str, value: float) -> None:
        self._log.row(path, rr.Scalars, scalars=[value])

    def _log_busy(self, lane: str, record: StepRecord, result: Intent | Chunk, until: int) -> None:
        """Two shades take turns, so that back-to-back results can be told apart."""
        shade = "even" if self._results[lane] % 2 == 0 else "odd"
        self._results[lane] += 1
        end = (max(until, result.step + 1), result.ready_at)
        states = [(shade, (result.step, result.asked_at)), ("idle", end)]
        if (last := self._ends.get(lane)) is not None and result.step <= last[0]:
            # It began within the control step in which the last one ended: what was logged as idle is busy.
            states.insert(1, (shade, last))
        self._ends[lane] = end
        for state, (step, at) in states:
            sim_time = record.sim_time + (step - record.step) * CONTROL_PERIOD
            self._log.at(step, sim_time, at + self._monotonic_to_wall)
            self._log.row(lane, rr.StateChange, state=[state])
        self._log.at(record.step, record.sim_time, record.wall_time)


def _key(result: Intent | Chunk | None) -> tuple[int, int, int] | None:
    if result is None:
        return None
    return result.generation, result.step, result.start_step if isinstance(result, Chunk) else 0


def _configure_lanes(log: ColumnLog) -> None:
    drivers, outcomes = paths.DRIVER_COLORS, paths.OUTCOME_COLORS
    log.log(
        paths.DRIVER_LANE,
        rr.StateConfiguration(values=list(drivers), labels=list(drivers), colors=list(drivers.values())),
        static=True,
    )
    log.log(
        paths.OUTCOME_LANE,
        rr.StateConfiguration(values=list(outcomes), labels=list(outcomes), colors=list(outcomes.values())),
        static=True,
    )
    busy = (
        (paths.PLANNER_LANE, "planning", paths.COARSE_COLOR, (196, 112, 4)),
        (paths.REFINER_LANE, "refining", paths.REFINED_COLOR, (14, 134, 172)),
    )
    for lane, label, color, shade in busy:
        log.log(
            lane,
            rr.StateConfiguration(
                values=["even", "odd", "idle"],
                labels=[label, label, "idle"],
                colors=[color, shade, (52, 56, 62)],
                visible=[True, True, False],
            ),
            static=True,
        )
