"""`libra doctor`: examines the machine and names the fix for everything that is wrong."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from app.commands import add_serving_arguments

NAME = "doctor"
HELP = "check rendering, checkpoint, ports, browser and versions, and name the fix for each failure"
EXAMPLES = """\
  libra doctor
  libra doctor --checkpoint runs/checkpoints/mine --port 8000
  libra doctor --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    add_serving_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print every finding; 1 if something is wrong."""
    from app.doctor import Needs, all_checks, examine

    needs = Needs(arguments.checkpoint, arguments.host, arguments.port, arguments.rerun_port)
    findings = examine(all_checks(needs))
    ok = all(finding.ok for finding in findings)
    if arguments.json:
        print(json.dumps({"ok": ok, "checks": [asdict(finding) for finding in findings]}, indent=2))
        return 0 if ok else 1

    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("check", "", "finding"):
        table.add_column(title, overflow="fold")
    for finding in findings:
        mark = Text("ok", "green") if finding.ok else Text("failed", "bold red")
        table.add_row(finding.check, mark, Text(finding.detail))
    console.print(table)
    wrong = [finding for finding in findings if not finding.ok]
    for finding in wrong:  # below the table and unwrapped: a fix is there to be copied
        console.print(Text.assemble((f"{finding.check}: ", "bold"), finding.fix), soft_wrap=True)
    console.print("Everything is ready." if ok else f"\n{len(wrong)} of {len(findings)} checks failed.")
    return 0 if ok else 1
