"""The proof that corrections help: a policy that never saw one family, 30 corrections of it by a scripted operator.

    .venv/bin/python scripts/prove_corrections.py --family button --work runs/proof

1. `libra train --short --without FAMILY`: a checkpoint from nothing, with no frame of the family in its data (its
   sentences it has read: what a button is called, not where one is or how it is pressed).
2. The cockpit without a screen: the policy tries fresh scenes of the family, a scripted operator watches, marks its
   failures, goes back two seconds, drives through the page's own live channel, finishes, and begins the next scene.
3. `libra finetune`, timed; the old data that it mixes in are those that part 1 left, or collected again with `--base`.
4. `libra eval --compare`: both checkpoints on the same fresh seeds, of this family and of the others.

Every part goes on where it stopped. On two idle cores: 45 + 10 + 20 + 20 minutes. `--tiny` shows in some minutes that
all of it runs; its figures mean nothing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
FRESH_SEEDS = 830_000
"""training uses seeds below 300000, corrections those from 730000 on"""
POINTS, LOST_POINTS, MINUTES = 25.0, 2.0, 20.0


@dataclass(frozen=True)
class Extent:
    """How much of each."""

    corrections: int = 30
    fresh: int = 100
    """episodes of the family"""
    others: int = 600
    """episodes of all other families together: with 100 of each, one family alone is known to 6 points or so"""
    tiny: bool = False


def libra(*words: object) -> None:
    """A command of ours; what it says is seen.

    Raises:
        SystemExit: it failed, and has said why.
    """
    line = [sys.executable, "-m", "app.cli", *map(str, words)]
    print("$ libra", *words, flush=True)
    if code := subprocess.run(line, cwd=ROOT).returncode:
        raise SystemExit(code)


def correct(checkpoint: Path, library: Path, family: str, wanted: int) -> dict[str, Any]:
    """The operator's part; its report is kept beside the episodes."""
    from app.bench.corrections import make_corrections

    report = make_corrections(checkpoint, library, family, wanted, lambda said: print(said, flush=True))
    kept = library / "operator.json"
    if len(report) > 1:
        kept.write_text(json.dumps(report, indent=1))
    return json.loads(kept.read_text()) if kept.is_file() else report


def compare(before: Path, after: Path, families: list[str], episodes: int, out: Path, seed: int) -> dict[str, Any]:
    """The paired evaluation, kept in a file."""
    if not out.is_file():
        words = ("--compare", before, after, "--tasks", ",".join(families), "--episodes", episodes, "--seed", seed)
        libra("eval", *words, "--json", out)
    report: dict[str, Any] = json.loads(out.read_text())
    return report


def prove(family: str, work: Path, base: Path | None, extent: Extent) -> dict[str, Any]:
    """All four parts."""
    from scenes.goals import FAMILIES

    weak = base or work / "weak" / "checkpoint"
    size = "--small" if extent.tiny else "--short"
    if base is None:
        libra("train", size, "--without", family, "--runs", work / "weak", "--out", weak)
    operator = correct(weak, work / "library", family, extent.corrections)
    tuned, timed = work / "tuned", work / "finetune-seconds.json"
    began = time.monotonic()
    small = ["--small"] if extent.tiny else []
    libra(
        "finetune", work / "library", "--checkpoint", weak, "--out", tuned, "--runs", work / "finetune",
        "--data", work / "weak" / "data", *small,
    )  # fmt: skip
    if not timed.is_file():
        timed.write_text(json.dumps(time.monotonic() - began))
    seconds = float(json.loads(timed.read_text()))
    mine = compare(weak, tuned, [family], extent.fresh, work / "family.json", FRESH_SEEDS)
    others = [each for each in FAMILIES if each != family]
    rest = compare(weak, tuned, others, extent.others, work / "others.json", FRESH_SEEDS + 10_000)
    report = {
        "family": family,
        "operator": operator,
        "finetune_minutes": round(seconds / 60, 1),
        "tables": {family: mine, "others": rest},
    }
    report["reached"] = judge(report)
    (work / "proof.json").write_text(json.dumps(report, indent=1))
    return report


def judge(report: dict[str, Any]) -> dict[str, bool]:
    """What was to be reached."""
    gained = 100 * report["tables"][report["family"]]["paired"]["difference"]
    together = 100 * report["tables"]["others"]["paired"]["difference"]
    others = report["tables"]["others"]["families"]
    return {
        f"at least {POINTS:.0f} points more": gained >= POINTS,
        f"the other families together not more than {LOST_POINTS:.0f} points lower": together >= -LOST_POINTS,
        f"no other family more than {LOST_POINTS:.0f} points lower": all(
            100 * each["difference"] >= -LOST_POINTS for each in others.values()
        ),
        f"fine-tuning within {MINUTES:.0f} minutes": report["finetune_minutes"] <= MINUTES,
    }


def show(report: dict[str, Any]) -> None:
    """The table, with intervals."""
    print(f"\n{'family':8} {'before':>16} {'after':>16} {'difference':>11}  95 % interval")
    for table in report["tables"].values():
        before, after = table["compared"]
        for name, paired in table["families"].items():
            tasks = [side["tasks"][name] for side in (before, after)]
            rates = [f"{task['successes']} of {task['episodes']}" for task in tasks]
            low, high = (100 * each for each in paired["interval_95"])
            change = 100 * paired["difference"]
            print(f"{name:8} {rates[0]:>16} {rates[1]:>16} {change:>+11.1f}  {low:+.1f} to {high:+.1f}")
    rest = report["tables"]["others"]["paired"]
    low, high = (100 * each for each in rest["interval_95"])
    print(f"{'others':8} {'':>16} {'':>16} {100 * rest['difference']:>+11.1f}  {low:+.1f} to {high:+.1f}")
    print(f"fine-tuning took {report['finetune_minutes']} min; operator: {report['operator']}")
    for what, reached in report["reached"].items():
        print(f"{'yes' if reached else 'NO':>4}  {what}")


def main() -> int:
    """Prove it; 1 if something was not reached."""
    from scenes.goals import FAMILIES

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", choices=FAMILIES, default="button", help="that is withheld (default button)")
    parser.add_argument("--work", type=Path, default=ROOT / "runs" / "proof", help="folder of everything")
    parser.add_argument("--base", type=Path, help="a checkpoint that never saw the family, instead of making one")
    parser.add_argument("--corrections", type=int, default=30, help="episodes by the operator (default 30)")
    parser.add_argument("--fresh", type=int, default=100, help="fresh episodes of the family (default 100)")
    parser.add_argument("--others", type=int, default=600, help="fresh episodes of the other families (default 600)")
    parser.add_argument("--tiny", action="store_true", help="a few of everything, to see that it runs")
    arguments = parser.parse_args()
    extent = Extent(arguments.corrections, arguments.fresh, arguments.others)
    if arguments.tiny:
        extent = Extent(2, 4, 6, tiny=True)
    report = prove(arguments.family, arguments.work.resolve(), arguments.base, extent)
    show(report)
    return 0 if all(report["reached"].values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
