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
PATIENCE: Final = 120
"""control steps that a policy has before it counts as failing: the expert needs 70 to 100 for most tasks"""


class Page:
    """What a page's script can do, over a live socket of its own.

    Args:
        address: `host:port` of the page.
        sees: whether it takes the pictures; who does not costs nothing after the first few.
    """

    def __init__(self, address: str, sees: bool = True) -> None:
        from websockets.sync.client import connect

        # Who drives for long reads nothing meanwhile: a bounded queue would stop the answers to pings as well.
        self._connecting: AbstractContextManager[Any] = connect(
            f"ws://{address}/live", max_size=None, max_queue=None, compression=None
        )
        self.socket = self._connecting.__enter__()
        self.status: dict[str, Any] = {}
        """that came last, five times a second"""
        self.name = ""
        self._sees, self._number, self._heard = sees, 0, 0
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

    def hear_status(self) -> dict[str, Any]:
        """The next status that is told to everybody."""
        heard = self._heard
        while self._heard == heard:
            self._hear()
        return self.status

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
            if self._sees:
                self.socket.send("shown")
            return None
        said = orjson.loads(message)
        self.name = said.get("you", self.name)
        if "state" in said:
            self.status, self._heard = said, self._heard + 1
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


class Supervisor:
    """Watches a policy at work; when it does not get there, marks the failure, puts it right by hand, and goes on.

    Args:
        page: drives, and speaks the operator's protocol.
        call: a command to the session that no page gives by its live channel: reset and run.
        log: path of an episode's log.
        patience: control steps that the policy has.
    """

    def __init__(
        self, page: Page, call: Callable[..., dict[str, Any]], log: Callable[[str], Path], patience: int = PATIENCE
    ) -> None:
        self._page, self._call, self._log, self._patience = page, call, log, patience
        self._env = TabletopEnv()
        self.count = {"by_policy": 0, "corrected": 0, "failed": 0}
        self._begun = False
        self._outcome = "success"

    def work(self, seed: int, instruction: str) -> dict[str, int]:
        """One scene, until its task is done by the policy or by hand; the counts until now."""
        if not self._begun:
            self._call("reset", seed=seed)
            self._call("run", instruction=instruction)
            self._begun = True
        outcome = "success"
        if self._watch():
            self.count["by_policy"] += 1
        else:
            self._page.ask("mark_failure")
            self._env.reset(seed=seed)
            done = teleoperate(self._page, self._log, self._env, instruction)
            self.count["corrected" if done else "failed"] += 1
            outcome = "success" if done else "failure"
        self._outcome = outcome
        return self.count

    def go_on(self, seed: int, instruction: str) -> None:
        """Finish this attempt; the next scene begins."""
        status = self._page.ask("finish", outcome=self._outcome, seed=seed, instruction=instruction)
        if "error" in status:  # there is no page to press a button once more
            self._begun = False

    def close(self) -> None:
        """The last attempt is saved with the next scene."""
        self._call("reset", seed=0)
        self._env.close()

    def _watch(self) -> bool:
        """Whether the policy does it alone."""
        status = self._call("status")
        if status["episode"] is None:
            return False
        for record in follow_episode(self._log(status["episode"])):
            if record.outcome is not None:
                return record.outcome == "success"
            if record.step >= self._patience:
                return False
        return False
