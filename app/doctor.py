"""What the cockpit needs from its machine: each check answers with a finding that names the fix."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from app import DEFAULT_CHECKPOINT, DEFAULT_HOST, DEFAULT_PORT, DEFAULT_RERUN_PORT, ROOT
from app.addresses import NO_NETWORK, own_addresses
from app.ports import port_problem

APT_LINE: Final = (
    "apt-get update && apt-get install -y --no-install-recommends "
    "libegl1 libegl-mesa0 libgl1 libgl1-mesa-dri libopengl0 libglib2.0-0"
)
RESTORE: Final = "Restore it with `git checkout -- assets/checkpoints`, or name another with --checkpoint."
PROBE_SECONDS: Final = 120.0

# `scenes` sets the GL default; the picture is of a red ball, so a driver that draws nothing is found out.
RENDER_PROBE: Final = """
import scenes, mujoco
from OpenGL import GL
model = mujoco.MjModel.from_xml_string(
    "<mujoco><worldbody><light pos='0 0 2'/><geom size='.3' rgba='1 0 0 1'/>"
    "<camera name='c' pos='0 0 2'/></worldbody></mujoco>")
data = mujoco.MjData(model)
mujoco.mj_forward(model, data)
renderer = mujoco.Renderer(model, 48, 64)
renderer.update_scene(data, "c")
picture = renderer.render().copy()
name = GL.glGetString(GL.GL_RENDERER).decode()
renderer.close()
assert picture[24, 32, 0] > 60 + picture[24, 32, 1], "the picture stays black"
print(name)
"""
ENCODER_PROBE: Final = """
from policy.encoder_files import find_encoder, verify_encoder
folder = find_encoder()
verify_encoder(folder)
print(folder)
"""


@dataclass(frozen=True)
class Finding:
    """The outcome of one check."""

    check: str
    ok: bool
    detail: str
    """what was found, one sentence or phrase"""
    fix: str = ""
    """what to do about it, if not ok"""

    @property
    def sentence(self) -> str:
        """Problem and fix in one line."""
        return f"{self.check}: {self.detail} {self.fix}".strip()


@dataclass(frozen=True)
class Needs:
    """What is about to be used."""

    checkpoint: Path = DEFAULT_CHECKPOINT
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    rerun_port: int = DEFAULT_RERUN_PORT


def check_rendering() -> Finding:
    """A real picture, drawn in a process of its own because a broken driver may take its process down."""
    backend = os.environ.get("MUJOCO_GL", "egl")
    ok, answer = _probe(RENDER_PROBE)
    if ok:
        return Finding("rendering", True, f"MuJoCo draws with {backend}: {answer}.")
    if "MUJOCO_GL" in os.environ and backend != "egl":
        fix = "MUJOCO_GL is set in your shell: `unset MUJOCO_GL` to use EGL."
    elif sys.platform == "linux":
        fix = f"Install EGL and Mesa: `{APT_LINE}` (as root, on Debian or Ubuntu)."
    else:
        fix = "Update the graphics driver."
    return Finding("rendering", False, f"MuJoCo cannot draw with {backend} ({answer}).", fix)


def check_checkpoint(folder: Path) -> Finding:
    """Whether the folder holds a readable `config.json` and complete weights, without loading them."""
    from safetensors import SafetensorError, safe_open

    weights = folder / "model.safetensors"
    if not folder.is_dir():
        return Finding("checkpoint", False, f"There is no checkpoint at {folder}.", RESTORE)
    for path in (folder / "config.json", weights):
        if not path.is_file():
            return Finding("checkpoint", False, f"The checkpoint {folder} has no {path.name}.", RESTORE)
    try:
        if not isinstance(json.loads((folder / "config.json").read_text()), dict):
            raise ValueError("not an object")
    except (OSError, ValueError) as error:
        return Finding("checkpoint", False, f"{folder / 'config.json'} is no readable JSON ({error}).", RESTORE)
    try:
        with safe_open(weights, framework="numpy") as file:  # compares the header's promise with the file's size
            count = len(file.keys())
    except (OSError, SafetensorError) as error:
        return Finding("checkpoint", False, f"{weights} is truncated or damaged ({error}).", RESTORE)
    size = weights.stat().st_size / 1e6
    return Finding("checkpoint", True, f"{folder}: {count} tensors, {size:.1f} MB.")


def check_port(name: str, host: str, port: int, option: str) -> Finding:
    """Whether a server can listen there."""
    problem = port_problem(host, port, option)
    return Finding(name, True, f"{host}:{port} is free.") if problem is None else Finding(name, False, *problem)


def check_network() -> Finding:
    """By which addresses others reach this machine; none is no failure, the cockpit is for this machine first."""
    found = own_addresses()
    if not found:
        return Finding("network", True, f"{NO_NETWORK}: `libra demo --lan` needs a network.")
    return Finding("network", True, f"`libra demo --lan` serves others at {', '.join(found)}.")


def check_browser() -> Finding:
    """Whether there is a browser that the test can drive."""
    from app.browser import find_browser

    found = find_browser()
    if found is None:
        fix = "`make test` installs one; or `apt-get install chromium`, or `.venv/bin/playwright install chromium`."
        return Finding("browser", False, "No Chromium found (only the browser test needs it).", fix)
    return Finding("browser", True, f"{found[1]} at {found[0]}.")


def check_encoder() -> Finding:
    """Whether the sentence encoder is there, byte for byte the one that the policies were trained with."""
    ok, answer = _probe(ENCODER_PROBE)
    if ok:
        return Finding("sentence encoder", True, f"{answer}, sha256 as expected.")
    fix = "Run `make env`, or point LIBRA_SENTENCE_ENCODER at a folder with all-MiniLM-L6-v2."
    return Finding("sentence encoder", False, f"{answer}.", fix)


def check_versions() -> Finding:
    """Whether the installed libraries are those that pyproject.toml asks for."""
    from packaging.requirements import Requirement

    try:
        lines = metadata.requires("libra-cockpit") or []
    except metadata.PackageNotFoundError:
        return Finding("versions", False, "libra-cockpit is not installed in this Python.", "Run `make env`.")
    wrong, shown = [], [f"Python {sys.version.split()[0]}"]
    for requirement in map(Requirement, lines):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement.name} {version} is not {requirement.specifier}")
        if requirement.name in ("torch", "transformers", "gradio", "rerun-sdk", "mujoco", "mink"):
            shown.append(f"{requirement.name} {version}")
    if wrong:
        return Finding("versions", False, "; ".join(wrong) + ".", "Run `make env`.")
    return Finding("versions", True, ", ".join(shown) + ".")


def check_cores() -> Finding:
    """How much machine there is; two cores are what the timing promises are made for."""
    import psutil

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = psutil.virtual_memory().total / 2**30
    advice = "" if cores >= 2 else " On one core simulated time may fall behind the clock."
    return Finding("machine", True, f"{cores} {'cores' if cores > 1 else 'core'}, {memory:.0f} GB of memory.{advice}")


def quick_checks(needs: Needs) -> list[Callable[[], Finding]]:
    """What the cockpit needs and can be seen in no time."""
    return [
        lambda: check_port("page port", needs.host, needs.port, "--port"),
        lambda: check_port("Rerun port", DEFAULT_HOST, needs.rerun_port, "--rerun-port"),
        lambda: check_checkpoint(needs.checkpoint),
    ]


def thorough_checks() -> list[Callable[[], Finding]]:
    """What the cockpit needs and takes a process and a few seconds to try."""
    return [check_rendering, check_encoder]


def all_checks(needs: Needs) -> list[Callable[[], Finding]]:
    """Everything that `libra doctor` looks at."""
    return [*quick_checks(needs), *thorough_checks(), check_browser, check_network, check_versions, check_cores]


def examine(checks: Iterable[Callable[[], Finding]]) -> list[Finding]:
    """Run checks side by side (the slow ones wait for processes); findings in the order of the checks."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(lambda check: check(), checks))


def _probe(code: str) -> tuple[bool, str]:
    """Run Python code in a process of its own: its last line of output, or the reason why it failed."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))}
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return False, f"no answer within {PROBE_SECONDS:.0f} seconds"
    if done.returncode == 0:
        return True, (done.stdout.strip().splitlines() or [""])[-1]
    if done.returncode < 0:
        return False, f"its process died of signal {-done.returncode}"
    lines = done.stderr.strip().splitlines() or ["no reason given"]
    # Destructors may complain after the traceback ("Exception ignored in ..."): the reason stands before that.
    end = next((i for i, line in enumerate(lines) if line.startswith("Exception ignored")), len(lines))
    return False, lines[max(end - 1, 0)].removesuffix(".")
