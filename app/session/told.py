"""What the next record is to tell: what went wrong, what happened, what was done to the world."""

from __future__ import annotations

import time

from records import StepRecord

EVENT_SECONDS = 3.0
"""for which an event is the status message"""


class Told:
    """Gathered between two control steps, handed over with the next record."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        """sentences; at the step of the next record the arm holds"""
        self.notes: list[str] = []
        """sentences that are no reason to hold"""
        self.nudges: list[tuple[str, tuple[float, ...]]] = []
        """what was done to the world by hand"""
        self._event: tuple[float, str] = (0.0, "")

    @property
    def event(self) -> str | None:
        """The newest event, as long as it is fresh."""
        at, sentence = self._event
        return sentence if time.monotonic() - at < EVENT_SECONDS else None

    def hand_over(self, record: StepRecord, faults: bool = True) -> None:
        """Everything to a record; `faults` stay where it is not them that it is about."""
        record.events += (*(self.faults if faults else ()), *self.notes)
        record.nudges = tuple(self.nudges)
        self.notes.clear()
        self.nudges.clear()
        if faults:
            self.faults.clear()

    def happened(self, record: StepRecord) -> None:
        """The record's events are the newest ones."""
        for event in record.events:
            self._event = (time.monotonic(), event)

    def begin(self) -> None:
        """An episode begins: what went wrong before it is no matter of its."""
        self._event = (0.0, "")
        self.faults.clear()
