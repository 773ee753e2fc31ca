"""The doctor's checks against real files, sockets and processes."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from app import ROOT, doctor
from app.doctor import (
    Finding,
    check_browser,
    check_checkpoint,
    check_encoder,
    check_port,
    check_rendering,
    check_versions,
    examine,
)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text(json.dumps({"bins": 10}))
    save_file({"planner.weight": np.zeros((64, 64), np.float32)}, tmp_path / "model.safetensors")
    return tmp_path


def test_rendering_draws_a_real_picture():
    finding = check_rendering()
    assert finding.ok, finding.sentence


def test_rendering_needs_no_variable_to_be_set(monkeypatch):
    for variable in ("MUJOCO_GL", "PYOPENGL_PLATFORM", "DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    finding = check_rendering()
    assert finding.ok, finding.sentence


def test_without_gl_libraries_the_line_to_type_is_named(monkeypatch, tmp_path):
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    # No vendor of EGL is what a machine without Mesa looks like to the loader of GL.
    monkeypatch.setenv("__EGL_VENDOR_LIBRARY_DIRS", str(tmp_path))
    finding = check_rendering()
    assert not finding.ok
    assert "apt-get install" in finding.fix
    assert "libegl1" in finding.fix


def test_an_unusable_gl_setting_of_the_shell_is_named(monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", "opengl9")
    finding = check_rendering()
    assert not finding.ok
    assert "unset MUJOCO_GL" in finding.fix


def test_the_apt_line_is_the_one_that_make_env_uses():
    packages = doctor.APT_LINE.split("--no-install-recommends ")[1]
    assert f'debian="{packages}"' in (ROOT / "scripts" / "system-packages.sh").read_text()


def test_a_whole_checkpoint_is_fine(checkpoint):
    finding = check_checkpoint(checkpoint)
    assert finding.ok
    assert "1 tensors" in finding.detail


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_checkpoint_with_a_missing_file_names_it(checkpoint, name):
    (checkpoint / name).unlink()
    finding = check_checkpoint(checkpoint)
    assert not finding.ok
    assert name in finding.detail
    assert "--checkpoint" in finding.fix


def test_a_missing_checkpoint_names_the_folder(tmp_path):
    finding = check_checkpoint(tmp_path / "gone")
    assert not finding.ok
    assert "gone" in finding.detail


@pytest.mark.parametrize("kept", [0, 4, 60, 16000])
def test_a_truncated_checkpoint_is_found_out(checkpoint, kept):
    weights = checkpoint / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:kept])
    finding = check_checkpoint(checkpoint)
    assert not finding.ok
    assert "truncated or damaged" in finding.detail
    assert finding.fix


def test_a_large_file_pointer_instead_of_weights_is_found_out(checkpoint):
    (checkpoint / "model.safetensors").write_text("version https://git-lfs.example/spec/v1\noid sha256:00\nsize 9\n")
    assert not check_checkpoint(checkpoint).ok


@pytest.mark.parametrize("text", ["", "{", "[1]", "\x00"])
def test_a_damaged_config_is_found_out(checkpoint, text):
    (checkpoint / "config.json").write_text(text)
    finding = check_checkpoint(checkpoint)
    assert not finding.ok
    assert "config.json" in finding.detail


def test_a_port_in_use_names_who_uses_it_and_the_option_for_another():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        finding = check_port("page port", "127.0.0.1", port, "--port")
    assert not finding.ok
    assert f"Port {port} is in use by " in finding.detail
    assert "--port" in finding.fix
    assert check_port("page port", "127.0.0.1", port, "--port").ok


@pytest.mark.parametrize("host", ["nowhere.invalid", "192.0.2.1"])
def test_a_host_that_is_not_ours_names_the_option(host):
    finding = check_port("page port", host, 7860, "--port")
    assert not finding.ok
    assert "--host" in finding.fix


def test_the_installed_sentence_encoder_is_the_expected_one():
    finding = check_encoder()
    assert finding.ok, finding.sentence


def test_other_weights_of_the_sentence_encoder_are_found_out(monkeypatch, tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"something else")
    monkeypatch.setenv("LIBRA_SENTENCE_ENCODER", str(tmp_path))
    finding = check_encoder()
    assert not finding.ok
    assert "sha256" in finding.detail
    assert "LIBRA_SENTENCE_ENCODER" in finding.fix


def test_a_machine_without_a_browser_is_told_how_to_get_one(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    finding = check_browser()
    assert not finding.ok
    assert "make test" in finding.fix


def test_a_browser_that_does_not_start_is_no_browser(monkeypatch, tmp_path):
    stub = tmp_path / "chromium"
    stub.write_text("#!/bin/sh\nexit 1\n")
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin/none")
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    assert not check_browser().ok


def test_the_installed_versions_are_those_asked_for():
    finding = check_versions()
    assert finding.ok, finding.sentence


def test_findings_come_in_the_order_of_their_checks():
    checks = [lambda name=name: Finding(name, True, "") for name in "abcdefgh"]
    assert [finding.check for finding in examine(checks)] == list("abcdefgh")
