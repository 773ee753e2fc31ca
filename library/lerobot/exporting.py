"""From a library to a data set: what is chosen, refused, left out and already there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from library.errors import LibraryError
from library.facts import steps_with_pictures
from library.lerobot.dataset import writing
from library.lerobot.frames import Redraw, frames_of
from library.store import Episode
from records.log import LogError


@dataclass
class Report:
    """What came of an export."""

    exported: int = 0
    there: int = 0
    """that were exported before"""
    changed: list[str] = field(default_factory=list)
    """those of them that were labelled or trimmed otherwise since"""
    unlabelled: list[str] = field(default_factory=list)
    """left out because nobody said how they ended"""
    refused: dict[str, str] = field(default_factory=dict)
    """id -> why it could not be exported"""
    episodes: int = 0
    """in the data set now"""
    frames: int = 0

    def to_dict(self) -> dict[str, Any]:
        """For machines."""
        return dict(self.__dict__)


def is_labelled(episode: Episode) -> bool:
    """Whether somebody or something said how it ended: not so when its record was cut off."""
    return episode.facts is not None and (episode.facts.whole or episode.edits.outcome is not None)


def _is_changed(episode: Episode, row: dict[str, Any]) -> bool:
    """Whether an episode has another outcome or other frames than when it was exported.

    Raises:
        LibraryError: it cannot be read any more.
    """
    if episode.outcome != row["libra/outcome"]:
        return True
    first, end = episode.span
    try:
        shown = [step for step in steps_with_pictures(episode.path) if first <= step < end]
    except (LogError, OSError) as error:
        raise LibraryError(str(error)) from error
    (first_there,), (last_there,) = row["stats/control_step/min"], row["stats/control_step/max"]
    return not shown or (shown[0], shown[-1]) != (first_there, last_there)


def export_episodes(
    episodes: Sequence[Episode], out: Path, skip_unlabelled: bool = False, quiet: bool = False
) -> Report:
    """Append episodes to a data set, which is made if need be; running it again goes on where it stopped.

    Raises:
        LibraryError: nothing to export, an episode without an outcome, or another data set; nothing is written.
    """
    report = Report()
    if not episodes:
        raise LibraryError("No episode is meant: see `libra library LIBRARY list` with the same options.")
    unlabelled = [each.id for each in episodes if each.facts is not None and not is_labelled(each)]
    if unlabelled and not skip_unlabelled:
        names = ", ".join(unlabelled[:3]) + (" and others" if len(unlabelled) > 3 else "")
        raise LibraryError(
            f"{len(unlabelled)} episodes have no outcome ({names}): label them, delete them, or add --skip-unlabelled."
        )
    report.unlabelled = unlabelled
    report.refused = {each.id: str(each.problem) for each in episodes if each.facts is None}
    chosen = [each for each in episodes if is_labelled(each)]
    if not chosen:
        raise LibraryError("None of the episodes has an outcome: label some of them first.")
    redraw = Redraw()
    with writing(out) as writer:
        for each in tqdm(chosen, desc="exporting", unit="episode", disable=quiet, dynamic_ncols=True):
            assert each.facts is not None
            try:
                if row := writer.known.get((each.id, each.facts.started)):
                    report.there += 1
                    if _is_changed(each, row):
                        report.changed.append(each.id)
                    continue
                frames = frames_of(each, redraw)
                writer.check(frames)
            except LibraryError as error:
                report.refused[each.id] = str(error)
                continue
            writer.add(frames)
            report.exported += 1
        writer.commit()
        report.episodes = len(writer.rows)
        report.frames = writer.rows[-1]["dataset_to_index"] if writer.rows else 0
    redraw.close()
    return report
