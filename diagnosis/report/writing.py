"""The report of an evaluation: one HTML file that asks nobody for anything, and Rerun files beside it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from diagnosis import page
from diagnosis.contract import EpisodeDetail, Matrix
from diagnosis.film import Filming, choose_steps
from diagnosis.report.plots import bars, matrix_plot, timeline
from diagnosis.store import EvaluationError, Progress
from library.files import write_whole
from training.closeness import missing
from training.intervals import wilson

STYLE = Path(__file__).with_name("style.css")
MOST = 20
"""failures that are shown in detail without being asked for"""


def write_report(
    root: Path,
    id: str,
    out: Path,
    numbers: Sequence[int] | None = None,
    recordings: Sequence[int] = (),
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Write the report and the Rerun files of some episodes beside it; what was written.

    Args:
        root: of evaluations.
        id: of this one.
        out: the HTML file.
        numbers: episodes to show in detail, None for the failures that came closest to success.
        recordings: episodes to write as .rrd files.
        progress: is told how many of how many episodes are drawn.

    Raises:
        EvaluationError: there is no such evaluation or episode, or a file cannot be written.
    """
    page.find_events(root, id)
    matrix = page.matrix(root, id)
    failed = closest_first(matrix)
    chosen = list(numbers) if numbers is not None else failed[:MOST]
    details = [page.episode(root, id, number) for number in chosen]
    folder = out.with_name(out.stem + "-recordings")
    files = {number: folder / f"episode-{number}.rrd" for number in recordings}
    filming, sections, unmade = Filming(), [], {}
    total = len(details) + len(files)
    for done, (number, path) in enumerate(files.items()):
        from diagnosis.recordings import to_rerun

        try:
            to_rerun(root, id, number, path)
        except EvaluationError as error:
            unmade[number] = str(error)  # on another machine states may differ: the report says what there is
        if progress is not None:
            progress(done + 1, total)
    files = {number: path for number, path in files.items() if number not in unmade}
    stale = sorted(path for path in folder.glob("episode-*.rrd") if path not in files.values())
    replaced = out.is_file()
    try:
        for done, detail in enumerate(details, start=total - len(details)):
            file = files.get(detail["number"])
            sections.append("".join(_episode(root, detail, filming, f"{folder.name}/{file.name}" if file else None)))
            if progress is not None:
                progress(done + 1, total)
    finally:
        filming.close()
    try:
        write_whole(out, "".join(_html(matrix, sections, len(failed) - len(sections))).encode())
    except OSError as error:
        raise EvaluationError(f"{out} cannot be written ({error.strerror}): name another file with --out.") from error
    if replaced:
        for path in stale:  # the report that spoke of them is gone
            path.unlink(missing_ok=True)
    return {
        "report": str(out),
        "replaced": replaced,
        "bytes": out.stat().st_size,
        "episodes": chosen,
        "recordings": [str(path) for path in files.values()],
        "not_recorded": {str(number): problem for number, problem in unmade.items()},
    }


def closest_first(matrix: Matrix) -> list[int]:
    """Numbers of the failures, the closest to success first."""
    columns = matrix["columns"]
    failed = [i for i, outcome in enumerate(columns["outcome"]) if matrix["outcomes"][outcome] != "success"]
    return [columns["number"][i] for i in sorted(failed, key=lambda each: columns["closest"][each])]


def _html(matrix: Matrix, sections: Sequence[str], left_out: int) -> Iterator[str]:
    row, columns = matrix["evaluation"], matrix["columns"]
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(row['title'])}: {row['successes']} of {row['done']}</title>"
    yield f"<style>{STYLE.read_text()}</style></head><body>"
    yield f"<h1>{row['successes']} of {row['done']} succeeded</h1>"
    when = time.strftime("%d %B %Y, %H:%M", time.localtime(row["created"]))
    yield f'<p class="faint">{escape(row["title"])} · {when} · evaluation {row["id"]}</p>'
    if row["problem"]:
        yield f'<p class="notice">{escape(row["problem"])}</p>'
    low, high = row["interval_95"]
    failed = row["done"] - row["successes"]
    judged = sum(cause >= 0 for cause in columns["cause"])
    figures = [
        (f"{row['successes'] / max(row['done'], 1):.1%}", f"success, 95 % interval {low:.1%} to {high:.1%}"),
        (str(failed), "failure" if failed == 1 else "failures"),
        (str(judged), "of them with a verdict"),
    ]
    yield '<div class="figures">'
    for number, words in figures:
        yield f'<div class="figure"><b>{number}</b><span class="faint">{words}</span></div>'
    yield "</div><h2>Every episode</h2>"
    yield matrix_plot(matrix)
    yield '<p class="faint">■ succeeded, ✕ failed, ○ refused. A click leads to a failure that is shown below.</p>'
    yield from _tasks(matrix)
    yield '<div class="two"><div><h2>Who is to blame</h2>'
    causes = Counter(matrix["causes"][cause] for cause in columns["cause"] if cause >= 0)
    yield (
        bars(causes, "failures by cause")
        if causes
        else f"<p>No verdict yet: <code>libra diagnose {row['id']}</code></p>"
    )
    yield "</div><div><h2>What happened in failures</h2>"
    happened = Counter(
        kind
        for i, mask in enumerate(columns["events"])
        if matrix["outcomes"][columns["outcome"][i]] != "success" and mask > 0
        for bit, kind in enumerate(matrix["event_kinds"])
        if mask >> bit & 1
    )
    yield bars(happened, "failures with an event") if happened else "<p>Nothing.</p>"
    yield "</div></div><h2>Failures</h2>"
    if not failed:
        yield "<p>Nothing failed. A perturbation, a delay or more episodes may find something.</p>"
    elif left_out > 0:
        yield f'<p class="faint">The {len(sections)} that came closest to success; {left_out} more are not shown.</p>'
    yield from sections
    yield "<h2>The same again</h2><pre>"
    yield escape(f"{row['command']}\nlibra diagnose {row['id']}\nlibra report {row['id']} --out report.html")
    yield "</pre><table>"
    state = {"same": "", "changed": " (it has other weights now)", "gone": " (it is gone)", "expert": ""}
    facts = {
        "commit": row["commit"] or "unknown",
        "checkpoint": (row["checkpoint"] or "the scripted expert") + state[row["checkpoint_state"]],
        "weights": row["fingerprint"] or "none",
        "schedule": row["schedule"],
        "planner": "" if row["planner_delay"] is None else f"{row['planner_delay']} control steps late",
        "injected fault": row["inject"] or "none",
    }
    for name, value in facts.items():
        if not value:
            continue
        yield f"<tr><th>{name}</th><td>{escape(value)}</td></tr>"
    yield "</table></body></html>\n"


