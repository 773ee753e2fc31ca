"""`libra evaluations`: what was kept of every evaluation, what happened in it, and what differs between two."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from diagnosis.commands import add_root, answer, whole_number

NAME = "evaluations"
HELP = "list, show, compare and replay evaluations that were kept"
EXAMPLES = """\
  libra evaluations list
  libra evaluations show latest                       # outcomes, failures, events
  libra evaluations show 3f9a --episode 17            # what happened in one episode
  libra evaluations events latest --rules             # how often what happened, and what each word means
  libra evaluations events runs/episode.arrow         # of an episode that the cockpit recorded
  libra evaluations compare 3f9a 81c2                 # fixed, broken, unchanged, McNemar
  libra evaluations compare 3f9a 81c2 --out both.rrd --seed 700012     # both episodes side by side
  libra evaluations rerun 3f9a --episode 17 --out episode.rrd
  libra evaluations check 3f9a                        # make every state again, bit for bit"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    commands = parser.add_subparsers(dest="what", required=True, metavar="{list,show,events,compare,rerun,check}")
    listing = commands.add_parser("list", help="every evaluation, the newest first")
    show = commands.add_parser("show", help="one evaluation, or one of its episodes")
    events = commands.add_parser("events", help="what happened, counted; also in one episode log")
    events.add_argument("--rules", action="store_true", help="say what each kind of event means")
    compare = commands.add_parser("compare", help="two on the same episodes")
    compare.add_argument("--out", type=Path, metavar="FILE", help="an .rrd with the episode of --seed from both")
    compare.add_argument("--seed", type=whole_number, help="of the scene (default: the first that was fixed or broken)")
    rerun = commands.add_parser("rerun", help="one episode as a file for any Rerun viewer")
    rerun.add_argument("--out", type=Path, required=True, metavar="FILE", help="an .rrd")
    check = commands.add_parser("check", help="make states again and compare them, bit for bit")
    for part in (show, events, compare, rerun, check):
        part.add_argument("id", metavar="EVALUATION", help="its id or the beginning of it, or `latest`")
    compare.add_argument("other", metavar="OTHER", help="the second one")
    for part in (show, rerun, check):
        part.add_argument("--episode", type=whole_number, help="its number", required=part is rerun)
    for part in (listing, show, events, compare, rerun, check):
        add_root(part)


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    find, show = _ACTIONS[arguments.what]
    is_checked = arguments.what == "check"
    return answer(
        f"{NAME} {arguments.what}", arguments, lambda: find(arguments), show,
        lambda found: not (is_checked and found["problems"]),
    )  # fmt: skip


def _list(arguments: argparse.Namespace) -> Any:
    from diagnosis import page

    return page.list_evaluations(arguments.root)


def _show_list(rows: Any) -> None:
    if not rows:
        print("No evaluation was kept yet: `libra eval` makes one.")
    for row in rows:
        share = f"{row['successes']} of {row['done']}"
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(row["created"]))
        state = "" if row["state"] == "complete" else f"  ({row['state']}: {row['done']} of {row['episodes']})"
        print(f"{row['id']}  {when}  {share:>14}  {row['title']}{state}")
        if row["state"] == "unreadable":
            print(f"    {row['problem']}")


def _show(arguments: argparse.Namespace) -> Any:
    from diagnosis import page

    if arguments.episode is not None:
        return page.episode(arguments.root, arguments.id, arguments.episode)
    page.find_events(arguments.root, arguments.id, progress_line("reading"))
    return page.matrix(arguments.root, arguments.id)


def _show_it(found: Any) -> None:
    _show_episode(found) if "events" in found else _show_matrix(found)


def _show_matrix(matrix: Any) -> None:
    row, columns = matrix["evaluation"], matrix["columns"]
    low, high = row["interval_95"]
    share = row["successes"] / max(row["done"], 1)
    print(f"{row['id']}  {row['title']}\n{row['command']}")
    print(f"{row['successes']} of {row['done']} succeeded ({share:.1%}, 95 % interval {low:.1%} to {high:.1%})")
    if row["problem"]:
        print(row["problem"])
    failed = [i for i, outcome in enumerate(columns["outcome"]) if matrix["outcomes"][outcome] != "success"]
    if not failed:
        print("Nothing failed: there is nothing to diagnose. More episodes, a perturbation or a delay may find more.")
        return
    print("\nfailures, the closest to success first")
    for i in sorted(failed, key=lambda each: columns["closest"][each]):
        kinds = [kind for bit, kind in enumerate(matrix["event_kinds"]) if columns["events"][i] >> bit & 1]
        cause = "" if columns["cause"][i] < 0 else f"  → {matrix['causes'][columns['cause'][i]]}"
        print(
            f"  {columns['number'][i]:5}  seed {columns['seed'][i]}  {matrix['families'][columns['family'][i]]:6} "
            f"{matrix['targets'][columns['target'][i]]:15} {100 * columns['closest'][i]:5.1f} cm  "
            f"{', '.join(kinds)}{cause}"
        )
    print(f"\nWhy: libra diagnose {row['id']}")


