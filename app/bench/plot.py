"""Pictures of `libra bench loops` (what a slow planner and watching cost), and of how pinned bins are followed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from records import CONTROL_PERIOD

COLORS: Final = {"asynchronous": "#2a78d6", "sequential": "#eda100", "synchronous": "#e34948"}
GREY: Final = "#6b6b6b"


def plot_loops(report: dict[str, Any], path: Path) -> None:
    """Draw the report; the file's ending says in which format."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.0, 7.2), layout="constrained")
    holds, stale, tasks, watching = figure.subplots(2, 2).ravel()
    title = "Two loops in wall clock: what a slow planner does to each schedule, and what watching costs"
    figure.suptitle(title, fontweight="bold")
    for schedule, color in COLORS.items():
        rows = [row for row in report["loops"] if row["schedule"] == schedule]
        at = [row["planner_latency_ms"] for row in rows]
        holds.plot(at, [100 * row["held_share"] for row in rows], "o-", color=color, label=schedule)
        ages = [1e3 * CONTROL_PERIOD * (row["staleness_steps"] or {"p50": float("nan")})["p50"] for row in rows]
        stale.plot(at, ages, "o-", color=color, label=schedule)
    holds.set(title="Time for which the arm stands still", ylabel="% of control steps", ylim=(-3, 103))
    stale.set(title="Age of the intent that is carried out (median)", ylabel="ms", ylim=(0, None))
    for axes in (holds, stale):
        axes.set_xlabel("added planner latency (ms)")
        axes.legend(frameon=False)
    _tasks(tasks, report)
    _watching(watching, report["watching"])
    for axes in (holds, stale, tasks, watching):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.2)
    figure.savefig(path, dpi=150)


def plot_pins(report: dict[str, Any], path: Path) -> None:
    """Draw how often the motion agrees in sign with a pinned bin, for every bin of every direction."""
    from matplotlib.figure import Figure

    pins = report["pins"]
    figure = Figure(figsize=(9.0, 3.2), layout="constrained")
    figure.suptitle(
        f"Pinned tokens: motion agrees in sign in {100 * pins['agree']:.1f} % of {pins['steps']} steps "
        "(bins next to zero aside)",
        fontweight="bold",
    )
    panels = figure.subplots(1, len(pins["bins"]), sharey=True, squeeze=False).flat
    for axes, (name, bins) in zip(panels, pins["bins"].items(), strict=True):
        numbers = sorted(int(each) for each in bins)
        shares = [100 * (bins[each] if each in bins else bins[str(each)]) for each in numbers]
        colors = ["#b9b9b9" if each in (4, 5) else "#2a78d6" for each in numbers]
        axes.bar(numbers, shares, color=colors)
        axes.axhline(95, color="black", linestyle=":")
        axes.set(title=name, xlabel="pinned bin", xticks=numbers, ylim=(0, 103))
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("% of steps")
    figure.savefig(path, dpi=150)


def _tasks(axes: Any, report: dict[str, Any]) -> None:
    faster = report["faster"]
    names = ("asynchronous", "synchronous")
    seconds = [faster[f"{name}_s"] / max(1, faster["tasks"]) for name in names]
    bars = axes.barh(names, seconds, color=[COLORS[name] for name in names])
    axes.bar_label(bars, [f" {each:.1f} s" for each in seconds])
    axes.invert_yaxis()
    times = "" if faster["times_faster"] is None else f": {faster['times_faster']:.1f} times faster"
    axes.set(
        title=f"Wall time per finished task at {faster['planner_latency_ms']} ms of latency{times}",
        xlabel=f"seconds, mean of the same {faster['tasks']} tasks",
        xlim=(0, 1.15 * max(seconds, default=1) or 1),
    )


def _watching(axes: Any, rows: list[dict[str, Any]]) -> None:
    names = ["\n".join(row["watching"].split(", ")) for row in rows]
    late = [row["step_ms"]["p99"] for row in rows]
    bars = axes.barh(names, late, color=GREY)
    axes.barh(names, [row["step_ms"]["p50"] for row in rows], color="#b9b9b9")
    axes.bar_label(bars, [f" {each:.1f} ms" for each in late])
    axes.axvline(1e3 * CONTROL_PERIOD, color="black", linestyle=":")
    axes.text(1e3 * CONTROL_PERIOD, len(rows) - 0.45, "a control step has 50 ms ", ha="right", fontsize="small")
    axes.invert_yaxis()
    axes.set(
        title="Control loop: work per step, by who watches",
        xlabel="ms: median (light), 99th percentile (dark)",
        xlim=(0, 1.1 * max([1e3 * CONTROL_PERIOD, *late])),
    )
