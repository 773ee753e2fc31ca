"""What each measure reports, with episodes that somebody made up."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from training import measures
from training.delay_plot import plot_delays
from training.evaluate import Evaluate, Group, pace
from training.report import lines
from training.rollout import Result
from training.setting import Setting
from training.tasks import Task, assign_tasks

POLICY = Setting("runs/one")
TASKS = assign_tasks(40, 860_000)


def pretend(succeeds: Callable[[Setting, Task], bool]) -> Evaluate:
    def evaluate(groups: Sequence[Group]) -> list[list[Result]]:
        return [[Result(task, succeeds(setting, task), 60, False) for task in tasks] for setting, tasks in groups]

    return evaluate


def said(report: dict) -> str:
    json.dumps(report)
    return "\n".join(lines({**report, "seconds": 3.0}))


def test_a_report_has_every_family_and_the_seeds_that_failed() -> None:
    report = measures.plain(POLICY, TASKS, pretend(lambda _, task: task.seed != 860_003))
    assert (report["successes"], report["episodes"], report["failed_seeds"]) == (39, 40, [860_003])
    assert sum(part["successes"] for part in report["tasks"].values()) == 39
    assert all(0 <= low <= high <= 1 for low, high in [part["interval_95"] for part in report["tasks"].values()])
    assert report["planner_delay_steps"] == 1 and report["refused"] == 0
    assert "39 of 40 (97.5%" in said(report)


def test_the_pace_counts_simulated_time() -> None:
    results = pretend(lambda *_: True)([(POLICY, TASKS)])[0]
    assert pace(results, 10.0) == {"seconds": 10.0, "simulated_seconds": 120.0, "real_time_factor": 12.0}


def test_two_settings_are_compared_episode_by_episode() -> None:
    late = Setting("runs/one", planner_delay=8)
    evaluate = pretend(lambda setting, task: setting == POLICY or task.seed % 4 > 0)
    report = measures.compare({"delay=1": POLICY, "delay=8": late}, TASKS, evaluate)
    assert [side["name"] for side in report["compared"]] == ["delay=1", "delay=8"]
    assert report["paired"]["broken"] == 10 and report["paired"]["fixed"] == 0
    assert report["paired"]["mcnemar_p"] < 0.01
    assert "-25.0 points" in said(report) and "10 broken, 30 unchanged" in said(report)


def test_delays_make_a_curve_for_every_checkpoint_and_a_picture(tmp_path: Path) -> None:
    evaluate = pretend(lambda setting, task: task.seed % 20 >= setting.planner_delay)
    report = measures.delays(["runs/one", "runs/two"], [0, 4, 8], POLICY, TASKS, evaluate)
    assert [[point["successes"] for point in curve["points"]] for curve in report["curves"]] == [[40, 32, 24]] * 2
    assert report["curves"][0]["points"][2]["paired"]["broken"] == 16
    assert "8 steps late:   24 of 40" in said(report)
    plot_delays(report, tmp_path / "delays.png")
    assert (tmp_path / "delays.png").read_bytes().startswith(b"\x89PNG")


def test_perturbations_are_reported_one_by_one_and_on_average() -> None:
    tasks = {kind: assign_tasks(10, 860_000, perturbation=kind) for kind in ("light", "start")}
    report = measures.perturbations(POLICY, tasks, pretend(lambda _, task: task.perturbation == "light"))
    assert [part["successes"] for part in report["perturbations"].values()] == [10, 0]
    assert (report["average"]["successes"], report["average"]["episodes"]) == (10, 20)
    assert "average       10 of 20" in said(report)


def test_phrases_are_measured_against_the_canonical_words() -> None:
    evaluate = pretend(lambda _, task: task.instruction == task.goal.instruction or task.seed % 2 == 0)
    report = {**measures.phrases(POLICY, TASKS, evaluate), "left_out": 2}
    assert report["canonical"]["successes"] == 40
    assert report["share_of_canonical"] == report["phrases"]["successes"] / 40
    assert sum(entry["episodes"] for entry in report["entries"]) == 40
    assert "of the canonical score" in said(report) and "2 phrases ask for other families" in said(report)


def test_a_moved_target_is_measured_with_checks_and_without_and_undisturbed() -> None:
    tasks = assign_tasks(20, 860_000, ("pick", "bowl"), perturbation="moved")

    def evaluate(groups: Sequence[Group]) -> list[list[Result]]:
        def play(setting: Setting, task: Task) -> Result:
            moved = task.perturbation == "moved"
            success = setting.checks or not moved or task.seed % 2 == 0
            reaction = (5 if setting.checks else 8) if moved else None
            return Result(
                task, success, 60, False, 0, reaction, plans=12, alarms=int(setting.checks and task.seed % 4 == 0)
            )

        return [[play(setting, task) for task in tasks] for setting, tasks in groups]

    report = measures.moved(POLICY, tasks, evaluate)
    assert report["moved"]["checks_on"]["successes"] == 20 and report["paired"]["fixed"] > 0
    assert report["moved"]["checks_off"]["reaction_steps"] == {"mean": 8.0, "p50": 8.0, "p95": 8.0, "episodes": 20}
    calm = report["undisturbed"]
    assert calm["intents"] == 240 and 0 < calm["false_alarms"] < 20
    assert "reacts after 5 steps" in said(report) and f"{calm['false_alarms']} false alarms in 240" in said(report)
