"""Where a checkpoint comes from: its parent, the episodes, the command and the commit, beside its weights."""

from __future__ import annotations

import json
import subprocess
from itertools import count
from pathlib import Path
from typing import Any, Final

from policy.fingerprint import fingerprint
from training.corrections import BEFORE_TAKE_OVER, POLICY_WEIGHT
from training.files import whole
from training.tuning import Source, human_steps

NAME: Final = "lineage.json"
_APART: Final = 10_000
"""seeds of one measurement, at the most"""
_ROOT: Final = Path(__file__).resolve().parents[1]
_CARD: Final = """\
# Checkpoint `{name}`
Made from `{parent}` ({fingerprint}) with {count} episodes of `{library}` in which {steps} control steps were driven or
steered by hand. Families: {families}.

| | |
|---|---|
| command | `{command}` |
| commit | {commit} |
| method | half of every batch is what humans did (intervention-weighted regression, Mandlekar et al. 2020); of the policy's own steps only those of episodes that ended well, at weight {weight:g}, and none of the {seconds:g} s before a take-over (HG-DAgger, Kelly et al. 2019); the rest of every batch is old data, of the families that the parent knew; the weights are averages of the parent's and those that came out (WiSE-FT, Wortsman et al. 2022) |

It has not been measured. On the same fresh episodes as its parent:
```
{compare}
```

## Episodes
{episodes}
"""  # noqa: E501


def lineage(source: Source, command: str, out: Path) -> dict[str, Any]:
    """What `lineage.json` says."""
    return {
        "parent": {"checkpoint": str(source.base), "fingerprint": fingerprint(source.base)},
        "library": str(source.library),
        "episodes": [
            {
                "episode": each.id,
                "instruction": each.facts.instruction if each.facts else "",
                "seed": each.facts.seed if each.facts else 0,
                "drivers": each.facts.drivers if each.facts else {},
            }
            for each in source.episodes
        ],
        "human_steps": human_steps(source.episodes),
        "families": list(source.learned),
        "command": command,
        "commit": commit(),
        "compare": compare_command(source, out),
    }


def compare_command(source: Source, out: Path, episodes: int = 280) -> str:
    """How parent and child are measured on the same fresh episodes."""
    tasks = ",".join(source.learned)
    shown = {each.facts.seed for each in source.episodes if each.facts}
    # A failure of an evaluation may have become a correction: nobody is measured on what they were shown.
    seed = next(first for first in count(820_000, _APART) if shown.isdisjoint(range(first, first + _APART)))
    return f"libra eval --compare {source.base} {out} --tasks {tasks} --episodes {episodes} --seed {seed}"


def commit() -> str:
    """Of the source that runs, "unknown" outside of a clone; `+` when files differ from it."""
    try:
        said = [
            subprocess.run(["git", *words], cwd=_ROOT, capture_output=True, text=True, check=True, timeout=10).stdout
            for words in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        ]
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return said[0].strip() + ("+" if said[1].strip() else "")


def write_beside(given: Path, out: Path) -> None:
    """Put lineage and card into the folder of a checkpoint.

    Raises:
        ValueError, KeyError: `given` is no lineage.
        WriteError: the disk is full.
    """
    text = given.read_text()
    said = json.loads(text)
    listed = "\n".join(
        f"- `{each['episode']}` “{each['instruction']}”, scene {each['seed']}" for each in said["episodes"]
    )
    card = _CARD.format(
        name=out.name,
        parent=said["parent"]["checkpoint"],
        fingerprint=said["parent"]["fingerprint"],
        count=len(said["episodes"]),
        library=said["library"],
        steps=said["human_steps"],
        families=", ".join(said["families"]),
        command=said["command"],
        commit=said["commit"],
        weight=POLICY_WEIGHT,
        seconds=BEFORE_TAKE_OVER / 20,
        compare=said["compare"],
        episodes=listed,
    )
    out.mkdir(parents=True, exist_ok=True)
    for name, words in ((NAME, text), ("README.md", card)):
        with whole(out / name, len(words)) as unfinished:
            unfinished.write_text(words, encoding="utf-8")
