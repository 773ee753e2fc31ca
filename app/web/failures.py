"""The failures page and its endpoints; what they answer is in `diagnosis.contract`.

    GET  /failures                          the page
    GET  /failures/evaluations              every kept evaluation, and what is at work
    GET  /failures/matrix/ID                columns of all episodes, `rules` of events, whether a `report` is written
    GET  /failures/episode/ID/NUMBER        detail of a cell
    GET  /failures/film/ID/NUMBER           its film strip
    GET  /failures/rerun/ID/NUMBER          its Rerun recording, a download
    GET  /failures/both/BEFORE/AFTER/SEED   the episodes of a scene from both, side by side in Rerun, a download
    GET  /failures/compare/BEFORE/AFTER     two evaluations
    GET  /failures/report/ID                the report that was written last, a download
    POST /failures/open                     {"evaluation", "number", "step"?}: in the live view; the session's status
    POST /failures/take_over                the same, and the scene goes to that step, ready to take over
    GET  /failures/jobs                     how work that takes long is going, by name: see `Job.status`
    POST /failures/jobs/NAME                begin `evaluate`, `events`, `diagnose` or `report`; {"cancel"}; {"resume"}

What is refused comes as {"error": sentence} with status 400.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.background import BackgroundTask

from app import ROOT
from app.checkpoints import EVALUATIONS
from app.web.commands import Commands, whole_number
from app.web.jobs import Job, JobRefused
from app.web.library import answer, told
from app.web.sheet import sheet
from scenes.goals import FAMILIES

REPORTS: Final = "reports"
KEPT_FILMS: Final = 60
MAX_EPISODES: Final = 20_000
PERTURBATIONS: Final = ("camera", "light", "background", "noise", "layout", "start", "moved", "all")
SCHEDULES: Final = ("asynchronous", "sequential", "synchronous")


class Films:
    """Film strips that were drawn; one renderer, which lives in a thread of its own."""

    def __init__(self) -> None:
        self._films: OrderedDict[tuple[Path, str, int], list[Any]] = OrderedDict()
        self._drawer = ThreadPoolExecutor(1, "films")
        self._filming: Any = None

    def of(self, root: Path, id: str, number: int) -> list[Any]:
        """Frames of an episode."""
        return self._drawer.submit(self._film, root, id, number).result()

    def _film(self, root: Path, id: str, number: int) -> list[Any]:
        from diagnosis import page
        from diagnosis.film import Filming

        key = (root, id, number)
        if key not in self._films:
            self._filming = self._filming or Filming()
            self._films[key] = page.film(root, id, number, filming=self._filming)
            while len(self._films) > KEPT_FILMS:
                self._films.popitem(last=False)
        return self._films[key]


def make_failures_router(library: Path, commands: Commands, base: str) -> APIRouter:
    """The page and its endpoints.

    Args:
        library: whose folder `evaluations` is shown.
        commands: of the session, to show episodes in the live view.
        base: address of the page assets.
    """
    router = APIRouter()
    library = library.resolve()
    root = library / EVALUATIONS
    jobs = {name: Job(name) for name in ("evaluate", "events", "diagnose", "report")}
    films = Films()
    threading.Thread(target=_load, name="diagnosis", daemon=True).start()

    def found(find: Callable[[], Any]) -> Response:
        """What this room of the house says; its refusals are sentences."""
        from diagnosis.store import EvaluationError

        def refused() -> dict[str, Any]:
            try:
                said = find()
            except EvaluationError as error:
                return {"error": str(error)}
            return said if isinstance(said, dict) else {"found": said}

        return answer(refused)

    def states() -> dict[str, Any]:
        return {name: job.status() for name, job in jobs.items()}

    @router.get("/failures")
    def page_() -> HTMLResponse:
        return sheet("failures", "Failures", base)

    @router.get("/failures/evaluations")
    def evaluations() -> Response:
        from diagnosis import page

        listed = lambda: page.list_evaluations(root) if root.is_dir() else []  # noqa: E731
        return found(lambda: {"root": str(root), "evaluations": listed(), "jobs": states()})

    @router.get("/failures/matrix/{id}")
    def matrix(id: str) -> Response:
        from diagnosis import page
        from diagnosis.events import RULES

        def whole() -> dict[str, Any]:
            columns = page.matrix(root, _id(id))
            written = (library / REPORTS / f"{columns['evaluation']['id']}.html").is_file()
            return {**columns, "rules": RULES, "report": written}

        return found(whole)

    @router.get("/failures/episode/{id}/{number}")
    def episode(id: str, number: int) -> Response:
        from diagnosis import page

        return found(lambda: page.episode(root, _id(id), number))

    @router.get("/failures/film/{id}/{number}")
    def film(id: str, number: int) -> Response:
        return found(lambda: {"frames": films.of(root, _id(id), number)})

    @router.get("/failures/compare/{before}/{after}")
    def compare(before: str, after: str) -> Response:
        from diagnosis import page

        return found(lambda: page.compare(root, _id(before), _id(after)))

    @router.get("/failures/rerun/{id}/{number}")
    def rerun(id: str, number: int) -> Response:
        return _recording(f"{id}-{number}", ["rerun", id, "--episode", str(number)], root)

    @router.get("/failures/both/{before}/{after}/{seed}")
    def both(before: str, after: str, seed: int) -> Response:
        return _recording(f"{before}-{after}-{seed}", ["compare", before, after, "--seed", str(seed)], root)

    @router.get("/failures/report/{id}")
    def report(id: str) -> Response:
        path = library / REPORTS / f"{id}.html"
        if not id.isalnum() or not path.is_file():
            return PlainTextResponse("There is no such report yet: write it first.", 404)
        return FileResponse(path, filename=f"report-{id}.html", media_type="text/html")

    @router.post("/failures/open")
    async def show(request: Request) -> Response:
        asked = await told(request)
        return await run_in_threadpool(answer, lambda: _open(commands, root, asked))

    @router.post("/failures/take_over")
    async def take_over(request: Request) -> Response:
        asked = await told(request)

        def gone_back() -> dict[str, Any]:
            said = _open(commands, root, asked)
            return (
                said if "error" in said else commands.rewind("the failures page", asked.get("step"), said["looked"][0])
            )

        return await run_in_threadpool(answer, gone_back)

    @router.get("/failures/jobs")
    def work() -> Response:
        return answer(states)

    @router.post("/failures/jobs/{name}")
    async def begin(name: str, request: Request) -> Response:
        asked = await told(request)

        def begun() -> dict[str, Any]:
            if name not in jobs:
                raise JobRefused(f"There is nothing called {name!r} to do: choose {', '.join(jobs)}.")
            job = jobs[name]
            job.told(asked, lambda: job.begin(_WORDS[name](asked, library)))
            return states()

        return await run_in_threadpool(answer, begun)

    return router


def _load() -> None:
    """Now, in the background: the first page would wait for libraries otherwise."""
    from diagnosis import page  # noqa: F401


def _recording(name: str, words: list[str], root: Path) -> Response:
    """What `libra evaluations WORDS` writes for Rerun, as a download."""
    if not name.replace("-", "").isalnum():
        return PlainTextResponse("There is no such evaluation.", 404)
    folder = tempfile.TemporaryDirectory(prefix="libra-")
    path = Path(folder.name) / f"{name}.rrd"
    line = [sys.executable, "-m", "app.cli", "evaluations", *words, "--out", str(path), "--root", str(root.resolve())]
    done = subprocess.run(line, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode != 0 or not path.is_file():
        folder.cleanup()
        return PlainTextResponse(done.stderr.strip() or "There is no such recording.", 404)
    return FileResponse(path, filename=path.name, background=BackgroundTask(folder.cleanup))


def _open(commands: Commands, root: Path, asked: dict[str, Any]) -> dict[str, Any]:
    return commands.open_evaluated(str(root), _id(asked.get("evaluation")), asked.get("number"), asked.get("step"))


def _id(given: object) -> str:
    """Of an evaluation, and no way into another folder."""
    if not isinstance(given, str) or not given.isalnum():
        raise JobRefused("Choose an evaluation first.")
    return given


def _number(asked: dict[str, Any], name: str, default: int, low: int, high: int) -> str:
    number = whole_number(asked.get(name, default))
    if number is None or not low <= number <= high:
        raise JobRefused(f"{name.capitalize()} must be a whole number from {low} to {high}, such as {default}.")
    return str(number)


def _evaluate(asked: dict[str, Any], library: Path) -> list[str]:
    """An evaluation as it was filled in; what is kept already is not played again."""
    words = ["eval", "--keep", str(library / EVALUATIONS), "--workers", "1"]
    words += ["--episodes", _number(asked, "episodes", 100, 1, MAX_EPISODES)]
    words += ["--seed", _number(asked, "seed", 700_000, 0, 2**31 - 1)]
    words += ["--planner-delay", _number(asked, "delay", 1, 0, 200)]
    schedule, tasks = asked.get("schedule", SCHEDULES[0]), asked.get("tasks") or "all"
    if schedule not in SCHEDULES:
        raise JobRefused(f"There is no schedule {schedule!r}: choose {', '.join(SCHEDULES)}.")
    if not isinstance(tasks, str) or not {part.strip() for part in tasks.split(",")} <= {"all", *FAMILIES}:
        raise JobRefused(f"Name kinds of task with commas between, of {', '.join(FAMILIES)}, or all.")
    words += ["--schedule", schedule, "--tasks", ",".join(part.strip() for part in tasks.split(","))]
    if perturbation := asked.get("perturb"):
        if perturbation not in PERTURBATIONS:
            raise JobRefused(f"There is no perturbation {perturbation!r}: choose {', '.join(PERTURBATIONS)}.")
        words += ["--perturb", perturbation]
    if checkpoint := asked.get("checkpoint"):
        if not isinstance(checkpoint, str) or not (Path(checkpoint) / "config.json").is_file():
            raise JobRefused(f"There is no checkpoint at {checkpoint}: name its folder, or leave it empty.")
        words += ["--checkpoint", checkpoint]
    return words


def _events(asked: dict[str, Any], library: Path) -> list[str]:
    return ["evaluations", "events", _id(asked.get("evaluation")), "--root", str(library / EVALUATIONS)]


def _diagnose(asked: dict[str, Any], library: Path) -> list[str]:
    words = ["diagnose", _id(asked.get("evaluation")), "--root", str(library / EVALUATIONS), "--workers", "1"]
    numbers = asked.get("numbers")
    if numbers is None:
        return words
    if not isinstance(numbers, list) or not numbers or any(whole_number(each) is None for each in numbers):
        raise JobRefused("Say which episodes are meant: a list of their numbers.")
    words += ["--episode", *(str(whole_number(each)) for each in numbers)]
    return [*words, "--from", _number(asked, "from", 0, 0, 10**6)]


def _report(asked: dict[str, Any], library: Path) -> list[str]:
    id = _id(asked.get("evaluation"))
    folder = library / REPORTS
    folder.mkdir(parents=True, exist_ok=True)
    return ["report", id, "--out", str(folder / f"{id}.html"), "--root", str(library / EVALUATIONS)]


_WORDS: Final[dict[str, Callable[[dict[str, Any], Path], list[str]]]] = {
    "evaluate": _evaluate,
    "events": _events,
    "diagnose": _diagnose,
    "report": _report,
}
