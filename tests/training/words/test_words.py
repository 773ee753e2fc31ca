"""The lesson in words: many ways to say a thing, what is never there, and a planner that only learns to read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from policy import PolicyConfig
from policy.planner import PlannerModel
from policy.sentences import SentenceEncoder
from policy.tasks import TASKS
from scenes.constants import OBJECT_NAMES
from scenes.goals import all_goals, is_held_out
from scenes.labels import THINGS
from scenes.language import interpret
from training.commands.collect import write_block
from training.frames import Frames, write_format
from training.impossible import CHATTER, STRANGE_COLORS, STRANGE_THINGS
from training.loop import RunSettings
from training.words.bank import NONE, UNSAID, WordBank
from training.words.learn import LEARNS, WordBatches, train_words
from training.words.looks import Looks
from training.words.slips import mistype
from training.words.speech import name, speak
from training.words.strangers import ask_for_stranger, idle, nouns, stranger

ROOT = Path(__file__).parents[3]


def test_a_slip_changes_one_word_and_keeps_the_others() -> None:
    rng = np.random.default_rng(0)
    sentence = "pick up the yellow cylinder"
    slips = [mistype(sentence, rng) for _ in range(200)]
    for slip in slips:
        changed = [(one, other) for one, other in zip(sentence.split(), slip.split(), strict=True) if one != other]
        assert len(changed) <= 1
        assert all(len(one) >= 4 and abs(len(one) - len(other)) <= 1 for one, other in changed)
    assert len(set(slips)) > 20
    assert mistype("put it in", rng) == "put it in", "words of three letters become other words"


def test_nothing_that_is_said_for_training_is_a_phrase_for_testing() -> None:
    rng = np.random.default_rng(1)
    kept = {entry["say"].lower().rstrip(".") for entry in json.loads((ROOT / "assets" / "phrases.json").read_text())}
    assert not kept & {speak(goal, rng).lower() for goal in all_goals() for _ in range(100)}


def test_a_goal_is_said_in_many_ways_that_name_its_things() -> None:
    rng = np.random.default_rng(2)
    for goal in all_goals():
        assert len({speak(goal, rng) for _ in range(30)}) > 20, goal
    plain = [name("red cube", rng) for _ in range(300)]
    assert len(set(plain)) > 100
    assert {interpret(f"pick up {said}", ("red cube", "blue cylinder")) for said in plain} <= {
        None,  # names that only the policy must know
        interpret("pick up the red cube", ("red cube",)),
    }


def test_no_stranger_is_anything_that_a_scene_has() -> None:
    rng = np.random.default_rng(3)
    for said in (stranger(rng) for _ in range(2000)):
        assert interpret(f"pick up {said}", OBJECT_NAMES) is None, said
    assert len(nouns()) > 3000


def test_training_never_hears_the_words_that_measure_refusals() -> None:
    rng = np.random.default_rng(4)
    goals = [goal for goal in all_goals() if goal.family != "drawer"]
    heard = {idle(rng) for _ in range(3000)} | {ask_for_stranger(goal, rng) for goal in goals for _ in range(30)}
    words = {word for said in heard for word in said.lower().replace("?", "").split()}
    assert not words & {*STRANGE_THINGS, *STRANGE_COLORS}
    assert not heard & set(CHATTER)


@pytest.fixture(scope="module")
def bank() -> WordBank:
    return WordBank.build(SentenceEncoder(), ways=2)


def test_a_bank_says_what_each_sentence_is_about(bank: WordBank) -> None:
    goals = [goal for goal in all_goals() if not is_held_out(goal)]
    canonical = np.unique(bank.model[bank.model >= 0])
    assert len(canonical) == len(goals), "what is held out is never said"
    for row, goal in zip(canonical, goals, strict=True):
        assert bank.roles[row][0] == THINGS.index(goal.target)
        assert bank.roles[row][1] == (NONE if goal.container is None else THINGS.index(goal.container))
    nothing = bank.kind == len(TASKS) - 1
    assert nothing.any() and (bank.roles[nothing] == UNSAID).all() and (bank.model[nothing] == NONE).all()
    strange, loads = (
        bank.roles[:, 0] == NONE,
        np.isin(bank.kind, [TASKS.index(kind) for kind in ("bowl", "plate", "stack")]),
    )
    assert (bank.roles[strange & ~loads, 1] == UNSAID).all()
    places = {THINGS[row] for row in bank.roles[strange & loads, 1]}
    assert places == {goal.container for goal in goals if goal.container}, "of strange loads, too, it is said where to"
    assert len(bank.features) == len(bank.masks) == len(bank)


def test_only_what_reads_sentences_learns_and_it_learns(bank: WordBank, tmp_path: Path) -> None:
    write_format(tmp_path / "data")
    write_block(861_000, 2, str(tmp_path / "data" / "block_0861000"))
    frames = Frames.open([tmp_path / "data"])
    torch.manual_seed(0)
    start = {key: value.clone() for key, value in PlannerModel(PolicyConfig()).state_dict().items()}
    weights = train_words(PolicyConfig(), frames, bank, tmp_path / "out", RunSettings(6, 1e-3, warmup=1), start)
    for key, value in weights.items():
        if not key.startswith(LEARNS):
            assert torch.equal(value, start[key]), key
    model = PlannerModel(PolicyConfig())
    model.load_state_dict(start)
    batches = WordBatches(model, Looks.of(model.eval(), frames, 40, np.random.default_rng(0)), bank)
    before = float(batches.losses(1)["total"])
    model.load_state_dict(weights)
    assert float(batches.losses(1)["total"]) < before
