"""`libra report`: an evaluation as one HTML file for a colleague."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from diagnosis.commands import add_root, answer, complain, whole_number
from diagnosis.commands.evaluations import progress_line

NAME = "report"
HELP = "write a kept evaluation as one HTML file, with film strips, verdicts and Rerun files"
EXAMPLES = """\
  libra report latest --out report.html
  libra report 3f9a --out report.html --diagnose       # find the verdicts first
  libra report 3f9a --out report.html --episode 17 42 --recordings 17"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("id", metavar="EVALUATION", help="its id or the beginning of it, or `latest`")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the HTML file")
    parser.add_argument(
        "--episode", type=whole_number, nargs="+", metavar="NUMBER",
        help="show these (default: the 20 failures that came closest to success)",
    )  # fmt: skip
    parser.add_argument(
        "--recordings", type=whole_number, nargs="*", metavar="NUMBER",
        help="write these episodes as .rrd files beside it (default: the first three that are shown; none without a "
        "number)",
    )  # fmt: skip
    parser.add_argument("--diagnose", action="store_true", help="find the verdicts that are missing first")
    parser.add_argument("--workers", type=whole_number, default=os.cpu_count() or 1, help="processes of --diagnose")
    add_root(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write it."""
    if not arguments.out.parent.is_dir():
        return complain(NAME, f"{arguments.out} cannot be written: there is no folder {arguments.out.parent}.", 2)
    if arguments.out.suffix not in (".html", ".htm"):
        return complain(NAME, f"--out {arguments.out} must end in .html.", 2)
    return answer(NAME, arguments, lambda: _write(arguments), _show)


def _write(arguments: argparse.Namespace) -> dict[str, Any]:
    from diagnosis import page
    from diagnosis.report import write_report
    from diagnosis.report.writing import closest_first

    if arguments.diagnose:
        from diagnosis.judging import diagnose
        from diagnosis.store import open_evaluation

        diagnose(
            open_evaluation(arguments.root, arguments.id), workers=arguments.workers, quiet=str(arguments.json) == "-"
        )
    recordings = arguments.recordings
    if recordings is None:
        failed = closest_first(page.matrix(arguments.root, arguments.id))
        recordings = (arguments.episode or failed)[:3]
    return write_report(
        arguments.root, arguments.id, arguments.out, arguments.episode, recordings, progress_line("drawing")
    )


def _show(found: dict[str, Any]) -> None:
    print(f"{found['report']} ({found['bytes'] / 1e6:.1f} MB) opens in any browser, without a server or a network.")
    if found["replaced"]:
        print("It takes the place of the report that was there.")
    for path in found["recordings"]:
        print(f"{path} opens in any Rerun viewer.")
