"""`libra demo`: checks what the cockpit needs, then serves it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from app.addresses import NO_NETWORK, in_url, is_loopback, own_addresses
from app.commands import add_serving_arguments, name_text, seed_number, token_text

NAME = "demo"
HELP = "serve the cockpit on a page in your browser"
EXAMPLES = """\
  libra demo
  libra demo --port 8000 --seed 12
  libra demo --checkpoint runs/checkpoints/mine
  libra demo --lan                     # for a phone or a colleague on the same network
  libra demo --lan robot.example.org   # that reach this machine by another name"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    add_serving_arguments(parser)
    parser.add_argument("--seed", type=seed_number, default=7, help="seed of the first scene (default 7)")
    parser.add_argument(
        "--lan",
        nargs="?",
        const="",
        type=name_text,
        metavar="NAME",
        help="let others on your network watch and drive, with a token; NAME: by which they reach this machine",
    )
    parser.add_argument(
        "--library", type=Path, metavar="FOLDER", help="where episodes are kept, and what the library shows (runs)"
    )
    parser.add_argument("--token", type=token_text, help="that others need to have (default: a new one at every start)")


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted; 1 with one sentence per problem if something it needs is missing, 2 for wrong usage."""
    from app.doctor import Needs, examine, quick_checks, thorough_checks

    host, problem = _host(arguments.host, arguments.lan)
    if problem:
        print(problem, file=sys.stderr)
        return 1
    if arguments.token is not None and is_loopback(host):
        print("A token is for others on your network: add --lan, or leave --token out.", file=sys.stderr)
        return 2
    needs = Needs(arguments.checkpoint, host, arguments.port, arguments.rerun_port)
    for checks in (quick_checks(needs), thorough_checks()):
        problems = [finding.sentence for finding in examine(checks) if not finding.ok]
        if problems:
            print("The cockpit cannot start.", *problems, sep="\n", file=sys.stderr)
            return 1
    # The cockpit reports to nobody; set before the libraries are imported.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")

    from app.cockpit import Cockpit
    from app.web.access import access_for
    from app.web.server import PortInUse, serve
    from viz import PortInUse as RerunPortInUse

    cockpit = Cockpit(arguments.checkpoint, arguments.seed, rerun_port=arguments.rerun_port, library=arguments.library)
    access = access_for(host, arguments.port, arguments.token, arguments.lan)
    print(f"The cockpit is at {access.link or f'http://{in_url(host)}:{arguments.port}'} (Ctrl-C ends it).", flush=True)
    if access.link is not None:
        _show_code(access.link)
    try:
        serve(cockpit, host, arguments.port, access)
    except (PortInUse, RerunPortInUse) as error:  # taken since it was checked
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # the way to end it
        print()
    return 0


def _host(host: str, name: str | None) -> tuple[str, str | None]:
    """Where to listen, and why that is impossible; `name` is what `--lan` was given, None without."""
    if name is None or not is_loopback(host):
        return host, None
    addresses = [name] if name else own_addresses()
    if not addresses:
        return host, f"{NO_NETWORK}: connect it to a network, or leave --lan out."
    return "::" if ":" in addresses[0] else "0.0.0.0", None


def _show_code(link: str) -> None:
    """The address for a phone's camera, where a person sees it."""
    import segno

    print("Whoever has this address can watch and drive; it is for people on your network that you trust.", flush=True)
    if sys.stdout.isatty():
        segno.make(link, micro=False).terminal(border=2, compact=True)
