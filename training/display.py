"""What a person sees of stages that run: one line of all, and the bars of each."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from training.curves import Curves
from training.progress import Progress
from training.runner import Job

LINE_EVERY = 30.0
"""seconds between two lines of progress where there is no terminal to draw on"""


@contextmanager
def display(curves: Curves | None = None) -> Iterator[Callable[[Progress, list[Job]], None]]:
    """A line of overall progress above the bars of what runs; without a terminal, a line now and then."""
    console = Console(stderr=True)
    shown: tuple[float, list[str]] = (0.0, [])

    with Live(console=console, auto_refresh=False, transient=True) as live:

        def show(progress: Progress, jobs: list[Job]) -> None:
            nonlocal shown
            if curves is not None and (problem := curves.problem()):
                console.print(Text(problem))
            names = [job.stage.name for job in jobs]
            if console.is_terminal:
                bars = [f"  {job.stage.name}: {job.bar or job.said}"[: console.width] for job in jobs]
                live.update(Text("\n".join([progress.line(), *bars])), refresh=True)
            elif names != shown[1] or time.monotonic() - shown[0] > LINE_EVERY:
                shown = (time.monotonic(), names)
                print(progress.line(), file=sys.stderr, flush=True)

        yield show
