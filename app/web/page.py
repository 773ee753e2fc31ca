"""The page: what is on it and which command each control gives. Its looks and live parts are in `assets/web`."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence
from typing import Any, Final

import gradio as gr
import segno
from gradio.components import Component

from app import ROOT
from app.web.commands import MAX_LATENCY, SCHEDULES, Commands, Status
from app.web.endpoints import add_endpoints
from scenes.compose import WIDE_FOVY, WIDE_POSITION, WIDE_TARGET
from scenes.constants import WORKSPACE_HIGH, WORKSPACE_LOW

MARKUP: Final = ROOT / "assets" / "web"
# After every command the page shows the status that came back, at once, and the error sentence if there is one.
_SHOW_REPLY: Final = "(status) => { window.libra?.reply(status) }"


def build_page(commands: Commands, link: str | None = None) -> gr.Blocks:
    """The page of a cockpit and its named endpoints.

    Args:
        commands: what it may ask of the session.
        link: the address to share with others.
    """
    with gr.Blocks(title="Libra Cockpit", analytics_enabled=False, fill_width=True) as page:
        gr.HTML(_markup("topbar").replace("{share}", _share(link)), elem_id="topbar")
        gr.HTML(_markup("status"), elem_id="status")
        with gr.Row(elem_id="deck"):
            with gr.Column(elem_id="stage"):
                gr.HTML(_markup("live").replace("{camera}", _camera()), elem_id="live-view")
                gr.HTML(_markup("timeline"), elem_id="timeline")
                gr.HTML(_markup("timing"), elem_id="timing")
                _add_controls(page, commands)
            with gr.Column(elem_id="inspector"):
                _add_viewer()
                gr.HTML(_markup("steer"), elem_id="steer")
        add_endpoints(commands)
    return page


def _add_controls(page: gr.Blocks, commands: Commands) -> None:
    with gr.Row(elem_id="command"):
        instruction = gr.Textbox(
            label="Instruction",
            show_label=False,
            container=False,
            max_lines=1,
            placeholder="Tell the robot what to do; several things with ; between",
            elem_id="instruction",
        )
        run = gr.Button("Run", variant="primary", elem_id="run")
    gr.HTML(_markup("suggestions"), elem_id="suggestions")
    gr.HTML(_markup("operator"), elem_id="operator")
    with gr.Row(elem_id="controls"):
        with gr.Row(elem_classes="group"):
            pause = gr.Button("Pause", elem_id="pause")
            step = gr.Button("Step", elem_id="step")
            stop = gr.Button("Stop", variant="stop", elem_id="stop")
        with gr.Row(elem_classes="group"):
            seed = gr.Textbox(label="Scene", elem_id="seed", max_lines=1)
            reset = gr.Button("Reset", elem_id="reset")
            following = gr.Button("Next scene", elem_id="next-scene")
        with gr.Row(elem_classes="group"):
            schedule = gr.Radio(
                [(name.capitalize(), name) for name in SCHEDULES], label="Schedule", elem_id="schedule", value=None
            )
        with gr.Row(elem_classes="group"):
            latency = gr.Slider(0, MAX_LATENCY, value=0, step=10, label="Added planner latency", elem_id="latency")
    reply = gr.JSON(visible="hidden", elem_id="reply")

    def give(triggers: Sequence[Callable], command: Callable[..., Status], *inputs: Component) -> None:
        # Not queued: Stop must not wait behind anything.
        gr.on(
            triggers,
            command,
            list(inputs),
            reply,
            queue=False,
            show_progress="hidden",
            trigger_mode="always_last",
            api_name=f"page_{command.__name__}",
            api_visibility="private",
        ).then(None, reply, None, js=_SHOW_REPLY)

    give([run.click, instruction.submit], commands.run, instruction)
    give([pause.click], commands.pause)
    give([step.click], commands.step)
    give([stop.click], commands.stop)
    give([reset.click, seed.submit], commands.reset, seed)
    give([following.click], commands.next_scene)
    give([schedule.input], commands.schedule, schedule)
    give([latency.input], commands.latency, latency)

    def settings() -> tuple[Any, ...]:
        status = commands.status()
        return status.get("schedule"), status.get("planner_latency_ms") or 0, str(status.get("seed", ""))

    # The page clicks it when another page or program changed the settings that these controls show.
    refresh = gr.Button(visible="hidden", elem_id="refresh")
    gr.on(
        [page.load, refresh.click],
        settings,
        None,
        [schedule, latency, seed],
        queue=False,
        show_progress="hidden",
        trigger_mode="always_last",
        api_name="page_settings",
        api_visibility="private",
    )


def _add_viewer() -> None:
    with gr.Row(elem_id="inspector-bar"):
        gr.HTML(_markup("inspector"))
        toggle = gr.Button("Hide", elem_id="rerun-toggle", size="sm")
    with gr.Column(elem_id="rerun"):
        gr.HTML(_markup("viewer"))
    toggle.click(None, js="() => window.libra.toggleViewer()", api_visibility="private")


def _markup(name: str) -> str:
    return (MARKUP / f"{name}.html").read_text(encoding="utf-8")


def _share(link: str | None) -> str:
    """The button and what it opens; nothing where there is nothing to share."""
    if link is None:
        return ""
    code = segno.make(link, micro=False).svg_inline(omitsize=True, dark="#000", light="#fff")
    return _markup("share").replace("{link}", html.escape(link, quote=True)).replace("{code}", code)


def _camera() -> str:
    """Where the live view is seen from, for an HTML attribute: metres, robot base frame; degrees from bottom to top."""
    seen = {"position": WIDE_POSITION.tolist(), "target": WIDE_TARGET.tolist(), "fovy": WIDE_FOVY}
    seen |= {"low": WORKSPACE_LOW, "high": WORKSPACE_HIGH}
    return html.escape(json.dumps(seen), quote=True)
