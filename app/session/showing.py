"""Commands that show a recorded step in the live view: of this run, of the library, of an evaluation; and play on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from app.session.episode import Episode
from app.session.player import grows
from app.session.protocol import CommandError, check_step
from app.session.reader import Work, environment, read_in_background
from app.session.recalled import IsBusy, Recalled, recall_log
from scenes.canvas import PictureLost

if TYPE_CHECKING:
    from app.session.driver import PolicyDriver
    from app.session.session import Session


class Showing:
    """All of them are refused while something moves: the live view then shows what happens now.

    Args:
        session: whose live view.
    """

    def __init__(self, session: Session) -> None:
        self.session = session

    def look(self, step: int, episode: str | None) -> None:
        """Show a recorded step, while nothing moves there."""
        self._require_rest()
        session = self.session
        found, record = session.journal.find(episode, step)
        session.settling = 0
        session.player.show(found, record)

    def open(self, path: Path, name: object, step: object) -> None:
        """Show an episode that lies on disk, from a control step or its first on; it may then be gone back to."""
        self._require_rest()
        known = name if isinstance(name, str) and name else path.stem
        self._recalled(path, lambda size, is_busy: recall_log(path, known, size, is_busy), step)

    def prepare(self) -> None:
        """See `Session.prepare`."""
        read_in_background(self._load())

    def _load(self) -> Work:
        while self.session.moving:
            yield False
        import diagnosis.recordings
        import diagnosis.store  # noqa: F401

        with contextlib.suppress(PictureLost), environment():  # whoever opens an episode is told why nothing is drawn
            yield True

    def open_evaluated(self, root: object, evaluation: object, number: int, step: object) -> None:
        """The same for an episode of a kept evaluation."""
        self._require_rest()
        if not isinstance(root, str | Path) or not isinstance(evaluation, str) or not evaluation:
            raise CommandError("Name the folder of evaluations and one of them, such as runs/evaluations and 3f9a.")
        from app.session.evaluated import recall_evaluated

        folder = Path(root)
        self._recalled(
            folder / evaluation / str(number),
            lambda size, is_busy: recall_evaluated(folder, evaluation, number, size, is_busy),
            step,
        )

    def play(self, on: object, speed: float) -> None:
        """Play what is looked at from there on, again from its beginning at its end; or stay there."""
        session = self.session
        if not on:
            session.player.stop()
            return
        self._require_rest()
        if session.player.looked is not None:
            found, record = session.journal.find(*session.player.looked)
            step = record.step
        elif session.episode is not None and session.episode.records:
            found = session.episode
            step = found.records[-1].step
        else:
            raise CommandError("There is nothing to play: open an episode of the library first.")
        if step >= found.records[-1].step and not grows(found):
            step = found.records[0].step
        session.settling = 0
        session.player.start(found, step, speed)

    def _recalled(self, path: Path, read: Callable[[int, IsBusy], Recalled], step: object) -> None:
        session = self.session
        size = len(session.robot.env.get_state())
        found = session.journal.recall(path, lambda: read(size, lambda: session.moving))
        self.look(found.records[0].step if step is None else check_step(step), found.id)
        where = f"{found.id}: “{found.instruction}”, scene {found.seed}."
        session.say(session.state, f"{where} {origin_of(found, session.robot.driver)}".strip())

    def _require_rest(self) -> None:
        """An arm that holds for nobody is frozen for it; the episode goes on when somebody presses Resume.

        Raises:
            CommandError: somebody drives.
        """
        session = self.session
        if session.state == "holding" and not session.human:
            session.freeze()
        if session.moving and session.plan:
            raise CommandError(f"“{session.plan[0]}” begins in a moment: press Stop to look back instead.")
        if session.moving and session.state != "ended":
            raise CommandError("The live view shows what happens now: press Pause, then look back.")


def origin_of(episode: Episode, driver: PolicyDriver | None) -> str:
    """What is special about an episode here: another policy drove it, another version played it; "" if nothing is."""
    name, fingerprint = episode.checkpoint
    note = episode.note if isinstance(episode, Recalled) else ""
    if not fingerprint or driver is None or driver.checkpoint[1] in ("", fingerprint):
        return note
    return f"{note} The policy {name} drove it; here {driver.checkpoint[0]} does, which is another one.".strip()
