"""What is learned from a library: what humans did, not what led to it, and nothing that is to be measured."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.cli import main
from library.errors import LibraryError
from library.store import Library
from policy import load_policy
from policy.fingerprint import fingerprint
from records import StepRecord
from records.log import EpisodeHeader, EpisodeWriter, read_episode
from scenes import TabletopEnv
from scenes.goals import is_held_out
from scenes.language import interpret
from tests.library.recorded import make_record, write_episode
from training.commands.finetune import SHIPPED
from training.corrections import BEFORE_TAKE_OVER, POLICY_WEIGHT, convert, stretches, weights, why_not
from training.demonstrations import demonstrate
from training.frames import WEIGHT, Frames
from training.loop import draw_rows
from training.tasks import assign_demonstrations
from training.tuning import Source, Tuning, stages

ROOT = Path(__file__).resolve().parents[2]


def records(*sources: tuple[str, int]) -> list[StepRecord]:
    driven = [source for source, count in sources for _ in range(count)]
    return [make_record("e", step, source, "press the red button") for step, source in enumerate(driven)]  # type: ignore[arg-type]


def test_what_led_to_a_take_over_counts_nothing_and_a_human_counts_most() -> None:
    found = weights(records(("policy", 60), ("hold", 3), ("human", 10), ("policy", 50), ("human", 5), ("policy", 7)))
    assert (found[: 60 - BEFORE_TAKE_OVER] == POLICY_WEIGHT).all() and not found[60 - BEFORE_TAKE_OVER : 63].any()
    assert (found[63:73] == 1).all() and (found[73:83] == POLICY_WEIGHT).all() and not found[83:123].any()
    assert (found[123:128] == 1).all() and (found[128:] == POLICY_WEIGHT).all()


def test_steered_steps_are_a_humans_and_the_experts_demonstrate() -> None:
    given = records(("policy", 3), ("expert", 2))
    given[2].pins = (-1,) * 7
    assert weights(given).tolist() == [0, 0, 1, 1, 1]


def test_only_what_a_human_led_to_success_is_learned_from(tmp_path: Path) -> None:
    env = TabletopEnv()
    seed = next(each for each in range(50, 99) if "red button" in names_of(env, each))
    cases = {
        "good": ("press the red button", ("policy", "human"), "success", None),
        "failed": ("press the red button", ("human",), "failure", "only what led to success"),
        "alone": ("press the red button", ("policy",), "success", "Nobody but the policy"),
        "odd": ("sing a song", ("human",), "success", "no task of its scene"),
    }
    for name, (words, drivers, outcome, _) in cases.items():
        write_episode(tmp_path / f"{name}.arrow", EpisodeHeader(name, words, seed, 0.0), drivers * 3, outcome=outcome)  # type: ignore[arg-type]
    (tmp_path / "broken.arrow").write_bytes(b"nothing")
    library = Library(tmp_path)
    for name, (*_, reason) in cases.items():
        found = why_not(library.find(name))
        assert found is None if reason is None else reason in str(found)
    assert why_not(next(each for each in library.episodes if each.id == "broken"))
    scene, words = next(
        (each, words) for each in range(50, 300) for words in suggested(env, each)
        if is_held_out(interpret(words, env.objects))  # type: ignore[arg-type]
    )  # fmt: skip
    write_episode(tmp_path / "held-out.arrow", EpisodeHeader("held-out", words, scene, 0.0), ["human"] * 3)
    assert "held out" in str(why_not(Library(tmp_path).find("held-out")))
    env.close()


def names_of(env: TabletopEnv, seed: int) -> list[str]:
    env.world.reset(seed)
    return env.objects


def suggested(env: TabletopEnv, seed: int) -> list[str]:
    env.world.reset(seed)
    return env.suggestions()


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A task that is done in a recorded scene."""
    path = tmp_path_factory.mktemp("demonstrated") / "e.arrow"
    env = TabletopEnv()
    assert demonstrate(env, assign_demonstrations(1, 100, ("button",))[0], path)
    env.close()
    return path


