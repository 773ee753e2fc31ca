"""The web process's side of the session: commands in, status out."""

from __future__ import annotations

from typing import Any


class SessionClient:
    """Thread-safe; every call returns at once with the status as a dict, `{"error": sentence, **status}` if refused."""

    def call(self, command: str, timeout: float = 5.0, **arguments: Any) -> dict[str, Any]:
        """`reset(seed)`, `run(instruction)`, `pause`, `step`, `stop`, `status`, `set_schedule(name)`,
        `set_planner_latency(ms)`."""
        raise NotImplementedError
