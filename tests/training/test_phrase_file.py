"""Files of phrases: the one that ships, and what is wrong with others."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from scenes.goals import FAMILIES, all_goals, is_held_out
from scenes.language import COLOR_WORDS, DIRECTION_WORDS, SHAPE_WORDS, TEMPLATES, interpret
from training.phrase_file import read_phrases

SHIPPED = Path(__file__).parents[2] / "assets" / "phrases.json"


def templates() -> list[re.Pattern[str]]:
    """What any template can say about anything."""

    def any_of(words: dict[str, tuple[str, ...]]) -> str:
        return "|".join(map(re.escape, sorted({word for ways in words.values() for word in ways})))

    name = f"(?:{any_of(COLOR_WORDS)}) (?:{any_of(SHAPE_WORDS)})"
    fills = {"target": f"(?:{name}|drawer)", "detail": f"(?:{name}|{any_of(DIRECTION_WORDS)})"}
    ways = [re.escape(way) for family in TEMPLATES.values() for way in family]
    return [re.compile(re.sub(r"\\{(\w+)\\}", lambda slot: fills[slot[1]], way), re.IGNORECASE) for way in ways]


def test_the_shipped_phrases_cover_every_family_with_words_that_training_knows() -> None:
    phrases = read_phrases(SHIPPED)
    assert len(phrases) >= 60 and len({say for _, say in phrases}) == len(phrases)
    assert {goal.family for goal, _ in phrases} == set(FAMILIES)
    assert not any(is_held_out(goal) for goal, _ in phrases)


def test_no_template_can_produce_a_shipped_phrase() -> None:
    ways = templates()
    assert any(way.fullmatch("Push the deep blue brick to the left hand side") for way in ways)
    assert [say for _, say in read_phrases(SHIPPED) if any(way.fullmatch(say) for way in ways)] == []


def test_shipped_phrases_mean_no_other_task() -> None:
    """To the reader of sentences that the success test uses, where all that a task needs is there."""
    wrong = []
    for goal, say in read_phrases(SHIPPED):
        present = [name for name in (goal.target, goal.container) if name]
        if interpret(say, present) not in (goal, None):
            wrong.append(say)
    assert wrong == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "is no JSON"),
        ("{}", "must be a JSON list"),
        ("[]", "must be a JSON list"),
        ('["grab it"]', 'Entry 1 of .* must have the fields "task" and "say"'),
        ('[{"task": "pick up the red cube", "say": "  "}]', "Entry 1 of .* says nothing"),
        (
            '[{"task": "pick up the red cube", "say": "go"}, {"task": "fly to the moon", "say": "go"}]',
            'Entry 2 of .* has an unknown task "fly to the moon"; tasks are canonical instructions such as "pick up',
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_entry(content: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "phrases.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=sentence):
        read_phrases(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        read_phrases(tmp_path / "nothing.json")


def test_every_canonical_instruction_is_a_task(tmp_path: Path) -> None:
    entries = [{"task": goal.instruction, "say": "do it"} for goal in all_goals()]
    path = tmp_path / "phrases.json"
    path.write_text(json.dumps(entries))
    assert [goal for goal, _ in read_phrases(path)] == all_goals()
