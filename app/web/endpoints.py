"""The named endpoints for `gradio_client`: every action of the page, the status object in return."""

from __future__ import annotations

from typing import Any

import gradio as gr

from app.web.commands import Commands, Status


def add_endpoints(commands: Commands) -> None:
    """Add them to the `gr.Blocks` that is being built. Not queued: each answers at once."""

    def run(instruction: str) -> dict[str, Any]:
        """New episode, or new words for the running one."""
        return commands.run(instruction)

    def pause() -> dict[str, Any]:
        """Freeze simulated time, or go on."""
        return commands.pause()

    def step() -> dict[str, Any]:
        """One control step while paused."""
        return commands.step()

    def stop() -> dict[str, Any]:
        """The arm holds from the next control step on."""
        return commands.stop()

    def reset(seed: int) -> dict[str, Any]:
        """The scene of a seed, without an instruction."""
        return commands.reset(seed)

    def status() -> dict[str, Any]:
        """How things are."""
        return commands.status()

    def schedule(name: str) -> dict[str, Any]:
        """synchronous, sequential or asynchronous."""
        return commands.schedule(name)

    def latency(milliseconds: int) -> dict[str, Any]:
        """Added to every planner call, 0 to 1000 ms."""
        return commands.latency(milliseconds)

    def episodes() -> Status:
        """The status, with `episodes`: what this session recorded."""
        return commands.episodes()

    for endpoint in (run, pause, step, stop, reset, status, schedule, latency, episodes):
        gr.api(endpoint, api_name=endpoint.__name__, queue=False)
