"""`libra eval` and `libra bench` from outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli import main


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--episodes", "0"], "--episodes and --workers must be at least 1"),
        (["--planner-delay", "-1"], "--planner-delay at least 0"),
        (["--tasks", "pick,juggle"], "there is no task juggle; choose pick, bowl"),
        (["--plot", "delays.png"], "add --delays 0,4,8,16"),
        (["--delays", "0,4", "--plot", "delays.jpeg"], "must end in .png, .svg or .pdf"),
        (["--json", "nowhere/at/all.json"], "there is no folder nowhere/at"),
        (["--delays", "0;4"], "control steps with commas between"),
        (["--expert", "--refusals"], "--expert plans and reads nothing"),
        (["--compare", "delay=soon", "delay=8"], "'delay=soon' in 'delay=soon' is no setting"),
        (["--compare", "delay=8", "delay=8"], "says the same twice"),
        (["--expert", "--compare", "delay=0", "delay=8"], "say expert as one of the two"),
        (["--checkpoint", "one", "two"], "several checkpoints go with --delays"),
        (["--held-out", "--refusals"], "goes with neither --phrases nor --refusals"),
        (["--held-out", "--tasks", "button", "--expert"], "No scene from seed 500000 on"),
        (["--phrases", "no-such-file.json"], "no-such-file.json cannot be read"),
    ],
)
def test_what_makes_no_sense_is_refused_with_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", *words]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert sentence in said[-1] and said[-1].startswith("libra eval: ")


def test_measures_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["eval", "--refusals", "--perturb", "all"])
    assert stop.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["eval"], ["eval", "--compare", "delay=0", "delay=1"], ["bench", "policy"]])
def test_a_checkpoint_that_is_not_there_is_named(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--checkpoint", "no/such/folder"]) == 1
    assert "The checkpoint no/such/folder has no config.json" in capsys.readouterr().err


def test_dagger_with_a_checkpoint_that_is_not_there_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dagger", "--checkpoint", "no/such/folder", "--out", str(tmp_path / "data")]) == 1
    assert "libra dagger: The checkpoint no/such/folder has no config.json" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_all_perturbations_can_be_asked_for() -> None:
    from scenes.perturb import MOVED, PERTURBATIONS
    from training.commands import eval as command

    assert (*PERTURBATIONS, MOVED, "all") == command.PERTURBATIONS


def test_without_tasks_the_families_of_the_checkpoint_are_measured() -> None:
    from training.commands.eval import SHIPPED
    from training.scores import choose_families
    from training.setting import Setting

    known = tuple(json.loads((SHIPPED / "config.json").read_text())["families"])
    assert choose_families("all", [Setting(str(SHIPPED))]) == known
    assert choose_families("bowl,pick", [Setting(str(SHIPPED))]) == ("bowl", "pick")
    assert len(choose_families("all", [Setting(None)])) == 7


@pytest.mark.slow
def test_the_expert_is_measured_on_the_held_out_goals(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    words = ["--expert", "--held-out", "--tasks", "pick,push", "--episodes", "4", "--seed", "860000", "--no-keep"]
    assert main(["eval", *words, "--json", str(path)]) == 0
    report = json.loads(path.read_text())
    assert report["episodes"] == 4 and report["successes"] >= 3
    assert set(report["tasks"]) == {"pick", "push"} and report["held_out"] and report["real_time_factor"] > 0


def test_the_bench_times_both_systems(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "policy", "--calls", "3", "--json", "-"]) == 0
    report = json.loads(capsys.readouterr().out)
    for system in ("planner_ms", "refiner_ms"):
        assert 0 < report[system]["p50"] <= report[system]["p95"]
