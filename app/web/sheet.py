"""Pages beside the cockpit: plain HTML in its looks, brought to life by a module of the same name."""

from __future__ import annotations

from typing import Final

from fastapi.responses import HTMLResponse

from app import ROOT

MARKUP: Final = ROOT / "assets" / "web"


def sheet(name: str, title: str, base: str) -> HTMLResponse:
    """A page of its own: `NAME.html` within the frame that all of them share.

    Args:
        name: of its markup and its module.
        title: as it is shown.
        base: address of the page assets.
    """
    frame, body = ((MARKUP / f"{each}.html").read_text(encoding="utf-8") for each in ("sheet", name))
    whole = frame.replace("{body}", body).replace("{title}", title).replace("{name}", name).replace("{base}", base)
    marked = whole.replace(f'href="/{name}"', f'href="/{name}" aria-current="page"')
    return HTMLResponse(marked, headers={"Cache-Control": "no-cache", "Referrer-Policy": "no-referrer"})
