"""The rules of the house, read from the source: who may import whom, and what nobody may import."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "records": set(),
    "scenes": {"records"},
    "policy": {"records"},
    "library": {"scenes", "records"},
    "training": {"library", "policy", "scenes", "records"},
    "viz": {"records"},
    "diagnosis": {"training", "library", "viz", "policy", "scenes", "records"},
    "app": {"diagnosis", "training", "library", "viz", "policy", "scenes", "records"},
}
"""as in docs/architecture.md"""
PICKLERS = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
SIMULATORS = {"mujoco", "mink", "gymnasium"}
SCREENS = {"gradio", "rerun", "gradio_rerun", "fastapi", "uvicorn"}


def sources(*rooms: str) -> list[Path]:
    return sorted(path for room in rooms for path in (ROOT / room).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Top-level names that a file imports, wherever in the file it does."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield path.relative_to(ROOT).parts[0] if node.level else (node.module or "").split(".")[0]


def offenders(rooms: list[str], forbidden: set[str]) -> list[str]:
    found = []
    for path in sources(*rooms):
        found += [f"{path.relative_to(ROOT)} imports {name}" for name in sorted(set(imports(path)) & forbidden)]
    return found


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_the_rooms_it_may(room):
    assert sources(room), f"the room {room} is empty"
    assert offenders([room], set(MAY_IMPORT) - MAY_IMPORT[room] - {room}) == []


def test_the_table_of_rooms_is_the_one_of_the_architecture_page():
    rows = re.findall(r"^\| `(\w+)/` \|.*\| (.+?) \|$", (ROOT / "docs" / "architecture.md").read_text(), re.MULTILINE)
    written = {room: set(re.findall(r"`(\w+)`", allowed)) for room, allowed in rows if room in MAY_IMPORT}
    written["app"] = set(MAY_IMPORT) - {"app"}  # "everything"
    assert written == MAY_IMPORT


def test_the_policy_never_imports_a_simulator():
    assert offenders(["policy"], SIMULATORS) == []


def test_only_app_and_viz_know_of_screens():
    assert offenders(["records", "scenes", "policy", "library", "training", "diagnosis"], SCREENS) == []


def test_no_file_of_ours_imports_a_pickler():
    assert offenders([*MAY_IMPORT, "tests"], PICKLERS) == []


def test_no_file_of_ours_unpickles_through_a_library():
    unsafe = re.compile(r"allow_pickle\s*=\s*True|weights_only\s*=\s*False|\btorch\.load\(|\bread_pickle\(")
    assert [str(path) for path in sources(*MAY_IMPORT) if unsafe.search(path.read_text())] == []


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pinned}


def test_every_dependency_is_pinned_within_its_range():
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for line in project["dependencies"] + project["optional-dependencies"]["dev"]:
        requirement = Requirement(line)
        assert requirement.specifier.contains(pins()[re.sub(r"[-_.]+", "-", requirement.name).lower()]), line


def test_pins_name_no_local_builds():
    assert [name for name, version in pins().items() if "+" in version] == []


def test_every_third_party_import_is_a_declared_dependency():
    """A library that is only there because another one needs it may go at the next update."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {re.split(r"[<>=!~\[ ]", line)[0].replace("_", "-").lower() for line in project["dependencies"]}
    providers = metadata.packages_distributions()
    undeclared = set()
    for path in sources(*MAY_IMPORT):
        for name in set(imports(path)) - set(MAY_IMPORT):
            distributions = {each.replace("_", "-").lower() for each in providers.get(name, [])}
            if distributions and not distributions & declared:
                undeclared.add(f"{path.relative_to(ROOT)} imports {name} of {', '.join(sorted(distributions))}")
    assert sorted(undeclared) == []


def test_the_changelog_knows_the_version():
    from app import __version__

    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()
