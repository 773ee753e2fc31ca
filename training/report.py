"""Reports of an evaluation for people: a few lines for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


def lines(report: dict[str, Any]) -> Iterator[str]:
    """What the terminal shows of a report."""
    if "compared" in report:
        for side in report["compared"]:
            yield from _summary(side["name"], side)
        yield _change(report["paired"])
    elif "curves" in report:
        for curve in report["curves"]:
            yield curve["checkpoint"]
            for point in curve["points"]:
                yield f"  {point['planner_delay_steps']:3} steps late: {_rate(point)}; {_change(point['paired'])}"
    elif "moved" in report:
        for name, part in report["moved"].items():
            steps = part["reaction_steps"]
            seen = f", reacts after {steps['p50']:.0f} steps (95 % within {steps['p95']:.0f})" if steps else ""
            yield f"{name.replace('_', ' '):11} {_rate(part)}{seen}"
        calm = report["undisturbed"]
        yield f"{'nothing moved':11} {_rate(calm)}, {calm['false_alarms']} false alarms in {calm['intents']} intents"
        yield f"checks on against off: {_change(report['paired'])}"
    elif "perturbations" in report:
        for kind, part in report["perturbations"].items():
            yield f"{kind:11} {_rate(part)}"
        yield f"{'average':11} {_rate(report['average'])}"
    elif "phrases" in report:
        yield f"as phrased  {_rate(report['phrases'])}"
        yield f"canonical   {_rate(report['canonical'])}"
        if report["share_of_canonical"] is not None:
            yield f"{report['share_of_canonical']:.1%} of the canonical score; {_change(report['paired'])}"
        if report["left_out"]:
            yield f"{report['left_out']} phrases ask for other families and were left out"
        for entry in report["entries"]:
            if entry["successes"] < entry["episodes"]:
                yield f"  {entry['successes']} of {entry['episodes']}: “{entry['say']}” ({entry['task']})"
    elif "refused_impossible" in report:
        yield f"impossible  {_refused(report['refused_impossible'])}"
        for kind, part in report["refused_impossible"]["kinds"].items():
            yield f"  {kind:9} {_refused(part)}"
        yield f"possible    {_refused(report['refused_possible'])}"
    else:
        late = "" if report["checkpoint"] is None else f", planner {report['planner_delay_steps']} steps late"
        yield from _summary(report["schedule"] + late, report)
    factor = f", {report['real_time_factor']:.1f} times real time" if "real_time_factor" in report else ""
    yield f"{report['seconds']:.0f} s{factor}"
    if before := report.get("kept_before"):
        yield f"{before} episodes were kept before and not played again (--no-keep plays them)"
    for folder in dict.fromkeys(report.get("kept", ())):
        yield f"kept in {folder}"


def _summary(name: str, summary: dict[str, Any]) -> Iterator[str]:
    yield f"{_rate(summary)}, {name}"
    for family, part in summary["tasks"].items():
        yield f"  {family:6} {_rate(part)}"


def _rate(part: dict[str, Any]) -> str:
    return _share(part["successes"], part["episodes"], part["interval_95"])


def _refused(part: dict[str, Any]) -> str:
    return f"{_share(part['refused'], part['instructions'], part['interval_95'])} refused"


def _share(count: int, total: int, interval: Sequence[float]) -> str:
    low, high = interval
    return f"{count:4} of {total} ({count / max(total, 1):.1%}, 95 % interval {low:.1%} to {high:.1%})"


def _change(paired: dict[str, Any]) -> str:
    low, high = (100 * bound for bound in paired["interval_95"])
    return (
        f"{100 * paired['difference']:+.1f} points ({low:+.1f} to {high:+.1f}): {paired['fixed']} fixed, "
        f"{paired['broken']} broken, {paired['unchanged']} unchanged, McNemar p = {paired['mcnemar_p']:.2g}"
    )