def _tasks(matrix: Matrix) -> Iterator[str]:
    """Every task's success with its interval."""
    columns = matrix["columns"]
    yield "<table><tr><th>task</th><th>succeeded</th><th>rate</th><th>95 % interval</th></tr>"
    for index, family in enumerate(matrix["families"]):
        mine = [i for i, each in enumerate(columns["family"]) if each == index]
        won = sum(matrix["outcomes"][columns["outcome"][i]] == "success" for i in mine)
        low, high = wilson(won, len(mine))
        yield f"<tr><td>{escape(family)}</td><td>{won} of {len(mine)}</td><td>{won / max(len(mine), 1):.1%}</td>"
        yield f"<td>{low:.1%} to {high:.1%}</td></tr>"
    yield "</table>"


def _episode(root: Path, detail: EpisodeDetail, filming: Filming, recording: str | None) -> Iterator[str]:
    number, verdict, events = detail["number"], detail["verdict"], detail["events"]
    yield f'<section class="failure" id="episode-{number}"><header><h3>“{escape(detail["instruction"])}”</h3>'
    yield f'<span class="faint">episode {number} · seed {detail["seed"]} · {detail["outcome"]} after '
    yield f"{detail['steps'] / 20:.1f} s · {100 * detail['closest']:.1f} cm missing at best</span></header>"
    if detail["instruction"] != detail["canonical"]:
        yield f'<p class="faint">that is: {escape(detail["canonical"])}</p>'
    if verdict:
        yield f'<div class="verdict"><b>{escape(verdict["cause"])}</b>{escape(verdict["sentence"])}</div>'
    else:
        yield f'<p class="faint">No verdict yet: <code>{escape(detail["commands"]["why"])}</code></p>'
    shown = verdict["frames"] if verdict else []
    task, trace = page.episode_trace(root, detail["evaluation"], number)
    try:
        captions = {event["step"]: f"{event['step'] / 20:.1f} s: {event['kind']}" for event in events}
        captions |= {step: f"{step / 20:.1f} s: shows the verdict" for step in shown}
        steps = choose_steps(trace.steps, events, shown)
        names = {step: captions.get(step, f"{step / 20:.1f} s") for step in steps}
        yield '<div class="film">'
        for frame in filming.film(task, trace, steps, names):
            mark = ' class="shown"' if frame["step"] in shown else ""
            yield f'<figure{mark}><img alt="{escape(frame["caption"])}" src="{frame["image"]}">'
            yield f"<figcaption>{escape(frame['caption'])}</figcaption></figure>"
        yield "</div>"
    except EvaluationError as error:
        yield f'</div><p class="notice">{escape(str(error))}</p>'
    yield timeline(trace.steps, events, shown, missing(trace, task.goal).tolist())
    if events:
        yield "<details><summary>Events</summary><table><tr><th>step</th><th>event</th><th>evidence</th></tr>"
        for event in events:
            yield f"<tr><td>{event['step']}</td><td>{escape(event['kind'])}</td>"
            yield f"<td>{escape(event['sentence'])}</td></tr>"
        yield "</table></details>"
    if verdict:
        yield "<details><summary>Counterfactual replays</summary><table><tr><th>with</th><th>succeeds</th></tr>"
        for replay in verdict["replays"]:
            yield f"<tr><td>{escape(replay['label'])}</td><td>{replay['rescued']} of {replay['runs']}</td></tr>"
        yield "</table></details>"
    yield f"<pre>{escape(detail['commands']['why'])}"
    if recording is not None:
        yield escape(f"\nrerun {recording}")
    yield "</pre>"
    if recording is not None:
        yield f'<p><a href="{escape(recording)}" download>{escape(recording)}</a>: the episode for a Rerun viewer</p>'
    yield "</section>"
