"""`libra demo`: checks what the cockpit needs, then serves it."""

from __future__ import annotations

import argparse
import ipaddress
import os
import sys

from app.commands import add_serving_arguments, seed_number

NAME = "demo"
HELP = "serve the cockpit on a page in your browser"
EXAMPLES = """\
  libra demo
  libra demo --port 8000 --seed 12
  libra demo --checkpoint runs/checkpoints/mine"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    add_serving_arguments(parser)
    parser.add_argument("--seed", type=seed_number, default=7, help="seed of the first scene (default 7)")


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted; 1 with one sentence per problem if something it needs is missing."""
    from app.doctor import Needs, examine, quick_checks, thorough_checks

    needs = Needs(arguments.checkpoint, arguments.host, arguments.port, arguments.rerun_port)
    for checks in (quick_checks(needs), thorough_checks()):
        problems = [finding.sentence for finding in examine(checks) if not finding.ok]
        if problems:
            print("The cockpit cannot start.", *problems, sep="\n", file=sys.stderr)
            return 1
    if not _is_loopback(arguments.host):
        print(
            f"Whoever reaches {arguments.host}:{arguments.port} can drive the arm; "
            "the Rerun stream is served to this machine only.",
            file=sys.stderr,
        )
    # The cockpit reports to nobody; set before the libraries are imported.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")

    from app.cockpit import Cockpit
    from app.web.server import PortInUse, serve
    from viz import PortInUse as RerunPortInUse

    cockpit = Cockpit(checkpoint=arguments.checkpoint, seed=arguments.seed, rerun_port=arguments.rerun_port)
    host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
    print(f"The cockpit is at http://{host}:{arguments.port} (Ctrl-C ends it).", flush=True)
    try:
        serve(cockpit, host=arguments.host, port=arguments.port)
    except (PortInUse, RerunPortInUse) as error:  # taken since it was checked
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # the way to end it
        print()
    return 0


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
