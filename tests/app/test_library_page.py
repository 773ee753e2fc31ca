"""The library page's server: what it lists, changes, shows and exports, by real requests."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from web_server import Behind, browser, served, shared

from app.tuning import FineTuning
from records import ControlSource
from records.log import EpisodeHeader


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sys.path.append(str(Path(__file__).parents[1] / "library"))
    from recorded import write_episode

    root = tmp_path_factory.mktemp("runs")
    for number, words in enumerate(("pick up the red cube", "press the button", "stack the red cube"), 1):
        name = f"episode-{number:03d}"
        sources: list[ControlSource] = ["policy"] * 3 + ["human"] * 2
        write_episode(root / "monday" / f"{name}.arrow", EpisodeHeader(name, words, number, float(number)), sources)
    (root / "monday" / "episode-009.arrow").write_bytes(b"no log at all")
    return root


@pytest.fixture(scope="module")
def client(root: Path) -> Iterator[httpx.Client]:
    behind = Behind(library=root)
    with served(behind) as (address, _), browser(address) as client:
        client.behind = behind  # type: ignore[attr-defined]
        client.timeout = 120
        yield client


def listed(client: httpx.Client) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    deadline = time.monotonic() + 60
    while "reading" in (said := client.get("/library/episodes").json()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return {row[0]: dict(zip(said["fields"], row, strict=True)) for row in said["rows"]}, said["totals"]


def test_the_list_has_every_episode_and_the_bad_one_with_its_problem(client: httpx.Client) -> None:
    episodes, totals = listed(client)
    assert len(episodes) == 4 and totals["episodes"] == 3 and totals["unreadable"] == 1
    assert "no episode log" in episodes["monday/episode-009"]["problem"]
    first = episodes["monday/episode-001"]
    assert (first["policy"], first["human"], first["steps"], first["outcome"]) == (3, 2, 5, "success")


def test_the_page_and_its_parts_come_from_this_server_alone(client: httpx.Client) -> None:
    page = client.get("/library")
    assert page.status_code == 200 and 'id="episodes"' in page.text and "http://" not in page.text
    assert 'href="/library" aria-current="page"' in page.text
    script = page.text.split('type="module" src="')[1].split('"')[0]
    assert client.get(script).status_code == 200


def test_a_page_that_is_fetched_says_nothing_to_the_terminal(
    client: httpx.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = client.get("/rerun/config").json()["components"]
    (component,) = {part["component_class_id"] for part in parts if part["type"] == "rerun"}
    found = client.get(f"/rerun/gradio_api/custom_component/{component}/client/component/index.js")
    assert found.status_code == 200 and capsys.readouterr().out == ""


def test_a_strip_is_a_picture_that_is_kept_and_a_bad_file_has_none(client: httpx.Client, root: Path) -> None:
    listed(client)
    answer = client.get("/library/strip/monday/episode-001")
    assert answer.headers["content-type"] == "image/jpeg" and answer.content[:2] == b"\xff\xd8"
    assert len(list((root / ".strips").iterdir())) == 1
    assert client.get("/library/strip/monday/episode-001").content == answer.content
    assert client.get("/library/strip/monday/episode-009").status_code == 404
    assert client.get("/library/strip/../../etc/passwd").status_code == 404


def test_what_is_changed_is_on_disk_and_in_the_answer(client: httpx.Client, root: Path) -> None:
    listed(client)
    name = "monday/episode-002"

    def change(deed: str, **more: Any) -> dict[str, Any]:
        answer = client.post("/library/change", json={"do": deed, "episodes": [name], **more})
        assert answer.status_code == 200, answer.text
        return dict(zip(answer.json()["fields"], answer.json()["rows"][0], strict=True))

    assert change("star")["starred"] and change("rename", name="a press")["name"] == "a press"
    assert change("label", outcome="failure")["by"] == "human"
    assert change("trim", first=1, end=4)["steps"] == 3
    kept = json.loads((root / "monday" / "episode-002.edits.json").read_text())
    assert kept == {"name": "a press", "outcome": "failure", "starred": True, "trim": [1, 4], "warnings": []}
    assert change("trim", first=None, end=None)["steps"] == 5 and not change("unstar")["starred"]


def test_episodes_go_into_the_trash_together_and_come_back(client: httpx.Client) -> None:
    listed(client)
    names = ["monday/episode-001", "monday/episode-003"]
    answer = client.post("/library/change", json={"do": "delete", "episodes": names}).json()
    assert answer["totals"]["deleted"] == 2
    episodes, _ = listed(client)
    assert [episodes[name]["deleted"] for name in names] == [True, True]
    assert client.get(f"/library/strip/{names[0]}").status_code == 200
    client.post("/library/change", json={"do": "undelete", "episodes": names})
    assert not any(each["deleted"] for each in listed(client)[0].values())


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"do": "burn", "episodes": ["monday/episode-001"]}, "nothing called"),
        ({"do": "star", "episodes": []}, "which episodes"),
        ({"do": "star", "episodes": "monday/episode-001"}, "which episodes"),
        ({"do": "star", "episodes": ["none"]}, "no episode"),
        ({"do": "rename", "episodes": ["monday/episode-001"], "name": "../x"}, "slashes"),
        ({"do": "label", "episodes": ["monday/episode-001"], "outcome": "fine"}, "no outcome"),
        ({"do": "trim", "episodes": ["monday/episode-001"], "first": 90, "end": 95}, "control steps"),
        ({"do": "trim", "episodes": ["monday/episode-001"], "first": "a"}, "whole numbers"),
        ({"do": "delete", "episodes": ["monday/episode-001", "none"]}, "no episode"),
    ],
)
def test_a_change_that_cannot_be_is_refused_with_one_sentence(
    client: httpx.Client, asked: dict[str, Any], words: str
) -> None:
    before, _ = listed(client)
    answer = client.post("/library/change", json=asked)
    assert answer.status_code == 400 and words in answer.json()["error"]
    assert listed(client)[0] == before


def test_an_episode_is_shown_by_its_log_and_a_bad_one_never_reaches_the_session(client: httpx.Client) -> None:
    listed(client)
    asked = client.behind.client.asked  # type: ignore[attr-defined]
    assert client.post("/library/open", json={"episode": "monday/episode-001"}).status_code == 200
    assert asked == ["open"]
    assert client.post("/library/open", json={"episode": "monday/episode-009"}).status_code == 400
    assert client.post("/library/open", content=b"not json").status_code == 400
    assert asked == ["open"]


@pytest.mark.slow
def test_an_export_goes_on_beside_the_page_and_says_how_it_ended(client: httpx.Client, root: Path) -> None:
    listed(client)
    assert "Select some" in client.post("/library/export", json={"episodes": [], "name": "x"}).json()["error"]
    wanted = {"episodes": ["monday/episode-001", "monday/episode-002"], "name": "set"}
    assert client.post("/library/export", json=wanted).json()["state"] == "running"
    assert "going on" in client.post("/library/export", json=wanted).json()["error"]
    deadline = time.monotonic() + 240
    while (said := client.get("/library/export").json())["state"] == "running":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert said["state"] == "done", said
    assert (root / "exports" / "set" / "meta" / "info.json").is_file()


def test_a_checkpoint_is_made_beside_the_page_and_can_be_cancelled(tmp_path: Path) -> None:
    behind = Behind(library=tmp_path)
    behind.tuning = FineTuning(tmp_path / "base", tmp_path, (sys.executable, "-c", "import time; time.sleep(60)"))  # type: ignore[attr-defined]
    with served(behind) as (address, _), browser(address) as client:
        assert client.get("/library/finetune").json()["state"] == "none"
        refused = client.post("/library/finetune", json={"name": "../elsewhere"})
        assert refused.status_code == 400 and refused.json()["error"]
        assert client.post("/library/finetune", json={"name": "better", "task": "push"}).json()["state"] == "running"
        assert client.get("/library/finetune").json()["name"] == "better"
        assert client.post("/library/finetune", json={"cancel": True}).json()["state"] == "stopped"
        assert client.post("/library/finetune", json={"cancel": True}).status_code == 400


def test_on_a_network_nobody_sees_the_library_without_the_token(root: Path) -> None:
    with served(Behind(library=root), shared()) as (address, _), browser(address) as client:
        for path in ("/library", "/library/episodes", "/library/strip/monday/episode-001"):
            assert client.get(path).status_code == 401
        assert client.post("/library/change", json={}).status_code == 401


def test_a_library_that_is_not_there_yet_is_empty_and_no_problem(tmp_path: Path) -> None:
    with served(Behind(library=tmp_path / "none")) as (address, _), browser(address) as client:
        said = client.get("/library/episodes").json()
        assert said["rows"] == [] and not said["problem"]
