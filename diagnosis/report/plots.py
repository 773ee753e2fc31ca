"""Plots of a report as inline SVG: they take their colours from the page, and say with shapes what colours say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from diagnosis.contract import EventRow, Matrix

_CELL, _GAP, _NAMES = 14, 2, 76
_PER_ROW = 56
"""cells in a row of the matrix"""
_WIDTH = 900
_LEFT = 128
"""where the line of time begins, right of the events' names"""


def matrix_plot(matrix: Matrix) -> str:
    """Families x episodes: filled squares succeeded, crosses failed, rings were refused."""
    columns = matrix["columns"]
    parts, y = [], 0
    for family_index, family in enumerate(matrix["families"]):
        cells = [i for i, each in enumerate(columns["family"]) if each == family_index]
        won = sum(matrix["outcomes"][columns["outcome"][i]] == "success" for i in cells)
        parts.append(f'<text x="0" y="{y + 11}">{escape(family)}</text>')
        for place, i in enumerate(cells):
            x, top = _NAMES + (place % _PER_ROW) * (_CELL + _GAP), y + place // _PER_ROW * (_CELL + _GAP)
            outcome = matrix["outcomes"][columns["outcome"][i]]
            says = f"episode {columns['number'][i]}, seed {columns['seed'][i]}: {outcome}"
            link = outcome != "success"
            drawn = f"<g><title>{escape(says)}</title>{_mark(outcome, x, top)}</g>"
            parts.append(f'<a href="#episode-{columns["number"][i]}">{drawn}</a>' if link else drawn)
        rows = max(1, -(-len(cells) // _PER_ROW))
        right = _NAMES + min(len(cells), _PER_ROW) * (_CELL + _GAP) + 8
        parts.append(f'<text class="faint" x="{right}" y="{y + 11}">{won} of {len(cells)}</text>')
        y += rows * (_CELL + _GAP) + 6
    width = _NAMES + _PER_ROW * (_CELL + _GAP) + 90
    return _svg(width, max(y, 20), "outcome of every episode", parts)


def _mark(outcome: str, x: int, y: int) -> str:
    if outcome == "success":
        return f'<rect class="success" x="{x + 2}" y="{y + 2}" width="{_CELL - 4}" height="{_CELL - 4}" rx="2"/>'
    a, b = x + 2, x + _CELL - 2
    c, d = y + 2, y + _CELL - 2
    if outcome == "refused":
        middle = f'cx="{x + _CELL / 2}" cy="{y + _CELL / 2}" r="{_CELL / 2 - 3}"'
        return f'<circle {middle} fill="none" stroke="var(--refused)" stroke-width="3"/>'
    return (
        f'<path d="M{a} {c}L{b} {d}M{b} {c}L{a} {d}" stroke="var(--failure)" stroke-width="3" stroke-linecap="round"/>'
    )


def bars(counted: Mapping[str, int], unit: str) -> str:
    """One bar a word, the longest first."""
    rows = sorted(((count, word) for word, count in counted.items() if count), reverse=True)
    most = max((count for count, _ in rows), default=1)
    parts = []
    for row, (count, word) in enumerate(rows):
        y, length = row * 24, max(3, 240 * count / most)
        parts.append(f'<text x="0" y="{y + 15}">{escape(word)}</text>')
        parts.append(f'<rect class="bar" x="140" y="{y + 3}" width="{length:.0f}" height="16" rx="3"/>')
        parts.append(f'<text class="faint" x="{140 + length + 8:.0f}" y="{y + 15}">{count}</text>')
    return _svg(430, max(24 * len(rows), 4), unit, parts)


def timeline(steps: int, events: Sequence[EventRow], shown: Sequence[int], missing: Sequence[float]) -> str:
    """An episode's events over its control steps, with how far it still was from success."""
    last = max(steps, 1)

    def at(step: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - 8) * step / last

    kinds = list(dict.fromkeys(event["kind"] for event in events))
    low = 64 + 20 * len(kinds)
    most = max([*missing, 0.05])
    path = " ".join(f"{at(i):.1f},{56 - 36 * value / most:.1f}" for i, value in enumerate(missing))
    parts = [f'<text class="faint" x="{_LEFT}" y="12">missing to success, at most {100 * most:.0f} cm</text>']
    parts.append(f'<polyline class="near" stroke-width="2" points="{path}"/>')
    for row, kind in enumerate(kinds):
        y = 62 + 20 * row
        parts.append(f'<rect class="track" x="{_LEFT}" y="{y}" width="{_WIDTH - _LEFT - 8}" height="14" rx="3"/>')
        for event in (each for each in events if each["kind"] == kind):
            x, until = at(event["step"]), at(max(event["until"], event["step"] + last / 180))
            says = escape(f"step {event['step']}: {event['sentence']}")
            parts.append(
                f'<g><title>{says}</title><rect class="event" x="{x:.1f}" y="{y}" width="{max(until - x, 4):.1f}" '
                f'height="14" rx="3"/></g>'
            )
        parts.append(f'<text x="0" y="{y + 11.5}">{escape(kind)}</text>')
    for step in shown:
        x = at(min(step, last))
        parts.append(f'<path class="shown-mark" d="M{x - 5:.1f} {low}l5 -8l5 8z"/>')
    step = 20 if last <= 120 else 40
    for tick in range(0, last + 1, step):
        parts.append(
            f'<text class="faint" x="{at(tick):.1f}" y="{low + 16}" text-anchor="middle">{tick / 20:g} s</text>'
        )
    return _svg(_WIDTH, low + 20, "what happened when", parts)


def _svg(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" role="img" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )
