"""Tables of the benches for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich import box
from rich.table import Table


def loops_tables(report: dict[str, Any]) -> Iterator[Table | str]:
    """What `libra bench loops` shows."""
    table = _table(
        "Two loops, three schedules, wall clock",
        ("schedule", "added\n(ms)", "steps", "% on\ntime", "late\nms", "real\ntime", "loops\nHz",
         "waits", "%\nheld", "stale"),
    )  # fmt: skip
    for row in report["loops"]:
        stale = row["staleness_steps"]
        table.add_row(
            row["schedule"],
            str(row["planner_latency_ms"]),
            str(row["steps"]),
            f"{100 * row['on_time']:.2f}",
            f"{row['jitter_ms']['p99']:.2f}",
            f"{row['real_time_factor']:.3f}",
            f"{row['planner_hz']:.1f} {row['refiner_hz']:.1f}",
            str(row["planner_waits"]),
            f"{100 * row['held_share']:.0f}",
            "–" if stale is None else f"{stale['p50']:.0f}",
        )
    yield table
    faster = report["faster"]
    if faster["times_faster"] is None:
        yield "No task was finished both asynchronously and synchronously."
    else:
        yield (
            f"At {faster['planner_latency_ms']} ms of planner latency, asynchronous finished the same "
            f"{faster['tasks']} tasks in {faster['asynchronous_s']:.1f} s, "
            f"synchronous in {faster['synchronous_s']:.1f} s: "
            f"{faster['times_faster']:.2f} times faster."
        )
    table = _table(
        "\nWhat watching costs (asynchronous, no added latency)",
        (
            "who watches",
            "steps",
            "lost",
            "on time\n(%)",
            "late p99\n(ms)",
            "work p50 / p99\n(ms)",
            "dropped for slow watchers",
        ),
    )
    for row in report["watching"]:
        dropped = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in row["dropped"].items() if count)
        table.add_row(
            row["watching"],
            str(row["steps"]),
            str(row["missing_steps"]),
            f"{100 * row['on_time']:.2f}",
            f"{row['jitter_ms']['p99']:.2f}",
            f"{row['step_ms']['p50']:.1f} / {row['step_ms']['p99']:.1f}",
            dropped or "nothing",
        )
    yield table


def hands_tables(report: dict[str, Any]) -> Iterator[Table | str]:
    """What `libra bench hands` shows."""
    table = _table("Hands on", ("what", "times", "reached"))

    def row(what: str, times: int, reached: str) -> None:
        table.add_row(what, str(times) if times else "", reached)

    def spread(ms: dict[str, float] | None) -> None:
        if ms:
            row("  milliseconds", 0, f"p50 {ms['p50']:.0f}, p95 {ms['p95']:.0f}, at most {ms['max']:.0f}")

    for name in ("stop", "take_over"):
        if held := report.get(name):
            what = f"{name.replace('_', '-')}: holds at the next step"
            row(what, held["times"], f"{held['held_at_next_step']} of {held['times']}")
            spread(held["ms"])
    if cut := report.get("dead_man"):
        row("connection cut: holds in 250 ms", cut["times"], f"{cut['within_250_ms']} of {cut['times']}")
        spread(cut["ms"])
    if back := report.get("rewind"):
        row("gone back: the state is the recorded one", back["times"], f"{back['bit_exact']} of {back['times']}")
        row("  steps that follow are the same", back["steps_after"], f"{back['same_steps']} of {back['steps_after']}")
    if operator := report.get("operator"):
        row("tasks by a scripted operator", operator["episodes"], f"{operator['successes']} of {operator['episodes']}")
        for family, each in operator["families"].items():
            row(f"  {family}", each["episodes"], f"{each['successes']} of {each['episodes']}")
    if pins := report.get("pins"):
        row("steps that agree with a pin", pins["steps"], f"{100 * pins['agree']:.1f} %")
        for name, bins in pins["bins"].items():
            each = ", ".join(f"{bin} {100 * share:.0f} %" for bin, share in sorted(bins.items()))
            row(f"  {name}, bin by bin", 0, each)
    yield table


def step_table(report: dict[str, Any]) -> Table:
    """What `libra bench step` shows."""
    table = _table(
        f"One control step, {report['steps']} times, one core", ("part", "p50", "p95", "p99", "in the cockpit")
    )
    for part, row in report["parts"].items():
        times = (f"{row[name]:.2f} ms" for name in ("p50_ms", "p95_ms", "p99_ms"))
        table.add_row(part, *times, row["where"])
    return table


def _table(title: str, columns: tuple[str, ...]) -> Table:
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 or column == columns[-1] else "right")
    return table
