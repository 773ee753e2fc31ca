"""The failures page's server: what it tells of kept evaluations, and what it lets be begun."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from web_server import Behind, browser, served, shared

sys.path.append(str(Path(__file__).parents[2] / "scripts"))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from make_evaluation import make

    library = tmp_path_factory.mktemp("runs")
    make(library / "evaluations", 40)
    return library


@pytest.fixture(scope="module")
def client(library: Path) -> Iterator[httpx.Client]:
    with served(Behind(library=library)) as (address, _), browser(address) as client:
        client.timeout = 120  # the first request waits for libraries
        yield client


@pytest.fixture(scope="module")
def evaluation(client: httpx.Client) -> dict[str, Any]:
    (found,) = client.get("/failures/evaluations").json()["evaluations"]
    return found


def test_evaluations_are_listed_and_their_matrix_comes_in_columns(
    client: httpx.Client, evaluation: dict[str, Any]
) -> None:
    assert (evaluation["done"], evaluation["state"]) == (40, "complete")
    found = client.get(f"/failures/matrix/{evaluation['id']}").json()
    assert {len(column) for column in found["columns"].values()} == {40}
    assert set(found["rules"]) == set(found["event_kinds"]) and found["report"] is False


def test_what_is_not_there_is_said_in_one_sentence(client: httpx.Client, evaluation: dict[str, Any]) -> None:
    for path in ("matrix/0000", f"episode/{evaluation['id']}/999", f"compare/{evaluation['id']}/0000"):
        answer = client.get(f"/failures/{path}")
        assert answer.status_code == 400 and answer.json()["error"].endswith(".")
    assert client.get("/failures/report/none").status_code == 404


def test_an_episode_without_its_trace_is_said_to_be_damaged(client: httpx.Client, evaluation: dict[str, Any]) -> None:
    found = client.get(f"/failures/episode/{evaluation['id']}/0").json()
    assert "cannot be read" in found["problem"] and not found["can_replay"]


@pytest.mark.parametrize(
    ("name", "asked", "words"),
    [
        ("evaluate", {"episodes": 0}, "Episodes must be"),
        ("evaluate", {"schedule": "never"}, "no schedule"),
        ("evaluate", {"perturb": "earthquake"}, "no perturbation"),
        ("evaluate", {"tasks": "pick;rm"}, "kinds of task"),
        ("evaluate", {"tasks": "pick,dance"}, "bowl"),
        ("diagnose", {"evaluation": "latest", "numbers": [1], "from": -1}, "From must be"),
        ("evaluate", {"checkpoint": "/nowhere"}, "no checkpoint"),
        ("diagnose", {}, "Choose an evaluation"),
        ("diagnose", {"evaluation": "../x"}, "Choose an evaluation"),
        ("diagnose", {"evaluation": "latest", "numbers": ["x"]}, "list of their numbers"),
        ("report", {"resume": True}, "no report to go on with"),
        ("dance", {}, "nothing called"),
    ],
)
def test_work_that_makes_no_sense_is_not_begun(
    client: httpx.Client, name: str, asked: dict[str, Any], words: str
) -> None:
    answer = client.post(f"/failures/jobs/{name}", json=asked)
    assert answer.status_code == 400 and words in answer.json()["error"]
    assert all(job["state"] == "none" for job in client.get("/failures/jobs").json().values())


def test_a_cell_is_shown_by_the_session_and_taken_over_at_its_step(
    client: httpx.Client, evaluation: dict[str, Any]
) -> None:
    asked = {"evaluation": evaluation["id"], "number": 3, "step": 12}
    assert client.post("/failures/open", json=asked).status_code == 200


def test_on_a_network_nobody_sees_failures_without_the_token(library: Path) -> None:
    with served(Behind(library=library), shared()) as (address, _), browser(address) as client:
        assert client.get("/failures").status_code == client.get("/failures/evaluations").status_code == 401
        assert client.post("/failures/jobs/evaluate", json={}).status_code == 401
