"""The library page and its endpoints.

    GET  /library                  the page
    GET  /library/episodes         the list, see `Shelf.listed`
    GET  /library/strip/ID         film strip, JPEG
    GET  /library/file/KIND/ID     its log (`log`) or Rerun recording (`rrd`)
    POST /library/change           {"do", "episodes", ...}, see `Shelf.change`
    POST /library/open             {"episode", "step"?}: in the live view; the session's status
    POST /library/play             {"on", "speed"?}: the same
    GET  /library/export           how the export is going, see `Job.status`
    POST /library/export           {"episodes", "name", "skip_unlabelled"?}; {"resume": true}; {"cancel": true}
    GET  /library/finetune         how fine-tuning is going, see `FineTuning.status`
    POST /library/finetune         {"name", "task"?, "starred"?}; {"cancel": true}
    GET  /library/checkpoints      those that were made here, see `app.checkpoints`, and how a comparison is going
    POST /library/compare          {"name"}, with its parent on the same episodes; {"resume": true}; {"cancel": true}

What is refused comes as {"error": sentence} with status 400.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

from app.checkpoints import UnknownCheckpoint, comparison, made
from app.tuning import FineTuning
from app.web.commands import Commands, plain
from app.web.jobs import Job, JobRefused
from app.web.sheet import sheet
from app.web.shelf import Shelf, ids_text
from library.edits import check_name
from library.errors import LibraryError
from library.strip import strip
from records.log import SUFFIX

EXPORTS: Final = "exports"
"""folder within the library for data sets"""
KINDS: Final = {"log": SUFFIX, "rrd": ".rrd"}


def make_library_router(shelf: Shelf, commands: Commands, base: str) -> APIRouter:
    """The page and its endpoints.

    Args:
        shelf: the library.
        commands: of the session, to show episodes in the live view.
        base: address of the page assets.
    """
    router = APIRouter()
    export, compare = Job("export"), Comparing()

    @router.get("/library")
    def page() -> HTMLResponse:
        return sheet("library", "Library", base)

    @router.get("/library/episodes")
    def episodes() -> Response:
        return answer(shelf.listed)

    @router.get("/library/strip/{name:path}")
    def film(name: str) -> Response:
        try:
            picture = strip(shelf.root, shelf.find(name, also_deleted=True).path)
        except (LibraryError, OSError) as error:
            return PlainTextResponse(str(error), 404)
        return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})

    @router.get("/library/file/{kind}/{name:path}")
    def file(kind: str, name: str) -> Response:
        if kind not in KINDS:
            return PlainTextResponse(f"There is nothing called {kind!r}; ask for {' or '.join(KINDS)}.", 404)
        try:
            path = shelf.find(name, also_deleted=True).path.with_suffix(KINDS[kind])
        except LibraryError as error:
            return PlainTextResponse(str(error), 404)
        if not path.is_file():
            return PlainTextResponse(f"{name} has no such file.", 404)
        return FileResponse(path, filename=f"{name.replace('/', '-')}{path.suffix}")

    @router.post("/library/change")
    async def change(request: Request) -> Response:
        asked = await told(request)
        return await run_in_threadpool(answer, lambda: shelf.change(asked))

    @router.post("/library/open")
    async def show(request: Request) -> Response:
        asked = await told(request)

        def opened() -> dict[str, Any]:
            episode = shelf.find(str(asked.get("episode")))
            if episode.facts is None:
                raise LibraryError(str(episode.problem))
            return commands.open(str(episode.path), episode.id, asked.get("step"))

        return await run_in_threadpool(answer, opened)

    @router.post("/library/play")
    async def play(request: Request) -> Response:
        asked = await told(request)
        return await run_in_threadpool(answer, lambda: commands.play(asked.get("on", True), asked.get("speed", 1)))

    @router.get("/library/export")
    def exporting() -> Response:
        return answer(export.status)

    @router.post("/library/export")
    async def begin_export(request: Request) -> Response:
        asked = await told(request)

        def begin() -> None:
            names = [shelf.find(str(each)).id for each in asked.get("episodes") or ()]
            name = check_name(str(asked.get("name") or ""))
            if not names or not name:
                raise LibraryError("Select some episodes first." if not names else "Give the data set a name.")
            words = ["export", str(shelf.root.resolve()), str(shelf.root.resolve() / EXPORTS / name), "--ids", "-"]
            skip = ["--skip-unlabelled"] if asked.get("skip_unlabelled") else []
            export.begin([*words, *skip], ids_text(names))

        def begun() -> dict[str, Any]:
            export.told(asked, begin)
            return export.status()

        return await run_in_threadpool(answer, begun)

    @router.get("/library/finetune")
    def tuning() -> Response:
        return answer(lambda: _tuning(commands).status())

    @router.post("/library/finetune")
    async def tune(request: Request) -> Response:
        asked = await told(request)

        def begun() -> dict[str, Any]:
            if asked.get("cancel"):
                return _tuning(commands).cancel()
            return _tuning(commands).start(asked.get("name"), asked.get("task", ""), bool(asked.get("starred")))

        return await run_in_threadpool(answer, begun)

    @router.get("/library/checkpoints")
    def checkpoints() -> Response:
        return answer(lambda: {"checkpoints": made(shelf.root.resolve()), "compare": compare.status()})

    @router.post("/library/compare")
    async def begin_compare(request: Request) -> Response:
        asked = await told(request)

        def begun() -> dict[str, Any]:
            compare.told(asked, lambda: compare.compare(shelf.root.resolve(), str(asked.get("name") or "")))
            return compare.status()

        return await run_in_threadpool(answer, begun)

    return router


class Comparing(Job):
    """A checkpoint beside its parent; what was played before a cancel is not played again."""

    def __init__(self) -> None:
        super().__init__("comparison")
        self._name = ""

    def compare(self, library: Path, name: str) -> None:
        """Begin.

        Raises:
            UnknownCheckpoint: there is nothing to compare.
            JobRefused: one is at work.
        """
        self.begin(comparison(library, name))
        self._name = name

    def status(self) -> dict[str, Any]:
        """As of a job, and the `name` of the checkpoint."""
        return {**super().status(), "name": self._name}


def _tuning(commands: Commands) -> FineTuning:
    if commands.tuning is None:
        raise JobRefused("This cockpit makes no checkpoints: use `libra finetune`.")
    return commands.tuning


async def told(request: Request) -> dict[str, Any]:
    """The JSON object that came with a request; an empty one if none did."""
    try:
        asked = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        return {}
    return asked if isinstance(asked, dict) else {}


def answer(do: Callable[[], dict[str, Any]]) -> Response:
    """What came of it as JSON; status 400 where it was refused."""
    try:
        said = do()
    except (LibraryError, JobRefused, UnknownCheckpoint) as error:
        said = {"error": str(error)}
    except OSError as error:
        said = {"error": f"The disk refused it ({error.strerror or error})."}
    status = 400 if "error" in said else 200
    return Response(orjson.dumps(plain(said)), status, media_type="application/json", headers=NO_STORE)


NO_STORE: Final = {"Cache-Control": "no-store"}
