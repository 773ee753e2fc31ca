"""The named endpoints for `gradio_client`: every action of the page, the status object in return."""

from __future__ import annotations

from typing import Any

import gradio as gr

from app.tuning import FineTuning
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

    def take_over(request: gr.Request) -> dict[str, Any]:
        """You drive, from the next control step on."""
        return commands.take_over(_who(request))

    def hand_back(request: gr.Request) -> dict[str, Any]:
        """The policy drives again, from what it sees then."""
        return commands.hand_back(_who(request))

    def mark_failure(request: gr.Request, seconds: float = 2.0) -> dict[str, Any]:
        """The episode failed: it ends so, time goes back by so many seconds (such as 2), and you drive."""
        return commands.mark_failure(_who(request), seconds)

    def finish(outcome: str, request: gr.Request, instruction: str = "", seed: int = -1) -> dict[str, Any]:
        """The attempt is a "success" or a "failure": it is saved, and the next scene (or that of `seed`) begins.

        Without an instruction it is the same again, where the scene can do that, or one like it.
        """
        return commands.finish(_who(request), outcome, instruction, None if seed == -1 else seed)

    def ask(request: gr.Request) -> dict[str, Any]:
        """Ask whoever drives for the arm; they have 20 seconds to answer with `give` or `keep`."""
        return commands.ask(_who(request))

    def give(request: gr.Request) -> dict[str, Any]:
        """The arm to whoever asks for it, while you drive."""
        return commands.give(_who(request))

    def keep(request: gr.Request) -> dict[str, Any]:
        """You go on driving, and whoever asks for the arm is told."""
        return commands.keep(_who(request))

    def drive(command: list[float], request: gr.Request) -> dict[str, Any]:
        """One command, seven numbers in [-1, 1]: x, y, z, roll, pitch, yaw, gripper; 200 ms of silence is a hold."""
        return commands.drive(_who(request), command)

    def pin_tokens(pins: dict[str, int], steps: int) -> dict[str, Any]:
        """Steer the planner: {dimension: bin} for so many control steps, such as {"z": 9}, 20; {} lets go."""
        return commands.pin_tokens(pins, steps)

    def nudge(name: str, offset: list[float], request: gr.Request) -> dict[str, Any]:
        """Move an object by [dx, dy, dz] metres, or do something else to the world.

        `drop NAME` [x, y]; `light` [strength, x, y], 1 is as it was; `camera` [x, y, z, across, up, roll] in metres and
        radians; `push` [x, y, z, steps] in newtons on the hand.
        """
        return commands.nudge(_who(request), name, offset)

    def rewind(step: int, request: gr.Request) -> dict[str, Any]:
        """Scene and policy as they were before a control step of the newest episode."""
        return commands.rewind(_who(request), step)

    def branch(point: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        """Go on as a new episode from {step, driver, episode?, instruction?, schedule?, planner_latency_ms?, pins?}."""
        return commands.branch(point, _who(request))

    def episodes() -> Status:
        """The status, with `episodes`: what this session recorded."""
        return commands.episodes()

    if commands.tuning is not None:
        _add_tuning(commands.tuning)
    session = (run, pause, step, stop, reset, status, schedule, latency, episodes)
    for endpoint in (
        *session,
        take_over,
        hand_back,
        mark_failure,
        finish,
        ask,
        give,
        keep,
        drive,
        pin_tokens,
        nudge,
        rewind,
        branch,
    ):
        gr.api(endpoint, api_name=endpoint.__name__, queue=False)


def _add_tuning(tuning: FineTuning) -> None:
    def finetune(name: str = "finetuned", task: str = "", starred: bool = False) -> dict[str, Any]:
        """Make the checkpoint of that name from episodes in which a human drove, or go on making it."""
        return tuning.start(name, task, starred)

    def finetune_status() -> dict[str, Any]:
        """How far that is: state, fraction, seconds_left, stages, message."""
        return tuning.status()

    def finetune_cancel() -> dict[str, Any]:
        """Stop it; `finetune` with the same name goes on later."""
        return tuning.cancel()

    for endpoint in (finetune, finetune_status, finetune_cancel):
        gr.api(endpoint, api_name=endpoint.__name__, queue=False)


def _who(request: gr.Request) -> str:
    """A client is who holds the arm for as long as it lives."""
    return f"client {request.session_hash}"
