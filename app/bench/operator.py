"""A scripted operator: drives through the page's own channel, as a person would, and knows what to do from the expert.

It looks into the episode's log for where things are: who drives by hand sees the scene, and this one sees it so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import orjson

from records import StepRecord
from records.tail import follow_episode
from scenes import TabletopEnv
from scenes.expert import expert_action

ANSWER_SECONDS: Final = 20.0
MAX_STEPS: Final = 300
"""control steps that a task may take"""


class Page:
    """What a page's script can do, over a live socket of its own.

    Args:
        address: `host:port` of the page.
    """

    def __init__(self, address: str) -> None:
        from websockets.sync.client import connect

        self._connecting: AbstractContextManager[Any] = connect(f"ws://{address}/live", max_size=None, compression=None)
        self.socket = self._connecting.__enter__()
        self.status: dict[str, Any] = {}
        self.name = ""
        self._number = 0
        while not self.name:
            self._hear()

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """A command, and the status that answers it.

        Raises:
            TimeoutError: no answer came.
        """
        self.socket.send(orjson.dumps({"do": command, **arguments}).decode())
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline:
            if (reply := self._hear()) is not None:
                return reply
        raise TimeoutError(f"The page got no answer to {command!r}.")

    def drive(self, action: Any) -> None:
        """One command for the arm, seven numbers."""
        self.socket.send(orjson.dumps({"drive": [float(each) for each in action], "n": self._number}).decode())
        self._number += 1

    def cut(self) -> None:
        """The connection is gone, without a word."""
        self.socket.socket.close()

    def close(self) -> None:
        """Leave."""
        self._connecting.__exit__(None, None, None)

    def _hear(self) -> dict[str, Any] | None:
        message = self.socket.recv(ANSWER_SECONDS)
        if isinstance(message, bytes):
            self.socket.send("shown")
            return None
        said = orjson.loads(message)
        self.name = said.get("you", self.name)
        return said.get("reply")


def teleoperate(page: Page, log: Callable[[str], Path], env: TabletopEnv, instruction: str) -> bool:
    """Do a task by hand in the present scene; whether it succeeded.

    Args:
        page: drives; the words are known to the session already, or are told to it by whoever calls.
        log: path of an episode's log.
        env: a scene of its own, in which the expert thinks.
        instruction: the task.
    """
    status = page.ask("take_over")
    if "error" in status:
        return False
    last: StepRecord | None = None
    done = 0
    for record in follow_episode(log(status["episode"])):
        last = record
        if record.outcome is not None:
            break
        if done > MAX_STEPS:
            page.ask("hand_back")
            return False
        if record.instruction != instruction:
            continue
        env.set_state(record.state)
        if env.goal is None:
            env.set_instruction(instruction)
            env.set_state(record.state)  # with the marks of the record
        assert env.goal is not None
        env.world.step(record.action)  # where things will be when the command arrives
        page.drive(expert_action(env.world, env.goal))
        done += 1
    return last is not None and last.outcome == "success"
