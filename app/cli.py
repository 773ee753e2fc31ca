"""The `libra` command: finds the module of a subcommand, gives it its arguments, returns its exit code.

A subcommand is a module with `NAME`, `HELP`, `EXAMPLES`, `add_arguments(parser)` and `run(arguments) -> int`; it
imports what is heavy inside `run`, so that help and usage errors come at once.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final, Protocol, cast

from app import __version__

COMMANDS: Final = {
    "demo": "app.commands.demo",
    "doctor": "app.commands.doctor",
    "collect": "training.commands.collect",
    "train": "training.commands.train",
    "dagger": "training.commands.dagger",
    "eval": "training.commands.eval",
    "evaluations": "diagnosis.commands.evaluations",
    "diagnose": "diagnosis.commands.diagnose",
    "report": "diagnosis.commands.report",
    "library": "library.commands.library",
    "export": "library.commands.export",
    "bench": "app.commands.bench",
}
OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
EXIT_CODES: Final = "exit codes:\n  0 done · 1 failed, the last line says why and names the fix · 2 wrong usage"


class Command(Protocol):
    """The shape of a subcommand's module."""

    NAME: str
    HELP: str
    EXAMPLES: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it and return the exit code."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; `argv` without the program name."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        if words and words[0] in COMMANDS:
            command = load(words[0])
            return command.run(parser_of(command).parse_args(words[1:]))
        return _no_command(words)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # `libra … | head`
        sys.stderr.close()
        return FAILED


def load(name: str) -> Command:
    """The module of a subcommand."""
    return cast(Command, import_module(COMMANDS[name]))


def parser_of(command: Command) -> argparse.ArgumentParser:
    """The parser of a subcommand, with its examples and the exit codes below the options."""
    examples = command.EXAMPLES.rstrip()
    parser = argparse.ArgumentParser(
        prog=f"libra {command.NAME}",
        description=command.HELP[0].upper() + command.HELP[1:] + ".",
        epilog=f"examples:\n{examples}\n\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    return parser


def _no_command(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        lines = [f"  {name:<11} {load(name).HELP}" for name in COMMANDS]
        print("usage: libra COMMAND [options]\n")
        print("A browser cockpit for a dual-system robot policy.\n\ncommands:", *lines, sep="\n")
        print("\n`libra COMMAND --help` explains a command and shows examples; `libra --version` names the version.\n")
        print(EXIT_CODES)
        return OK if words else USAGE
    if words[0] in ("-V", "--version"):
        print(f"libra {__version__}")
        return OK
    kind = "option" if words[0].startswith("-") else "command"
    near = difflib.get_close_matches(words[0], COMMANDS, n=1)
    guess = f" Did you mean `libra {near[0]}`?" if near else ""
    print(f"libra: there is no {kind} {words[0]!r}.{guess} Commands are {', '.join(COMMANDS)}.", file=sys.stderr)
    return USAGE


if __name__ == "__main__":
    raise SystemExit(main())
