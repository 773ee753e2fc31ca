"""When both systems were at work over the last seconds, in control steps: what the page's timing strip draws."""

from __future__ import annotations

from collections import deque
from typing import Final

from records import StepRecord

WINDOW: Final = 160
"""control steps"""

MAX_EVENTS: Final = 60
"""that a page is told of"""

Span = tuple[int, int]


class Timeline:
    """Gathers the calls of planner and refiner from the records of one episode."""

    def __init__(self) -> None:
        self._spans: dict[str, deque[Span]] = {"planner": deque(), "refiner": deque()}
        self._held: deque[int] = deque()
        self._human: list[list[int]] = []
        self._events: list[tuple[int, str]] = []

    def add(self, record: StepRecord) -> None:
        """One control step."""
        if record.intent is not None:
            self._add("planner", (record.intent.step, record.intent.ready_step))
        if record.chunk is not None:
            self._add("refiner", (record.chunk.step, record.chunk.start_step))
        if record.control_source == "hold":
            self._held.append(record.step)
        if record.control_source == "human" or record.pins is not None:
            if not self._human or self._human[-1][1] != record.step:
                self._human.append([record.step, record.step])
            self._human[-1][1] = record.step + 1
        self._events += [(record.step, event) for event in record.events][: MAX_EVENTS - len(self._events)]
        first = record.step - WINDOW
        for spans in self._spans.values():
            while spans and spans[0][1] < first:
                spans.popleft()
        while self._held and self._held[0] < first:
            self._held.popleft()

    def shown(self) -> dict[str, list[Span] | list[int]]:
        """`planner` and `refiner`: (step that the call saw, step at which its result came into use); `held` steps."""
        return {**{name: list(spans) for name, spans in self._spans.items()}, "held": list(self._held)}

    def human_spans(self) -> list[list[int]]:
        """[first, after the last] control steps of each stretch that a human drove or steered, of the whole episode."""
        return [list(span) for span in self._human]

    def event_marks(self) -> list[tuple[int, str]]:
        """What happened, with its control step, of the whole episode."""
        return list(self._events)

    def _add(self, name: str, span: Span) -> None:
        spans = self._spans[name]
        if not spans or spans[-1] != span:
            spans.append(span)
