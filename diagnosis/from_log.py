"""Events in an episode log of the cockpit or of a library: the same rules, on states restored from the record."""

from __future__ import annotations

from pathlib import Path

from diagnosis.events import Event, Facts, find
from diagnosis.store import EvaluationError
from policy.runtime import Decision
from records import StepRecord
from records.log import LogError, read_episode
from scenes.env import TabletopEnv
from scenes.language import interpret
from scenes.world import World
from training.trace import TraceWriter


def events_of_log(path: Path, env: TabletopEnv | None = None) -> list[Event]:
    """Events of a log, in the order in which they begin; steps are those of the log.

    Raises:
        EvaluationError: it is no log, or its states are of another version of the scene.
    """
    try:
        log = read_episode(path)
    except (LogError, OSError) as error:
        raise EvaluationError(str(error)) from error
    if not log.records:
        return []
    own = env or TabletopEnv()
    try:
        facts = facts_of_log(own.world, log.records, log.header.schedule or "asynchronous")
    except ValueError as error:
        raise EvaluationError(f"{path} cannot be simulated here: {error}") from error
    finally:
        if env is None:
            own.close()
    first = log.records[0].step
    return [
        Event(each.kind, each.step + first, each.until + first, each.sentence, each.evidence) for each in find(facts)
    ]


def facts_of_log(world: World, records: list[StepRecord], schedule: str = "asynchronous") -> Facts:
    """What the rules read of consecutive records; the last one is only looked at.

    Raises:
        ValueError: a state is of another version of the scene.
    """
    world.set_state(records[0].state)
    writer = TraceWriter(world)
    for step, record in enumerate(records[:-1]):
        world.set_state(record.state)
        writer.look()
        writer.decided(step, _decision(record))
        world.controller.command(record.commanded, world.hand_position)  # says what it cannot do
        writer.acted(record.action)
    world.set_state(records[-1].state)
    writer.look()
    trace = writer.finish()
    last = records[-1]
    return Facts(
        trace,
        interpret(last.instruction, world.names),
        success=last.outcome == "success",
        timed_out=last.outcome == "failure" and last.outcome_by == "time limit",
        schedule=schedule,
    )


def _decision(record: StepRecord) -> Decision:
    """Nothing is planned while a human or the expert drives, and that is no starvation."""
    starved = record.control_source == "hold"
    return Decision(
        action=record.action,
        commanded=record.commanded,
        proposal=record.proposal,
        control_source="hold" if starved else "policy",
        intent=record.intent,
        token_row=record.token_row,
        chunk=record.chunk,
        chunk_row=None,
        staleness=record.staleness,
        queue_depth=record.queue_depth,
        events=record.events,
    )
