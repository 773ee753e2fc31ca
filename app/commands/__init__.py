"""`libra demo` and `libra doctor`: one module a command, and the argument types that they share."""

from __future__ import annotations

import argparse
import contextlib
import ipaddress
import re
from pathlib import Path
from typing import Final

from app import DEFAULT_CHECKPOINT, DEFAULT_HOST, DEFAULT_PORT, DEFAULT_RERUN_PORT

MIN_TOKEN: Final = 16
"""characters: nobody guesses so many"""


def port_number(text: str) -> int:
    """A TCP port as an argument.

    Raises:
        argparse.ArgumentTypeError: names the range.
    """
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; a port is a number from 1 to 65535")
    return int(text)


def seed_number(text: str) -> int:
    """A scene seed as an argument.

    Raises:
        argparse.ArgumentTypeError: says what a seed is.
    """
    if not text.isascii() or not text.isdigit() or int(text) >= 2**31:
        raise argparse.ArgumentTypeError(f"{text!r} is no seed; a seed is a whole number from 0 to {2**31 - 1}")
    return int(text)


def name_text(text: str) -> str:
    """A machine's name or address as an argument; nothing where an option may do without.

    Raises:
        argparse.ArgumentTypeError: says what a name is.
    """
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(text))
    if not re.fullmatch(r"([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name or address of a machine, such as 192.168.1.20")
    return text


def token_text(text: str) -> str:
    """A token as an argument.

    Raises:
        argparse.ArgumentTypeError: says what a token is.
    """
    if not re.fullmatch(rf"[A-Za-z0-9._~-]{{{MIN_TOKEN},}}", text):
        raise argparse.ArgumentTypeError(f"a token is at least {MIN_TOKEN} letters, digits or - . _ ~")
    return text


def add_serving_arguments(parser: argparse.ArgumentParser) -> None:
    """What `libra demo` uses and `libra doctor` looks at."""
    parser.add_argument(
        "--host",
        default=DEFAULT_HOST,
        help=f"address of the page (default {DEFAULT_HOST}; others ask for a token)",
    )
    parser.add_argument(
        "--port", type=port_number, default=DEFAULT_PORT, help=f"port of the page (default {DEFAULT_PORT})"
    )
    parser.add_argument(
        "--rerun-port",
        type=port_number,
        default=DEFAULT_RERUN_PORT,
        help=f"port of the Rerun stream (default {DEFAULT_RERUN_PORT})",
    )
    parser.add_argument(
        "--checkpoint", type=Path, default=DEFAULT_CHECKPOINT, help="folder of the policy (default: the one that ships)"
    )
