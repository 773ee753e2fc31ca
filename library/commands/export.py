"""`libra export`: episodes of a library as a LeRobotDataset v3.0."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from library.commands.library import add_selection, open_library, selection_of

NAME = "export"
HELP = "write episodes of a library as a LeRobotDataset v3.0, or append them to one"
EXAMPLES = """\
  libra export runs/demonstrations /tmp/dataset --format lerobot
  libra export runs /tmp/corrections --driver human --outcome success
  libra export runs /tmp/dataset --task stack --skip-unlabelled --json
  libra export runs /tmp/chosen --ids chosen.txt"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("library", type=Path, help="folder of episodes")
    parser.add_argument("out", type=Path, help="folder of the data set; one of the same schema is appended to")
    parser.add_argument("--format", choices=("lerobot",), default="lerobot", help="LeRobotDataset v3.0 (default)")
    add_selection(parser)
    parser.add_argument(
        "--skip-unlabelled", action="store_true", help="leave out episodes whose record was cut off before an outcome"
    )
    parser.add_argument(
        "--ids", type=Path, metavar="FILE", help="only the episodes whose ids are in FILE, one a line (`-`: from stdin)"
    )
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Export; 1 if something was refused, with the reasons."""
    from library.errors import LibraryError
    from library.lerobot.exporting import export_episodes
    from library.select import choose

    try:
        library = open_library(arguments.library, quiet=arguments.json)
        episodes = library.episodes if arguments.ids is None else [library.find(each) for each in _ids(arguments.ids)]
        chosen = choose(episodes, selection_of(arguments))
        report = export_episodes(chosen, arguments.out, arguments.skip_unlabelled, quiet=arguments.json)
    except (LibraryError, OSError) as error:
        print(f"libra export: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps({**report.to_dict(), "out": str(arguments.out)}))
    else:
        left = f", {len(report.unlabelled)} without outcome left out" if report.unlabelled else ""
        changed = ""
        if report.changed:
            names = ", ".join(report.changed[:3]) + (" and others" if len(report.changed) > 3 else "")
            changed = (
                f" Relabelled or trimmed since they were exported: {names}. Export to a new folder to have them so."
            )
        print(
            f"{report.exported} episodes exported, {report.there} were there{left}: "
            f"{report.episodes} episodes, {report.frames} frames in {arguments.out}.{changed}"
        )
    for name, reason in report.refused.items():
        print(f"libra export: {name} was left out: {reason}", file=sys.stderr)
    return 1 if report.refused else 0


def _ids(path: Path) -> list[str]:
    text = sys.stdin.read() if str(path) == "-" else path.read_text()
    return [line.strip() for line in text.splitlines() if line.strip()]
