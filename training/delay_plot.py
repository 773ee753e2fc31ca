"""A picture of how success falls as intents grow old."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path
from typing import Any

from training.evaluate import CONTROL_STEP


def plot_delays(report: dict[str, Any], path: Path) -> None:
    """Draw the curves of `measures.delays`, with their 95 % intervals; the file's ending says in which format."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    for curve, marker in zip(report["curves"], cycle("os^D")):  # told apart without colour, too
        points = curve["points"]
        milliseconds = [1000 * CONTROL_STEP * point["planner_delay_steps"] for point in points]
        rates = [100 * point["successes"] / point["episodes"] for point in points]
        low, high = zip(*([100 * bound for bound in point["interval_95"]] for point in points), strict=True)
        (line,) = axes.plot(milliseconds, rates, marker=marker, label=Path(curve["checkpoint"]).name)
        axes.fill_between(milliseconds, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    axes.set(xlabel="planner delay (ms)", ylabel="success (%), with 95 % interval", ylim=(0, 101))
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left")
    figure.savefig(path, dpi=150)