def corrected(demonstration: Path, folder: Path, policy_steps: int = 12) -> Library:
    """The same, begun by a policy and ended by a human, who is slow to begin."""
    log = read_episode(demonstration)
    writer = EpisodeWriter(folder / "e.arrow", replace(log.header, episode="e"))
    for index, record in enumerate(log.records):
        if record.control_source == "expert":
            record.control_source = "policy" if index < policy_steps else "human"
        writer.append(record)
    writer.close()
    return Library(folder)


def test_frames_are_what_was_seen_with_what_the_human_did_as_label(demonstration: Path, tmp_path: Path) -> None:
    library = corrected(demonstration, tmp_path)
    log = read_episode(tmp_path / "e.arrow")
    env = TabletopEnv()
    (found,) = stretches(library.find("e"), env)
    driven = [record for record in log.records if record.control_source == "human"]
    assert len(found.frames) == len(driven) and found.instruction == log.header.instruction
    for frame, record in zip(found.frames, driven, strict=True):
        assert np.array_equal(frame["expert"], record.action) and np.array_equal(frame["executed"], record.action)
        assert record.observation is not None and np.array_equal(frame["front"], record.observation.front)
        assert frame["clean"] and frame[WEIGHT] == 1
        env.set_state(record.state)
        button = env.world.position(interpret(record.instruction, env.objects).target)  # type: ignore[union-attr]
        assert np.nanmin(np.abs(frame["positions"] - (button - env.hand_position)).sum(1)) < 1e-5
    env.close()


