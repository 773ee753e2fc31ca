"""One command leads from nothing to a checkpoint, goes on where it stopped, and notices what was made otherwise."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from policy import load_policy
from training import card
from training.frames import write_format
from training.plan import OtherSettings, Stage, State, check, table
from training.progress import SECONDS, Progress
from training.recipe import Drive, Recipe, Round, stages
from training.runner import StageFailed, _startable, only_one, run, stoppable

DRIVEN = (Round((Drive(1), Drive(1, "stack", "3")), 1, 1),)
TINY = Recipe(1, 1, 1, 1, DRIVEN, planned_blocks=1, shards=1, ways=1, word_steps=1, head_steps=1, word_ways=1)
ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "assets" / "checkpoints" / "tabletop"


def toy(folder: Path, name: str, code: str, *needs: str, work: int = 1, **settings: object) -> Stage:
    """A stage that runs a line of Python in its folder, and is done when it has written `result`."""
    script = folder / f"{name}.py"
    script.write_text(f"import sys, time, pathlib\nhere = pathlib.Path({str(folder / name)!r})\n{code}\n")
    return Stage(name, "toy", folder / name, "result", work, "steps", name, (), dict(settings), needs, 1)


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), str(ROOT))))
    return tmp_path


WRITES = "(here / 'result').write_text('done')"


@pytest.mark.timeout(600)
def test_a_checkpoint_comes_from_nothing_even_when_a_stage_fails_on_the_way(tmp_path: Path) -> None:
    out = tmp_path / "checkpoint"
    plan = stages(TINY, tmp_path, out)
    at = next(i for i, stage in enumerate(plan) if stage.name == "planner2")
    broken = replace(plan[at], module="training.nothing")
    with pytest.raises(StageFailed, match=r"planner2 failed: .*training\.nothing"):
        run([*plan[:at], broken, *plan[at + 1 :]], tmp_path, workers=2)
    assert not out.exists()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("weights.safetensors")}
    assert len(before) == 2, "the refiner's and the planner's first stages are done"
    shown: list[list[str]] = []
    run(plan, tmp_path, 2, lambda progress, jobs: shown.append([job.stage.name for job in jobs]))
    assert load_policy(out).config.horizon > 0
    assert all(path.stat().st_mtime_ns == time for path, time in before.items()), "what was done is not done again"
    assert {stage.state() for stage in plan} == {State.DONE}
    assert json.loads((tmp_path / "progress.json").read_text())["state"] == "done"
    card.write_card(plan, out, "libra train", [])
    text = (out / "README.md").read_text()
    assert "`libra train`" in text and "It has not been measured." in text
    assert all(f"\n{stage.name} " in text for stage in plan), "every stage is on the card"
    with pytest.raises(OtherSettings, match=r"expert was made with scenes = 1, the recipe now asks for 2"):
        check(stages(replace(TINY, scenes=2), tmp_path, out))
    with pytest.raises(OtherSettings, match=r"planner1 was made with steps = 1, the recipe now asks for 3"):
        run(stages(replace(TINY, planner_steps=3), tmp_path, out), tmp_path, 2)


def test_a_card_says_how_a_checkpoint_scores_and_by_which_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card, "EPISODES", 2)
    command, said, *_ = card.score(SHIPPED, tmp_path / "kept", workers=1, quiet=True)
    assert command == f"libra eval --checkpoint {SHIPPED} --episodes 2"
    assert "of 2 (" in said and "95 % interval" in said
    assert any((tmp_path / "kept").iterdir())


def test_stages_that_do_not_depend_on_each_other_share_the_cores(scripts: Path) -> None:
    # Each waits for the other to have begun: one after the other, neither would ever end.
    def meets(name: str, other: str) -> Stage:
        code = f"(here / 'begun').touch()\nwhile not (here.parent / {other!r} / 'begun').exists(): time.sleep(0.05)\n"
        return toy(scripts, name, code + WRITES)

    plan = [meets("one", "two"), meets("two", "one"), toy(scripts, "both", WRITES, "one", "two")]
    run(plan, scripts / "runs", workers=2)
    assert all(stage.state() is State.DONE for stage in plan)


def test_a_stage_that_asks_for_every_core_has_them_alone(tmp_path: Path) -> None:
    one, two = toy(tmp_path, "one", WRITES), toy(tmp_path, "two", WRITES)
    everything = replace(toy(tmp_path, "everything", WRITES), cores=None)
    assert _startable([one, everything, two], [], workers=2) == [one, two]
    assert _startable([everything, one], [], workers=2) == [everything]
    assert _startable([replace(one, cores=8), two], [], workers=2)[0].cores == 8, "it runs all the same"


def test_a_stage_that_fails_ends_the_others_and_says_its_last_words(scripts: Path) -> None:
    sleeps = toy(scripts, "sleeps", "time.sleep(600)")
    fails = toy(scripts, "fails", "print('the fuse is blown', file=sys.stderr); sys.exit(1)")
    with pytest.raises(StageFailed, match=r"the stage fails failed: the fuse is blown\. .*fails\.log"):
        run([sleeps, fails], scripts / "runs", workers=2)
    assert json.loads((scripts / "runs" / "progress.json").read_text())["state"] == "failed"


def test_late_intents_can_be_left_out_to_see_what_they_are_worth(tmp_path: Path) -> None:
    with_them, without = (
        stages(replace(TINY, late_intents=late), tmp_path, tmp_path / "out") for late in (True, False)
    )
    for before, after in zip(with_them, without, strict=True):
        limited = ("--max-age", "5") if after.kind == "refiner" else ()
        used = ("--trusted-steps", "48") if after.kind == "export" else ()
        said = " ".join((*limited, *used))
        assert said in " ".join(after.arguments)
        assert sorted(before.arguments) == sorted(set_aside(after.arguments, said))
    assert with_them[0].fingerprint == without[0].fingerprint, "demonstrations are the same"
    assert with_them[-1].fingerprint != without[-1].fingerprint


def set_aside(words: tuple[str, ...], said: str) -> list[str]:
    return " ".join(words).replace(f" {said}", "").split(" ") if said else list(words)


def test_what_was_made_of_something_else_is_named_with_it(tmp_path: Path) -> None:
    def plan(steps: int) -> list[Stage]:
        return stages(replace(TINY, refiner_steps=steps), tmp_path, tmp_path / "out")

    for stage in plan(1):
        stage.begin()
        if stage.kind in ("collect", "dagger"):
            write_format(stage.folder)
        for block in stage.blocks:
            (stage.folder / block).mkdir(parents=True, exist_ok=True)
            (stage.folder / block / stage.result).touch()
    check(plan(1))
    changed = {stage.name: stage for stage in plan(2)}
    assert changed["planner1"].state() is State.DONE, "it does not depend on the refiner"
    assert "made from driver1" in str(changed["dagger1a"].difference())
    changed["expert"].folder.joinpath("settings.json").unlink()
    with pytest.raises(OtherSettings, match=r"expert was not made by this recipe"):
        check(plan(1))


def test_the_time_left_follows_what_stages_really_took(tmp_path: Path) -> None:
    first = toy(tmp_path, "first", WRITES, work=10)
    progress = Progress([first, toy(tmp_path, "second", WRITES, work=20)], tmp_path / "progress.json")
    progress.spent["toy"] = 60.0
    before = progress.left
    progress.start(first)
    progress.update(first, 5)
    assert before - progress.left == pytest.approx(300, abs=1)
    progress.write()
    again = Progress([first], tmp_path / "progress.json")
    assert again.spent["toy"] == 60.0, "a run that goes on knows what was measured before"
    assert "left" in again.line()


def test_the_time_gone_counts_a_run_that_was_interrupted_and_none_that_was_done(tmp_path: Path) -> None:
    first = toy(tmp_path, "first", WRITES, work=10)
    first.folder.mkdir(parents=True)
    (first.folder / first.result).touch()
    kept = tmp_path / "progress.json"
    for state, gone in {"stopped": 600.0, "done": 0.0}.items():
        kept.write_text(json.dumps({"state": state, "seconds": 600.0, "seconds_of": {}}))
        assert Progress([first], kept).gone == pytest.approx(gone, abs=60)


def test_a_run_that_has_just_begun_is_not_far_however_fast_its_first_stage_is(tmp_path: Path) -> None:
    first = replace(toy(tmp_path, "first", WRITES, work=1000), kind="collect")
    second = replace(toy(tmp_path, "second", WRITES, work=1000), kind="planner")
    progress = Progress([first, second], tmp_path / "progress.json")
    progress.spent["collect"] = SECONDS["collect"] / 10  # a tenth of what was thought: then the rest is as much faster
    assert progress.fraction == 0.0
    progress.done["first"] = 500
    assert 0.1 < progress.fraction < 0.4


def test_a_training_that_is_told_to_end_ends_its_stages(scripts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = scripts / "pid"
    code = f"import os\npathlib.Path({str(told)!r}).write_text(str(os.getpid()))\ntime.sleep(600)"

    def tell() -> None:
        while not (told.is_file() and told.read_text()):
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=tell, daemon=True).start()
    with pytest.raises(KeyboardInterrupt), stoppable("train"):
        run([toy(scripts, "sleeps", code)], scripts / "runs", workers=1)
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)
    assert json.loads((scripts / "runs" / "progress.json").read_text())["state"] == "stopped"
    assert "goes on from here" in capsys.readouterr().err


def test_two_trainings_never_share_a_folder(tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(StageFailed, match="another training"), only_one(tmp_path):
        pass
    with only_one(tmp_path):
        pass


def test_the_plan_is_shown_without_running_anything(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "app.cli", "train", "--plan", "--runs", str(tmp_path / "runs")]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "planner1" in done.stdout and "10000" in done.stdout and "missing" in done.stdout and "left" in done.stdout
    assert not (tmp_path / "runs").exists()
    record = json.loads(subprocess.run([*line, "--json"], cwd=ROOT, capture_output=True, text=True, timeout=120).stdout)
    assert record["fraction"] == 0 and record["seconds_left"] > 0
    names = [stage.name for stage in stages(Recipe(), tmp_path, tmp_path)]
    assert [stage["name"] for stage in record["stages"]] == names
    assert len(table(stages(Recipe(), tmp_path, tmp_path)).splitlines()) == len(names) + 1
