"""How settings are said."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.setting import Setting, parse_setting

BASE = Setting("shipped", "asynchronous", 1)


@pytest.mark.parametrize(
    ("words", "setting"),
    [
        ("expert", Setting(None)),
        ("runs/other", Setting("runs/other", "asynchronous", 1)),
        ("delay=8", Setting("shipped", "asynchronous", 8)),
        ("schedule=sequential,delay=4", Setting("shipped", "sequential", 4)),
        ("checks=off", Setting("shipped", "asynchronous", 1, checks=False)),
        ("checkpoint=runs/other,delay=0", Setting("runs/other", "asynchronous", 0)),
    ],
)
def test_a_setting_is_a_folder_or_what_differs(words: str, setting: Setting) -> None:
    assert parse_setting(words, BASE) == setting


@pytest.mark.parametrize(
    "words", ["delay=soon", "delay=-1", "schedule=never", "speed=2", "checks=maybe", "delay=8,", "checkpoint="]
)
def test_what_is_no_setting_is_refused_with_what_is(words: str) -> None:
    with pytest.raises(ValueError, match="is no setting: say a checkpoint's folder, expert, or delay=STEPS"):
        parse_setting(words, BASE)


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "rate=3"
    folder.mkdir()
    assert parse_setting(str(folder), BASE).checkpoint == str(folder)
