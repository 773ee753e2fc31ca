"""The status object: what every page and program is told of the session."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from app.session.protocol import Status

if TYPE_CHECKING:
    from app.session.session import Session
    from policy.runtime import Decision
    from records import StepRecord

STARVED_STEPS = 10
"""held steps in a row from which on a running episode counts as `holding`"""

REFUSED_SECONDS = 2.0
"""for which a refused command is told"""


def describe(session: Session) -> Status:
    """The status of a session; called from its own thread."""
    episode, robot, state = session.episode, session.robot, session.state
    decision = robot.decision
    runtime = None if robot.driver is None else robot.driver.runtime
    driving = session.policy_drives
    still = robot.holds >= STARVED_STEPS if driving else session.human and robot.holds > 0
    if state == "running" and (still or session.blocked):
        state = "holding"
    rates = runtime.rates() if runtime is not None and driving and session.state == "running" else (0.0, 0.0)
    factor = session.real_time.value
    refuses = decision is not None and decision.refusal is not None
    return {
        "state": state,
        "outcome": episode.outcome if episode is not None else None,
        "driver": _driver(session),
        "holder": session.hand.holder,
        "asking": session.hand.asker,
        "step": episode.step if episode is not None else 0,
        "instruction": session.instruction,
        "plan": list(session.plan),
        "objects": list(robot.env.objects),
        "places": {name: robot.env.place(name) for name in robot.env.movable},
        "missing": robot.env.missing,
        "light": list(robot.env.changes.light),
        "camera": list(robot.env.changes.camera),
        "suggestions": list(robot.suggestions),
        "planner_hz": round(rates[0], 2),
        "refiner_hz": round(rates[1], 2),
        "real_time_factor": None if factor is None else round(factor, 4),
        "staleness_steps": None if decision is None else decision.staleness,
        "end_effector_position": [round(float(x), 5) for x in robot.env.hand_position],
        "gripper": float(robot.hold_action()[-1]),
        "corrections": session.corrections.shown(),
        "clamped": list(robot.env.clamped),
        "refused": session.refused[1] if time.monotonic() - session.refused[0] < REFUSED_SECONDS else None,
        "message": session.message,
        "schedule": session.schedule,
        "planner_latency_ms": session.latency_ms,
        "seed": robot.seed,
        "planner_waits": runtime.counters.planner_waits if runtime is not None else 0,
        "starved_steps": runtime.counters.starved_steps if runtime is not None else 0,
        "episode": episode.id if episode is not None else None,
        "queue_depth": decision.queue_depth if decision is not None else 0,
        "policy": "ready" if robot.driver is not None else "failed" if session.problem else "loading",
        "dropped": session.dropped,
        "restarts": session.settings.restarts,
        "timeline": episode.timeline.shown() if episode is not None else None,
        "tokens": _tokens(session.player.record or (None if refuses else decision)),
        "ghost": session.ghost,
        "line": None if episode is None else episode.summary,
        "looked_line": _line_shown(session),
        "branch": None if episode is None or episode.branch is None else [episode.branch.episode, episode.branch.step],
        "playing": session.player.speed if session.player.playing else None,
        "looked": None if session.player.looked is None else list(session.player.looked),
        "recording": session.player.recording,
        "rewound": None if session.rewound is None else [session.rewound.episode, session.rewound.step],
    }


def _line_shown(session: Session) -> dict[str, Any] | None:
    """Of the episode that the live view shows, or that the scene was taken back to, if it is not the present one."""
    name = session.shown
    if name is None or (session.episode is not None and name == session.episode.id):
        return None
    shown = session.journal.known(name)
    return None if shown is None else shown.summary


def _driver(session: Session) -> str | None:
    if session.human:
        return "human"
    if session.policy_drives and session.rewound is None:
        return "policy"
    return "hold" if session.state in ("holding", "paused") else None


def _tokens(at: StepRecord | Decision | None) -> dict[str, Any] | None:
    """The intent's tokens and probabilities at the step that is shown, and what is pinned."""
    if at is None or at.intent is None or at.token_row is None:
        return None
    row = min(max(at.token_row, 0), len(at.intent.tokens) - 1)
    return {
        "chosen": at.intent.tokens[row].tolist(),
        "probabilities": [[round(float(each), 2) for each in bins] for bins in at.intent.probabilities[row]],
        "pinned": at.pins,
    }