def _show_episode(detail: Any) -> None:
    print(f"{detail['evaluation']} episode {detail['number']}, seed {detail['seed']}: “{detail['instruction']}”")
    if detail["instruction"] != detail["canonical"]:
        print(f"that is: {detail['canonical']}")
    print(f"{detail['outcome']} after {detail['steps']} steps, {100 * detail['closest']:.1f} cm were missing at best")
    for event in detail["events"]:
        print(f"  {event['step']:4}  {event['kind']:16} {event['sentence']}")
    if detail["verdict"]:
        print(f"{detail['verdict']['cause']}: {detail['verdict']['sentence']}")
    if detail["problem"]:
        print(detail["problem"])
    print("", *(f"{name:9} {line}" for name, line in detail["commands"].items()), sep="\n")


def _events(arguments: argparse.Namespace) -> Any:
    from diagnosis import page
    from diagnosis.events import RULES
    from diagnosis.store import as_row

    is_log = arguments.id.endswith(".arrow")
    if is_log:
        from diagnosis.from_log import events_of_log

        found = {0: [as_row(event) for event in events_of_log(Path(arguments.id))]}
    else:
        found = page.find_events(arguments.root, arguments.id, progress_line("reading"))
    counted = Counter(event["kind"] for events in found.values() for event in events)
    within = Counter(kind for events in found.values() for kind in {event["kind"] for event in events})
    return {
        "episodes": len(found),
        "events": {kind: {"count": counted[kind], "episodes": within[kind]} for kind in RULES},
        "rules": RULES if arguments.rules else {},
        "found": found[0] if is_log else [],
    }


def _show_events(found: Any) -> None:
    for event in found["found"]:
        print(f"{event['step']:5}  {event['kind']:16} {event['sentence']}")
    for kind, part in found["events"].items():
        print(f"{part['count']:5} in {part['episodes']:4} of {found['episodes']} episodes  {kind}")
        if kind in found["rules"]:
            print(f"      {found['rules'][kind]}")


def _compare(arguments: argparse.Namespace) -> Any:
    from diagnosis import page

    found = dict(page.compare(arguments.root, arguments.id, arguments.other))
    if arguments.out is not None:
        from diagnosis.recordings import both_to_rerun

        found["recording"] = both_to_rerun(
            arguments.root, arguments.id, arguments.other, arguments.seed, arguments.out, page.compare
        )
    return found


def _show_comparison(found: Any) -> None:
    paired = found["paired"]
    low, high = (100 * bound for bound in paired["interval_95"])
    print(f"before  {found['before']['title']}\nafter   {found['after']['title']}")
    print(
        f"{found['pairs']} pairs: {len(found['fixed'])} fixed, {len(found['broken'])} broken, {found['unchanged']} "
        f"unchanged; {100 * paired['difference']:+.1f} points ({low:+.1f} to {high:+.1f}), McNemar p = "
        f"{paired['mcnemar_p']:.2g}"
    )
    for name, part in found["families"].items():
        print(f"  {name:6} {part['fixed']} fixed, {part['broken']} broken, {part['unchanged']} unchanged")
    for word in ("fixed", "broken"):
        if found[word]:
            print(f"{word}: episodes " + ", ".join(f"{one}" for one, _ in found[word]))
    for line in filter(None, (found["problem"], found.get("recording"))):
        print(line)


def _rerun(arguments: argparse.Namespace) -> Any:
    from diagnosis.recordings import to_rerun

    path = to_rerun(arguments.root, arguments.id, arguments.episode, arguments.out)
    return {"recording": str(path)}


def _check(arguments: argparse.Namespace) -> Any:
    from diagnosis.checking import check

    numbers = None if arguments.episode is None else [arguments.episode]
    return check(arguments.root, arguments.id, numbers, progress_line("checking"))


def _show_check(found: Any) -> None:
    print(f"{found['exact']} of {found['episodes']} episodes again, bit for bit ({found['steps']} states)")
    for number, problem in found["problems"].items():
        print(f"  {number}: {problem}")


def progress_line(label: str) -> Any:
    """A line on the terminal with the time left, for what takes longer than two seconds."""
    began = time.monotonic()

    def tell(done: int, total: int) -> None:
        spent = time.monotonic() - began
        if spent > 2 and sys.stderr.isatty():
            left = spent / done * (total - done)
            print(f"\r{label} {done} of {total}, {left:.0f} s left ", end="" if done < total else "\n", file=sys.stderr)

    return tell


_ACTIONS = {
    "list": (_list, _show_list),
    "show": (_show, _show_it),
    "events": (_events, _show_events),
    "compare": (_compare, _show_comparison),
    "rerun": (_rerun, lambda found: print(f"{found['recording']} opens in any Rerun viewer.")),
    "check": (_check, _show_check),
}
