"""Measure the library and the failures page in a real browser: how fast they open, filter and begin to replay.

    python scripts/make_library.py /tmp/many --episodes 1000
    python scripts/make_evaluation.py /tmp/many/evaluations --episodes 5000
    libra eval --expert --episodes 20 --tasks pick --keep /tmp/many/evaluations
    libra demo --library /tmp/many            # in another terminal
    python scripts/measure_pages.py http://127.0.0.1:7860/ --json pages.json

The first visit lets the library be read (1,000 new logs take a minute or so) and is not measured.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "e2e")]

from steps import FLAGS, rerun_in  # noqa: E402

from app.browser import find_browser  # noqa: E402

_FILTER = """async ([place, value, list]) => {
  const began = performance.now();
  const element = document.querySelector(place);
  element.value = value;
  element.dispatchEvent(new Event(element.tagName === "SELECT" ? "change" : "input"));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return [performance.now() - began, Number(document.querySelector(list).dataset.count)];
}"""


def opened(page: Page, address: str, ready: str) -> float:
    """Milliseconds from the request until what the page is for is there."""
    began = time.perf_counter()
    page.goto(address)
    page.wait_for_selector(ready)
    return 1e3 * (time.perf_counter() - began)


def filtered(page: Page, place: str, values: list[str], shown: str) -> list[float]:
    """Milliseconds from a change of a filter until the picture after it."""
    return [page.evaluate(_FILTER, [place, value, shown])[0] for value in values * 3]


def summary(values: list[float]) -> dict[str, float]:
    """Of milliseconds."""
    return {"median_ms": round(statistics.median(values), 1), "worst_ms": round(max(values), 1), "times": len(values)}


def measure(page: Page, address: str, times: int) -> dict[str, Any]:
    """Both pages."""
    page.goto(f"{address}library")
    page.wait_for_selector("#episodes .row", timeout=120_000)
    library = {
        "episodes": int(page.get_attribute("#episodes", "data-count") or 0),
        "opens": summary([opened(page, f"{address}library", "#episodes .row") for _ in range(times)]),
        "filter": summary(filtered(page, "#search", ["drawer", "cube red", ""], "#episodes")),
        "outcome": summary(filtered(page, "#filter-outcome", ["failure", "success", ""], "#episodes")),
    }
    page.goto(f"{address}failures")
    page.wait_for_selector("#matrix[data-count]", timeout=120_000)
    largest = page.evaluate("""() => {
      const of = (option) => Number(/of (\\d+)/.exec(option.text)?.[1] ?? 0);
      return [...document.querySelector("#evaluation").options].sort((a, b) => of(b) - of(a)).map((each) => each.value);
    }""")
    failures: dict[str, Any] = {
        "opens": summary(
            [opened(page, f"{address}failures?{n}#{largest[0]}", "#matrix[data-count]") for n in range(times)]
        ),
        "episodes": int(page.get_attribute("#matrix", "data-count") or 0),
        "filter": summary(filtered(page, "#filter-outcome", ["failure", "success", ""], "#matrix")),
        "sort": summary(filtered(page, "#sort", ["closest", "steps", "seed"], "#matrix")),
    }
    if len(largest) > 1:
        page.goto(f"{address}failures?replay#{largest[-1]}")
        page.wait_for_selector("#matrix[data-count]")
        took = []
        for number in range(min(times, int(page.get_attribute("#matrix", "data-count") or 0))):
            took.append(page.evaluate(
                "async (i) => { const began = performance.now(); const { player, data } = window.failures;"
                "await player.open('/failures/open', { evaluation: data.evaluation.id, number: data.columns.number[i],"
                " step: 0 }, { plays: true });"
                "const first = player.at; while (player.at === first && performance.now() - began < 10000)"
                " await new Promise((go) => setTimeout(go, 5)); return performance.now() - began; }",
                number,
            ))  # fmt: skip
            page.evaluate("window.failures.player.view.ask({ do: 'play', on: false })")
        failures["replay_starts"] = summary(took)
    return {"library": library, "failures": failures}


_SHOWN = """() => {
  const { inspector } = window.libra, seen = inspector.seen.bind(inspector);
  window.shown = [];
  inspector.seen = (meta) => { shown.push([performance.timeOrigin + performance.now(), meta.step]); seen(meta); };
}"""
_PICTURES = """() => {
  window.pictures = [];
  const epoch = performance.timeOrigin;
  libra.viewer.onPicture = ({ began, drawn, cursor }) => pictures.push([epoch + began, epoch + drawn, cursor]);
}"""
_CURSOR = "() => window.libra?.viewer?.cursor ?? -1"
_LOOK = "(step) => window.libra.view.ask({ do: 'look', step, episode: window.libra.inspector.facts.looked[0] })"


def together(page: Page, address: str, shown: dict[str, Any], times: int) -> dict[str, Any]:
    """The cockpit's timeline and the Rerun viewer in it: how long until both are at a step, how far apart in play."""
    page.goto(address)
    ask = "(body) => fetch('/failures/open', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })"
    page.evaluate(f"async (body) => {{ await ({ask})(body); }}", json.dumps(shown))
    page.wait_for_function("() => window.libra?.inspector.facts?.looked", timeout=180_000)
    rerun = rerun_in(page)
    page.evaluate(_SHOWN)

    def both_at(step: int) -> None:
        page.wait_for_function("(step) => window.shown.at(-1)?.[1] === step", arg=step)
        rerun.wait_for_function(f"(step) => ({_CURSOR})() === step", arg=step)

    page.evaluate(_LOOK, 1)
    both_at(1)
    took = []
    for number in range(times):
        step = (37 * number) % 60
        began = time.perf_counter()
        page.evaluate(_LOOK, step)
        both_at(step)
        took.append(1e3 * (time.perf_counter() - began))
    page.evaluate(_LOOK, 0)
    page.wait_for_timeout(1000)
    page.evaluate("window.shown = window.shown.slice(-1)")
    rerun.evaluate(_PICTURES)
    page.evaluate("window.libra.view.ask({ do: 'play', on: true, speed: 1 })")
    page.wait_for_timeout(6000)
    pictures = rerun.evaluate("pictures")
    page.evaluate("window.libra.view.ask({ do: 'play', on: false })")
    page.wait_for_timeout(2000)
    shown_at = page.evaluate("window.shown")
    apart = [abs(_shown(shown_at, began) - cursor) for began, _, cursor in pictures]
    late = [_shown(shown_at, drawn) - cursor for _, drawn, cursor in pictures]
    between = [after - before for (_, before, _), (_, after, _) in pairwise(pictures)]
    first, last = pictures[0][0], pictures[-1][1]
    frames = [time for time, _ in shown_at if first <= time <= last]
    return {
        "both_at_a_step_that_is_looked_at": summary(took),
        "pictures_of_rerun_in_play": {
            "steps_apart_median": statistics.median(apart),
            "steps_apart_worst": max(apart),
            "share_within_one": round(sum(each <= 1 for each in apart) / len(apart), 3),
            "between_two": summary(between),
            "to_draw_one": summary([drawn - began for began, drawn, _ in pictures]),
            "steps_that_went_by_while_it_was_drawn_median": statistics.median(late),
        },
        "frames_of_the_live_view_per_second_in_play": round(1e3 * len(frames) / (last - first), 1),
        "steps_apart_when_halted": abs(shown_at[-1][1] - rerun.evaluate(_CURSOR)),
    }


def _shown(frames: list[tuple[float, int]], at: float) -> int:
    """The step that the live view showed at a time (milliseconds since the epoch)."""
    return [step for time, step in frames if time <= at][-1]


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address", nargs="?", default="http://127.0.0.1:7860/")
    parser.add_argument("--times", type=int, default=10, help="that each is measured (default 10)")
    parser.add_argument(
        "--episode",
        metavar="EVALUATION/NUMBER",
        help="with which page and Rerun are compared: one of more than 60 steps",
    )
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found = find_browser()
    if found is None:
        print("There is no browser: `make test` installs one.", file=sys.stderr)
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(found[0]), args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        address = given.address.rstrip("/") + "/"
        report = measure(page, address, given.times)
        if given.episode:
            evaluation, number = given.episode.split("/")
            shown = {"evaluation": evaluation, "number": int(number)}
            report["rerun"] = together(page, address, shown, given.times)
        browser.close()
    print(json.dumps(report, indent=1))
    if given.json:
        given.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
