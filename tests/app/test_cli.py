"""The `libra` command from outside: help, usage errors, exit codes."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app import ROOT, __version__
from app.cli import COMMANDS, load, main, parser_of


def libra(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "app.cli", *words]
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=150, stdin=subprocess.DEVNULL
    )


@pytest.fixture
def used_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_help_names_every_command_and_the_exit_codes():
    done = libra("--help")
    assert done.returncode == 0
    assert all(f"  {name}" in done.stdout for name in COMMANDS)
    assert "exit codes" in done.stdout


def test_help_comes_at_once():
    before = os.times()
    libra("--help")
    after = os.times()
    # Computing time of the child: the machine may be busy with something else.
    assert after.children_user + after.children_system - before.children_user - before.children_system < 0.4


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from app.cli import COMMANDS, main; main(['--help']);"
        "from contextlib import suppress\n"
        "for name in COMMANDS:\n"
        "    with suppress(SystemExit): main([name, '--help'])\n"
        "print(sorted({'torch', 'mujoco', 'gradio', 'rerun', 'transformers', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_with_examples(name):
    command = load(name)
    assert parser_of(command).prog == f"libra {name}"
    assert command.EXAMPLES.lstrip().startswith(f"libra {name}")
    assert command.EXAMPLES.rstrip() in parser_of(command).format_help()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_are_accepted_by_their_own_command(name):
    command = load(name)
    for line in command.EXAMPLES.replace("\\\n", " ").strip().splitlines():
        words = shlex.split(line, comments=True)
        assert words[:2] == ["libra", name]
        parser_of(command).parse_args(words[2:])


def test_the_version_is_printed(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"libra {__version__}\n"


def test_no_command_prints_the_help_and_counts_as_wrong_usage(capsys):
    assert main([]) == 2
    assert "commands:" in capsys.readouterr().out


def test_an_unknown_command_is_named_with_the_nearest_one():
    done = libra("dmo")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "libra: there is no command 'dmo'. Did you mean `libra demo`? Commands are " + ", ".join(COMMANDS) + "."
    ]


def test_an_unknown_option_is_wrong_usage(capsys):
    assert main(["--frobnicate"]) == 2
    assert "no option '--frobnicate'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--seed", "seven", "'seven' is no seed"),
        ("--seed", "-1", "'-1' is no seed"),
        ("--seed", "99999999999", "is no seed"),
        ("--port", "0", "'0' is no port"),
        ("--port", "70000", "'70000' is no port"),
        ("--rerun-port", "http", "'http' is no port"),
        ("--token", "fifteen-letters", "at least 16 letters"),
        ("--token", "a token with spaces", "letters, digits or - . _ ~"),
        ("--lan", "http://robot:7860", "is no name or address of a machine"),
    ],
)
def test_a_wrong_value_is_refused_with_one_sentence(option, value, sentence, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["demo", f"{option}={value}"])
    assert stop.value.code == 2
    assert sentence in capsys.readouterr().err.splitlines()[-1]


def test_the_demo_names_every_problem_at_once_and_does_not_start(used_port, tmp_path):
    done = libra("demo", "--port", str(used_port), "--checkpoint", str(tmp_path / "nothing"))
    assert done.returncode == 1
    assert f"Port {used_port} is in use" in done.stderr
    assert "--port" in done.stderr
    assert "There is no checkpoint at" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demo_refuses_a_truncated_checkpoint(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes((500).to_bytes(8, "little") + b'{"a"')
    done = libra("demo", "--checkpoint", str(tmp_path))
    assert done.returncode == 1
    assert "truncated or damaged" in done.stderr
    assert "git checkout -- assets/checkpoints" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_doctor_answers_in_json_and_fails_with_a_fix(used_port, tmp_path):
    done = libra("doctor", "--json", "--port", str(used_port), "--checkpoint", str(tmp_path))
    answer = json.loads(done.stdout)
    assert done.returncode == 1
    assert answer["ok"] is False
    checks = {finding["check"]: finding for finding in answer["checks"]}
    assert set(checks) >= {"page port", "Rerun port", "checkpoint", "rendering", "sentence encoder", "browser"}
    assert "--port" in checks["page port"]["fix"]
    assert all(finding["ok"] or finding["fix"] for finding in checks.values())
