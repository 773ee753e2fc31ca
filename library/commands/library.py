"""`libra library`: list, look at and change what a library holds."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from library.store import Episode, Library

NAME = "library"
HELP = "list, label, trim and delete recorded episodes, and count them from disk"
EXAMPLES = """\
  libra library runs
  libra library runs list --outcome success --task stack --sort steps
  libra library runs list --driver human --warnings --json
  libra library demos show episode-003
  libra library demos label episode-003 failure
  libra library demos trim episode-003 --first 20 --end 180
  libra library demos rename episode-003 "a slow pick"
  libra library demos delete episode-003 episode-004
  libra library demos undelete episode-003
  libra library demos check
  libra library demos import /data/somebodys-dataset"""
_ACTIONS: Final = {
    "list": "episodes with outcome, length and who drove, and the totals (default)",
    "show": "everything that is known of an episode",
    "star": "mark episodes",
    "unstar": "take the mark away",
    "rename": "give an episode a name; \"\" takes it away",
    "label": "say how an episode ended; `recorded` goes back to what was recorded",
    "trim": "have only some control steps count; without numbers all of them again",
    "delete": "put episodes into the trash",
    "undelete": "take episodes out of the trash",
    "trash": "what was deleted",
    "check": "read every step and picture of every episode",
    "import": "take in the episodes of a LeRobotDataset v3.0",
}  # fmt: skip
_DESCRIPTION: Final = (
    "A library is a folder of episodes, or a folder of such folders, as the cockpit writes below runs/."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.description = f"{HELP[0].upper()}{HELP[1:]}. {_DESCRIPTION}"
    parser.add_argument("library", type=Path, help="folder of episodes")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", title="actions")
    made = {}
    for name, help_text in _ACTIONS.items():
        made[name] = actions.add_parser(name, help=help_text, description=f"{help_text[0].upper()}{help_text[1:]}.")
        made[name].add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
    _add_selection(made["list"])
    for name in ("show", "rename", "label", "trim"):
        made[name].add_argument("episode", help="its id or name")
    for name in ("star", "unstar", "delete", "undelete"):
        made[name].add_argument("episodes", nargs="+", metavar="episode", help="ids or names")
    made["rename"].add_argument("name", help="the new name")
    made["label"].add_argument("outcome", help="success, failure, refused, aborted or recorded")
    made["trim"].add_argument("--first", type=int, help="first control step that counts")
    made["trim"].add_argument("--end", type=int, help="control step after the last that counts")
    made["import"].add_argument("dataset", type=Path, help="folder of the data set")


def _add_selection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sort", default="started", help="started, steps, outcome, instruction, human or name")
    parser.add_argument("--reverse", action="store_true", help="the other way round")
    add_selection(parser)


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Which episodes are meant: options that `libra export` has, too."""
    parser.add_argument("--outcome", default="", help="success, failure, refused, aborted, or several with commas")
    parser.add_argument("--task", default="", help="words of the instruction, in any order")
    parser.add_argument("--driver", default="", choices=("", "policy", "human", "expert"), help="who drove some of it")
    parser.add_argument("--checkpoint", default="", help="part of the checkpoint's name or fingerprint")
    parser.add_argument("--starred", action="store_true", help="only those that are marked")
    parser.add_argument("--warnings", action="store_true", help="only those with warnings")