def test_what_led_to_a_take_over_counts_nothing_also_where_that_is_trimmed_away(
    demonstration: Path, tmp_path: Path
) -> None:
    library = corrected(demonstration, tmp_path, policy_steps=BEFORE_TAKE_OVER // 2)
    library.trim("e", None, BEFORE_TAKE_OVER // 2)
    env = TabletopEnv()
    with pytest.raises(LibraryError, match="no step that can be learned from"):
        stretches(library.find("e"), env)
    env.close()


def test_one_that_cannot_be_used_is_left_out_with_its_reason(demonstration: Path, tmp_path: Path) -> None:
    corrected(demonstration, tmp_path)
    write_episode(tmp_path / "foreign.arrow", EpisodeHeader("foreign", "press the red button", 1, 0.0), ["human"] * 3)
    report = convert(Library(tmp_path), ["foreign", "e"], tmp_path / "out")
    assert report["used"] == ["e"] and "another version of the scene" in report["left_out"]["foreign"]
    assert len(Frames.open([tmp_path / "out"])) == sum(report["frames"].values())
    with pytest.raises(LibraryError, match="Nothing can be learned"):
        convert(Library(tmp_path), ["foreign"], tmp_path / "nothing")


def test_rows_are_drawn_as_often_as_they_weigh() -> None:
    weight = np.r_[np.ones(100), np.full(50, 0.25), np.zeros(50), np.ones(50)]
    summed = np.cumsum(weight)
    rng = np.random.default_rng(0)
    rows = np.concatenate([draw_rows(250, 64, 100, 0.5, rng, summed) for _ in range(400)])
    assert not ((rows >= 150) & (rows < 200)).any()
    light, heavy = (rows >= 100) & (rows < 150), rows >= 200
    assert 0.2 < light.sum() / heavy.sum() < 0.3
    assert abs((rows >= 100).mean() - (0.5 + 0.5 * 62.5 / 162.5)) < 0.02
    evenly = [draw_rows(250, 64, 100, 0.5, np.random.default_rng(3), each) for each in (None, None)]
    assert np.array_equal(*evenly)


def source_of(library: Library) -> Source:
    return Source(SHIPPED, load_policy(SHIPPED).config, library.root, tuple(library.episodes), ("button",))


def test_the_same_corrections_go_on_and_others_begin_anew(demonstration: Path, tmp_path: Path) -> None:
    source = source_of(corrected(demonstration, tmp_path))
    plan = stages(Tuning(), source, tmp_path / "runs", tmp_path / "out")
    again = stages(Tuning(), source, tmp_path / "runs", tmp_path / "out")
    assert [stage.fingerprint for stage in plan] == [stage.fingerprint for stage in again]
    other = stages(Tuning(), replace(source, episodes=()), tmp_path / "runs", tmp_path / "out")
    named = {stage.name: (stage, twin) for stage, twin in zip(plan, other, strict=True)}
    assert all(
        one.folder == two.folder for name, (one, two) in named.items() if name in ("expert", "turning", "driven")
    )
    assert all(one.folder != two.folder for name, (one, two) in named.items() if name in ("planner", "refiner"))


def test_old_data_are_of_the_families_that_the_base_knew_and_kept_ones_are_used(
    demonstration: Path, tmp_path: Path
) -> None:
    source = source_of(corrected(demonstration, tmp_path))
    kept = tmp_path / "data" / "expert"
    for start in range(0, 900, 25):
        (kept / f"block_{start:07d}").mkdir(parents=True)
        (kept / f"block_{start:07d}" / "columns.npz").touch()
    (kept / "settings.json").write_text(json.dumps({"scenes": 900, "seed": 0, "flags": []}))
    plan = stages(Tuning(), source, tmp_path / "runs", tmp_path / "out", tmp_path / "data")
    assert next(stage for stage in plan if stage.name == "expert").folder == kept
    fewer = tuple(family for family in source.config.families if family != "button")
    weak = replace(source, config=replace(source.config, families=fewer))
    plan = stages(Tuning(), weak, tmp_path / "runs", tmp_path / "out", tmp_path / "data")
    expert = next(stage for stage in plan if stage.name == "expert")
    assert expert.folder != kept and "button" not in " ".join(expert.arguments) and "push left" in expert.arguments[-1]
    assert weak.learned == source.config.families, "it has learned the family of its corrections"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_checkpoint_is_made_from_a_correction_also_when_it_is_stopped_on_the_way(
    demonstration: Path, tmp_path: Path
) -> None:
    corrected(demonstration, tmp_path / "library")
    words = ["finetune", str(tmp_path / "library"), "--small", "--runs", str(tmp_path / "runs")]
    words += ["--out", str(tmp_path / "out"), "--data", str(tmp_path / "none"), "--json"]
    process = subprocess.Popen([sys.executable, "-m", "app.cli", *words], cwd=ROOT)
    progress = tmp_path / "runs" / "progress.json"
    deadline = time.monotonic() + 300
    while not (progress.is_file() and json.loads(progress.read_text())["running"]):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 130
    assert json.loads(progress.read_text())["state"] == "stopped" and not (tmp_path / "out").exists()
    assert main(words) == 0
    lineage = json.loads((tmp_path / "out" / "lineage.json").read_text())
    assert lineage["parent"]["fingerprint"] == fingerprint(SHIPPED)
    (episode,) = lineage["episodes"]
    assert episode["episode"] == "e" and lineage["human_steps"] == episode["drivers"]["human"] > 10
    assert "libra eval --compare" in (tmp_path / "out" / "README.md").read_text()
    assert fingerprint(tmp_path / "out") != fingerprint(SHIPPED)
    assert load_policy(tmp_path / "out").config == load_policy(SHIPPED).config
    assert main([*words[:-1], "--plan"]) == 0


def test_a_library_without_corrections_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_episode(tmp_path / "e.arrow", EpisodeHeader("e", "pick up the red cube", 7, 0.0), ["policy"] * 3)
    assert main(["finetune", str(tmp_path), "--runs", str(tmp_path / "runs")]) == 1
    assert "take over in the cockpit" in capsys.readouterr().err
    assert main(["finetune", str(tmp_path / "nowhere"), "--runs", str(tmp_path / "runs")]) == 1
    assert "no library" in capsys.readouterr().err
    assert main(["finetune", str(tmp_path), "--workers", "0"]) == 2
