"""The page of the Rerun viewer, which the cockpit's page holds in a frame.

The viewer draws in the thread of the page that it is in. Where no graphics card draws, one picture of it takes longer
than ten of the live view, and a click on Stop would wait for it. So it has a page of its own, and asks the browser to
run that one in a process of its own (`ISOLATION`); a browser that does not know how, or does not trust the connection,
runs both in one.
"""

from __future__ import annotations

from typing import Final

import gradio as gr
from gradio_rerun import Rerun
from gradio_rerun.events import TimeUpdate
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.commands import Commands, Status
from viz.paths import episode_of

PATH: Final = "/rerun"
ISOLATION: Final = ("Document-Isolation-Policy", "isolate-and-credentialless")
"""asks for a process of its own for a page (https://wicg.github.io/document-isolation-policy)"""
_PANELS: Final = {"top": "hidden", "blueprint": "hidden", "selection": "hidden"}


class Framing:
    """ASGI middleware that says who may hold our pages in a frame (we alone), and how the viewer's is to be run there.

    Args:
        app: what serves the pages.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or connection."""

        async def send_framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = "frame-ancestors 'self'"
                if scope["path"] == f"{PATH}/":
                    headers[ISOLATION[0]] = ISOLATION[1]
            await send(message)

        await self._app(scope, receive, send_framed if scope["type"] == "http" else send)


def build_inspector(commands: Commands, rerun_url: str | None) -> gr.Blocks:
    """The page of the viewer.

    Args:
        commands: what it may ask of the session.
        rerun_url: where the viewer finds its stream; None: where the page came from.
    """
    with gr.Blocks(title="Rerun", analytics_enabled=False, fill_width=True) as page:
        viewer = Rerun(
            rerun_url, height="100%", container=False, show_label=False, panel_states=_PANELS, elem_id="viewer"
        )
        if rerun_url is None:  # only the browser knows by which address it came
            where = "() => ({ value: [window.libra.streamAddress()], __type__: 'update' })"
            page.load(None, None, viewer, js=where, api_visibility="private")

        def look_at_cursor(moved: TimeUpdate) -> Status:
            return commands.look(round(moved.payload.time), episode_of(moved.payload.recording_id))

        reply = gr.JSON(visible="hidden")
        # While the viewer follows what happens it says so with every picture: only a person's hand on it comes through.
        viewer.time_update(
            look_at_cursor,
            None,
            reply,
            js="() => window.libra.cursorMoved()",
            queue=False,
            show_progress="hidden",
            trigger_mode="always_last",
            api_visibility="private",
        ).then(None, reply, None, js="(status) => { window.libra.reply(status) }")
    return page
