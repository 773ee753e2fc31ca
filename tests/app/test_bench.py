"""Benches: figures are what the records say, tables and pictures show any report, a tiny run measures it all."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from stand_in import POLICY

from app.bench import figures, hands
from app.bench.corrections import make_corrections
from app.bench.loops import FULL, QUICK, Cell, Plan, measure_loops
from app.bench.plot import plot_loops, plot_pins
from app.bench.report import hands_tables, loops_tables, step_table
from app.bench.step import PARTS
from app.bench.trial import Attempt
from app.cli import main
from library.store import Library
from records import CONTROL_PERIOD, Chunk, Intent, StepRecord

ZEROS = np.zeros(7, np.float32)


def record(step: int, late: float = 0.0, source: str = "policy", intent_step: int = 0) -> StepRecord:
    tokens, probabilities = np.zeros((48, 7), np.uint8), np.full((48, 7, 10), 0.1, np.float32)
    intent = Intent(intent_step, 1, tokens, probabilities, ZEROS, 0.0, 0.0, intent_step)
    chunk = Chunk(step - step % 3, step, 1, intent_step, np.zeros((5, 7), np.float32), 0.0, 0.0)
    drives = source == "policy"
    return StepRecord(
        "e", step, 1, "go", 100 + step * CONTROL_PERIOD, late, 0.0, ZEROS, ZEROS, ZEROS, None, source, ZEROS[:3],
        step - intent_step if drives else None, 0, {"decision": 1.0, "physics": 2.0, "render": 4.0, "record": 9.0},
        intent=intent if drives else None, chunk=chunk if drives else None,
    )  # fmt: skip


def attempt(records: list[StepRecord], seed: int = 1, success: bool = True, seconds: float = 4.0) -> Attempt:
    return Attempt(seed, "go", success, seconds, records, 2, 3)


def test_figures_are_what_the_records_say():
    steps = [record(k, 0.006 if k % 10 == 0 else 0.001, "hold" if k < 5 else "policy", k - k % 6) for k in range(101)]
    row = figures.loops([attempt(steps), attempt(steps, 2, False)])
    assert row["steps"] == 202 and row["on_time"] == pytest.approx(180 / 202) and row["missing_steps"] == 0
    assert row["jitter_ms"] == {"p50": 1.0, "p99": 6.0, "max": 6.0}
    assert row["step_ms"]["p99"] == 7.0 and row["real_time_factor"] == pytest.approx(1)
    assert row["refiner_hz"] == pytest.approx(33 / 5) and row["planner_hz"] == pytest.approx(17 / 5)
    assert row["planner_waits"] == 4 and row["starved_steps"] == 6
    assert row["held_share"] == pytest.approx(10 / 202) and row["staleness_steps"]["max"] == 5
    assert [task["success"] for task in row["tasks"]] == [True, False]


def test_a_step_that_is_not_recorded_is_missed():
    assert figures.timing([attempt([record(0), record(1), record(3)])])["missing_steps"] == 1


def test_nothing_played_is_no_figure_and_no_error():
    assert figures.timing(())["on_time"] is None and figures.loops(())["staleness_steps"] is None


def test_schedules_are_compared_on_tasks_that_both_finished():
    def row(*tasks):
        return {"planner_latency_ms": 300, **figures.loops([attempt([], *task) for task in tasks])}

    fast, slow = row((1, True, 4.0), (2, True, 6.0), (3, False, 20.0)), row((1, True, 9.0), (3, True, 9.0))
    assert figures.faster(fast, slow) == {
        "planner_latency_ms": 300, "tasks": 1, "asynchronous_s": 4.0, "synchronous_s": 9.0, "times_faster": 2.25,
    }  # fmt: skip
    assert figures.faster(fast, row((2, False, 20.0)))["times_faster"] is None


def test_plans_measure_what_they_must_in_the_time_they_may_take():
    cells = {(cell.schedule, cell.latency_ms) for cell in FULL.cells}
    schedules = ("asynchronous", "sequential", "synchronous")
    assert cells == {(schedule, ms) for schedule in schedules for ms in (0, 100, 300, 1000)}
    for plan, minutes, runs in ((FULL, 10, 3), (QUICK, 2, 1)):
        seconds = sum(cell.seconds for cell in plan.cells) + runs * plan.watching_seconds
        assert seconds < 0.85 * 60 * minutes  # the rest is for starting
        (compared,) = [c for c in plan.cells if (c.schedule, c.latency_ms) == ("asynchronous", 300)]
        assert compared.steps >= 1000 and compared.seconds >= compared.steps * CONTROL_PERIOD


@pytest.mark.slow
def test_a_tiny_run_measures_every_schedule_and_every_watcher(tmp_path, monkeypatch):
    """With a stand-in policy; how good the figures are depends on the machine, that they are there does not."""
    monkeypatch.setattr("app.bench.watching.find_browser", lambda: None)
    cells = (Cell("asynchronous", 0, 1), Cell("asynchronous", 300, 1, 30), Cell("synchronous", 300, 2))
    report = measure_loops(Path("none"), Plan(cells, 1.5, True), POLICY)
    late, slow = report["loops"][1:]
    assert late["steps"] >= 30 and late["planner_waits"] == 0 and late["missing_steps"] == 0
    assert slow["planner_waits"] > 0 and slow["starved_steps"] > 0 and slow["held_share"] > late["held_share"]
    assert late["staleness_steps"]["p50"] >= 6
    names = [row["watching"] for row in report["watching"]]
    assert names[0] == "nothing" and names[1] == "Rerun" and "five light viewers" in names[3]
    assert all(row["steps"] > 5 and row["step_ms"]["p99"] > 0 for row in report["watching"])
    assert report["watching"][3]["dropped"]["live_frames"] > 0
    json.dumps(report)
    console = Console(width=240, record=True)
    for part in loops_tables(report):
        console.print(part)
    assert "five light viewers" in console.export_text()
    plot_loops(report, tmp_path / "loops.png")
    assert (tmp_path / "loops.png").stat().st_size > 10_000


@pytest.mark.slow
def test_a_human_wins_every_time_and_an_operator_does_a_task_through_the_page(monkeypatch, tmp_path):
    monkeypatch.setattr(hands, "FAMILIES", ("button",))
    monkeypatch.setattr(hands, "DIRECTIONS", (2,))
    monkeypatch.setattr(hands, "PINNED", (1, 8))
    report = hands.measure_hands(Path("none"), hands.Extent(stops=3, cuts=1, tasks=1, pins=1, rewinds=2), POLICY)
    assert report["stop"]["held_at_next_step"] == report["take_over"]["held_at_next_step"] == 3
    assert report["dead_man"]["within_250_ms"] == 1
    back = report["rewind"]
    assert back["bit_exact"] == back["times"] == 2 and back["same_steps"] == back["steps_after"] > 10
    assert report["operator"]["families"] == {"button": {"successes": 1, "episodes": 1}}
    assert report["pins"]["steps"] > 8 and report["pins"]["agree"] == 1.0
    json.dumps(report)
    console = Console(width=80, record=True)
    for part in hands_tables(report):
        console.print(part)
    assert "holds at the next step" in console.export_text()
    plot_pins(report, tmp_path / "pins.png")
    assert (tmp_path / "pins.png").stat().st_size > 10_000


@pytest.mark.slow
def test_an_operator_puts_right_what_a_policy_cannot_do_and_it_is_kept(tmp_path):
    said = []
    report = make_corrections(tmp_path / "none", tmp_path / "library", "button", 1, said.append, POLICY, patience=10)
    assert (report["corrections"], report["corrected"], report["by_policy"]) == (1, 1, 0)
    assert report["seconds_each"] > 0 and "1 of 1 corrections" in said[-1]
    kept = Library(tmp_path / "library")
    assert [each.outcome for each in kept.episodes][:2] == ["failure", "success"]
    assert kept.episodes[1].facts.drivers["human"] > 10 and kept.episodes[1].facts.parent == "episode-001"
    assert make_corrections(tmp_path / "none", tmp_path / "library", "button", 1, said.append) == {"corrections": 1}


def test_one_control_step_is_broken_into_its_parts(capsys):
    assert main(["bench", "step", "--steps", "3", "--json", "-"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert list(report["parts"]) == list(PARTS)
    assert all(0 < row["p50_ms"] <= row["p99_ms"] for row in report["parts"].values())
    console = Console(width=120, record=True)
    console.print(step_table(report))
    assert "both policy cameras" in console.export_text()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["loops", "--plot", "loops.gif"], "must end in .png"),
        (["loops", "--json", "no/such/folder/x.json"], "there is no folder"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_measured(words, sentence, capsys):
    assert main(["bench", *words]) == 2
    assert sentence in capsys.readouterr().err


def test_help_shows_examples_and_what_the_words_mean(capsys):
    with pytest.raises(SystemExit):
        main(["bench", "loops", "--help"])
    shown = capsys.readouterr().out
    assert "libra bench loops --quick" in shown and "on time" in shown
