"""The card of a checkpoint that `libra train` made: from which data, by which command and commit, and how it scores."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from training.commands import eval as evaluation
from training.files import whole
from training.lineage import commit
from training.plan import Stage, table

CARD: Final = "README.md"
EPISODES: Final = 140
"""twenty of each family, from the seed that `libra eval` begins with if nothing is said"""
_CARD: Final = """\
# Checkpoint `{name}`

| | |
|---|---|
| command | `{command}` |
| commit | {commit} |
| runtime | `libra bench policy --checkpoint {out}` |

## How it scores
{scores}

For a table like that of the checkpoint that ships, on seeds that nothing was tuned on:
```
libra eval --checkpoint {out} --delays 0,1,4,8,16 --episodes 1000 --seed 700000
libra eval --checkpoint {out} --held-out --episodes 150 --seed 700000
libra eval --checkpoint {out} --perturb all --episodes 60 --seed 700000
libra eval --checkpoint {out} --phrases assets/phrases-fifth.json --episodes 140 --seed 700000
libra eval --checkpoint {out} --refusals --episodes 250 --seed 700000
```

## How it was made
Steps are optimiser steps of 64 samples, scenes are numbered from the seed on.
```
{stages}
```
"""


def score(out: Path, kept: Path, workers: int, quiet: bool) -> list[str]:
    """Measure a checkpoint on fresh scenes, which are kept in a folder: the command, then what it says.

    Raises:
        CheckpointError, KeptError: it cannot be used, or what was played cannot be kept.
    """
    from training.report import lines
    from training.scores import measure

    words = ["--checkpoint", str(out), "--episodes", str(EPISODES)]
    parser = argparse.ArgumentParser()
    evaluation.add_arguments(parser)
    report = measure(parser.parse_args([*words, "--keep", str(kept), "--workers", str(workers)]), quiet)
    return [f"libra eval {' '.join(words)}", *lines(report)]


def write_card(plan: Sequence[Stage], out: Path, command: str, scores: Sequence[str]) -> None:
    """Put the card into the folder of the checkpoint.

    Args:
        plan: the stages that it is made of.
        out: folder of the checkpoint.
        command: that made it.
        scores: lines of `score`; none: it was not measured.

    Raises:
        WriteError: the disk is full.
    """
    said = "\n".join(("```", *scores, "```")) if scores else "It has not been measured."
    text = _CARD.format(name=out.name, out=out, command=command, commit=commit(), scores=said, stages=table(plan))
    with whole(out / CARD, len(text)) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