def selection_of(arguments: argparse.Namespace) -> Any:
    """The `library.select.Selection` that was typed.

    Raises:
        LibraryError: there is no such outcome.
    """
    from library.select import Selection

    return Selection.of(
        arguments.outcome, task=arguments.task, driver=arguments.driver, checkpoint=arguments.checkpoint,
        starred=arguments.starred, warned=arguments.warnings,
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Do one thing; 1 with a sentence if it was refused."""
    from library.errors import LibraryError

    try:
        if arguments.action == "import":
            arguments.library.mkdir(parents=True, exist_ok=True)
        library = open_library(arguments.library, quiet=arguments.json)
        return _DO.get(arguments.action or "list", _change)(library, arguments)
    except (LibraryError, OSError) as error:
        print(f"libra library: {error}", file=sys.stderr)
        return 1


def open_library(root: Path, quiet: bool) -> Library:
    """The library, with a progress bar while logs are read that its index does not know."""
    from tqdm import tqdm

    from library.store import Library

    with tqdm(desc="reading", unit="episode", disable=quiet, dynamic_ncols=True, delay=1.0) as bar:

        def progress(done: int, count: int) -> None:
            bar.total = count
            bar.update(done - bar.n)

        return Library(root, progress)


def _list(library: Library, arguments: argparse.Namespace) -> int:
    from library.select import choose

    if arguments.action is None:
        chosen = library.episodes
    else:
        chosen = choose(library.episodes, selection_of(arguments), arguments.sort, arguments.reverse)
    totals = library.totals(chosen)
    if arguments.json:
        print(json.dumps({"episodes": [each.summary() for each in chosen], "totals": totals}))
        return 0
    _table(chosen)
    outcomes = ", ".join(f"{count} {name}" for name, count in sorted(totals["outcomes"].items()))
    drivers = ", ".join(f"{name} {count}" for name, count in totals["drivers"].items())
    print(f"{totals['episodes']} episodes, {totals['seconds']:.0f} s ({outcomes or 'none'}); {drivers or 'no'} steps.")
    if totals["unreadable"]:
        print(f"{totals['unreadable']} cannot be read; `libra library {library.root} check` says why.")
    return 0


def _table(episodes: Sequence[Episode]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("episode", "instruction", "outcome", "by", "steps", "who drove", "seed", "warnings"):
        table.add_column(title, overflow="fold", justify="right" if title in ("steps", "seed") else "left")
    for each in episodes:
        name = f"{'★ ' * each.edits.starred}{each.name}"
        if each.facts is None:
            table.add_row(name, each.problem or "", "unreadable", "", "", "", "", "")
            continue
        drove = " ".join(f"{source} {count}" for source, count in each.facts.drivers.items())
        kinds = " ".join(warned.kind for warned in each.warnings)
        table.add_row(
            name, each.facts.instruction, each.outcome, each.outcome_by or "-", str(each.steps), drove,
            str(each.facts.seed), kinds,
        )  # fmt: skip
    Console().print(table, highlight=False, markup=False)


def _show(library: Library, arguments: argparse.Namespace) -> int:
    return _tell(library.find(arguments.episode).summary(), arguments.json)


def _change(library: Library, arguments: argparse.Namespace) -> int:
    action = arguments.action
    if action == "rename":
        return _tell(library.rename(arguments.episode, arguments.name).summary(), arguments.json)
    if action == "label":
        outcome = None if arguments.outcome == "recorded" else arguments.outcome
        return _tell(library.label(arguments.episode, outcome).summary(), arguments.json)
    if action == "trim":
        return _tell(library.trim(arguments.episode, arguments.first, arguments.end).summary(), arguments.json)
    do: dict[str, Callable[[str], object]] = {
        "star": library.star,
        "unstar": lambda name: library.star(name, False),
        "delete": library.delete,
        "undelete": library.undelete,
    }
    if action != "undelete":
        for name in arguments.episodes:
            library.find(name)  # all of them or none
    for name in arguments.episodes:
        do[action](name)
    if arguments.json:
        print(json.dumps({"action": action, "episodes": arguments.episodes, "totals": library.totals()}))
    else:
        totals = library.totals()
        print(f"{action}: {len(arguments.episodes)}; {totals['episodes']} episodes, {totals['deleted']} in the trash.")
    return 0


def _trash(library: Library, arguments: argparse.Namespace) -> int:
    if arguments.json:
        print(json.dumps({"episodes": [each.summary() for each in library.deleted]}))
    else:
        _table(library.deleted)
        print(f"{len(library.deleted)} episodes in the trash.")
    return 0


def _check(library: Library, arguments: argparse.Namespace) -> int:
    from tqdm import tqdm

    from library.check import check_episode

    found = {}
    for each in tqdm(library.episodes, desc="checking", unit="episode", disable=arguments.json, dynamic_ncols=True):
        if problems := check_episode(each):
            found[each.id] = problems
    if arguments.json:
        print(json.dumps({"ok": not found, "problems": found, "totals": library.totals()}))
    else:
        for name, problems in found.items():
            print(f"{name}: {' '.join(problems)}")
        print(f"{len(library.episodes)} episodes, {len(found)} with problems.")
    return 1 if found else 0


def _import(library: Library, arguments: argparse.Namespace) -> int:
    from library.lerobot.importing import import_dataset

    report = import_dataset(arguments.dataset, library, quiet=arguments.json)
    if arguments.json:
        print(json.dumps(report))
    else:
        print(f"{report['imported']} episodes imported, {report['skipped']} were there. {report['sentence']}")
    for number, reason in report["refused"].items():
        print(f"libra library: episode {number} was left out: {reason}", file=sys.stderr)
    return 1 if report["refused"] else 0


def _tell(summary: dict[str, Any], as_json: bool) -> int:
    if as_json:
        print(json.dumps(summary))
        return 0
    for name, value in summary.items():
        if name == "warnings":
            value = " ".join(each["sentence"] for each in value)
        if value not in (None, "", {}, []):
            print(f"{name:>20}  {value}")
    return 0


_DO: Final[dict[str, Callable[[Any, argparse.Namespace], int]]] = {
    "list": _list,
    "show": _show,
    "trash": _trash,
    "check": _check,
    "import": _import,
}
