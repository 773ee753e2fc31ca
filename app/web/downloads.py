"""Files of the running episode, taken as they are at this moment: they may still be growing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response, StreamingResponse

from app.web.commands import CockpitLike

KINDS: Final = {"rrd": ("Rerun recording", ".rrd"), "log": ("log", ".arrow")}
_BLOCK: Final = 1 << 20


def make_router(cockpit: CockpitLike) -> APIRouter:
    """`GET /download/rrd` and `GET /download/log`: of the running episode, or of the last one."""
    router = APIRouter()

    @router.get("/download/{kind}")
    def download(kind: str) -> Response:
        if kind not in KINDS:
            return PlainTextResponse(f"There is nothing called {kind!r}; ask for {' or '.join(KINDS)}.", 404)
        name, suffix = KINDS[kind]
        files = [path for path in cockpit.episode_files() if path.suffix == suffix and path.is_file()]
        if not files:
            return PlainTextResponse(f"There is no {name} yet: run an instruction first.", 404)
        return _as_it_is(files[-1])

    return router


def _as_it_is(path: Path) -> Response:
    # The length is fixed now: a file that grows while it is sent would break the answer's Content-Length.
    size = path.stat().st_size
    return StreamingResponse(
        _first_bytes(path, size),
        media_type="application/octet-stream",
        headers={"Content-Length": str(size), "Content-Disposition": f'attachment; filename="{path.name}"'},
    )


def _first_bytes(path: Path, size: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        while size > 0 and (block := file.read(min(_BLOCK, size))):
            size -= len(block)
            yield block
