"""The policy in a process of its own: its interpreter never keeps the control loop from its own.

In one process, planner and refiner share the interpreter's lock with the loop that asks them; on two cores that made
one control step in ten late. Here the caller's threads only wait at a pipe.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
from importlib import import_module
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from records import Chunk, Intent, Observation

START_SECONDS: Final = 120.0
RENEWAL_SECONDS: Final = 0.5
"""that a call waits for a process which is started anew, before it says so"""
NICE: Final = 10
"""below the control loop and the recorder, which mostly sleep"""
SYSTEMS: Final = ("planner", "refiner")

logger = logging.getLogger(__name__)


class PolicyError(ValueError):
    """The policy cannot be loaded; its message is for people."""


class PolicyGone(RuntimeError):
    """The policy's process ended or is being started anew."""


class PolicyHost:
    """Starts the process, and again when it dies or hangs. `planner` and `refiner` are as the runtime wants them.

    Args:
        policy: `module:function` that loads it.
        checkpoint: its argument.

    Raises:
        PolicyError: what loading raised as a `ValueError`, a `policy.CheckpointError` for one.
        RuntimeError: loading failed in any other way.
    """

    def __init__(self, policy: str, checkpoint: Path) -> None:
        self._policy, self._checkpoint = policy, checkpoint
        self._changed = threading.Condition()
        self._pipes: dict[str, Connection] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._life: Connection | None = None
        self._renewing = self._closed = False
        self._seen: Observation | None = None
        self._start()
        self.planner = RemotePlanner(self)
        self.refiner = RemoteRefiner(self)

    @property
    def process_id(self) -> int | None:
        """Of the process that runs now."""
        return None if self._process is None else self._process.pid

    def warm_up_with(self, observation: Observation) -> None:
        """Show this to every process that is started anew before it counts as ready: first calls are slow."""
        self._seen = observation

    def pipe(self, system: str) -> Connection:
        """To one of the two systems; without a process, another one is started in the background.

        Raises:
            PolicyGone: there is no process at the moment.
        """
        with self._changed:
            if not self._pipes:
                self._begin_renewal()
            self._changed.wait_for(lambda: not self._renewing, RENEWAL_SECONDS)
            if self._closed:
                raise PolicyGone("it was closed")
            if self._renewing or not self._pipes:
                raise PolicyGone("its process is being started anew")
            return self._pipes[system]

    def renew(self, broken: Connection) -> None:
        """End the process that a pipe leads to, which hangs or is dead, and start another in the background."""
        with self._changed:
            if broken in self._pipes.values():
                self._begin_renewal()

    def _begin_renewal(self) -> None:
        if not self._closed and not self._renewing:
            self._renewing = True
            threading.Thread(target=self._renew, name="policy-renewal", daemon=True).start()

    def close(self) -> None:
        """End the process; calls under way raise."""
        with self._changed:
            self._closed = True
        self._end()

    def _renew(self) -> None:
        self._end()
        try:
            self._start()
            self._warm_up()
        except Exception:
            logger.exception("The policy could not be started anew.")
        finally:
            with self._changed:
                self._renewing = False
                self._changed.notify_all()
            if self._closed:
                self._end()

    def _start(self) -> None:
        pairs = {name: Pipe() for name in (*SYSTEMS, "life")}
        theirs = {name: pair[1].fileno() for name, pair in pairs.items()}
        arguments = [self._policy, str(self._checkpoint), *(str(theirs[name]) for name in (*SYSTEMS, "life"))]
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "policy.host", *arguments],
            pass_fds=tuple(theirs.values()),
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
        )
        for pair in pairs.values():
            pair[1].close()
        self._life = pairs["life"][0]
        if not self._life.poll(START_SECONDS):
            self._end()
            raise RuntimeError(f"it was not ready within {START_SECONDS:.0f} s")
        try:
            good, answer = self._life.recv()
        except (EOFError, OSError) as error:
            raise RuntimeError(f"its process ended with code {self._process.wait()}") from error
        if not good:
            readable, sentence = answer
            raise PolicyError(sentence) if readable else RuntimeError(sentence)
        self.config = SimpleNamespace(**answer)
        self._pipes = {name: pairs[name][0] for name in SYSTEMS}

    def _warm_up(self) -> None:
        if self._seen is None:
            return
        answer = None
        for name, rest in (("planner", ()), ("refiner", (self._seen.step, np.empty((0, 7), np.float32), 0))):
            self._pipes[name].send((self._seen, *(() if answer is None else (answer,)), *rest))
            if not self._pipes[name].poll(START_SECONDS):
                raise RuntimeError(f"the {name} did not answer")
            good, answer = self._pipes[name].recv()
            if not good:
                raise RuntimeError(answer)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
        self._pipes = {}  # a call that waits at one holds it until it has raised
        self._life = None


class _Remote:
    """One of the two systems at the other end of a pipe; one call at a time, but for calls that were given up."""

    def __init__(self, host: PolicyHost, system: str) -> None:
        self._host, self._system = host, system
        self._calling: Connection | None = None

    def call(self, *arguments: Any) -> Any:
        """What the system makes of the arguments.

        Raises:
            PolicyGone: its process ended or is being started anew.
            RuntimeError: what it raised.
        """
        hanging = self._calling
        if hanging is not None:  # the caller gave that call up, and only another process can answer this one
            self._host.renew(hanging)
        self._calling = None
        pipe = self._calling = self._host.pipe(self._system)
        try:
            pipe.send(arguments)
            good, answer = pipe.recv()
        except (EOFError, OSError) as error:
            self._host.renew(pipe)
            raise PolicyGone("its process ended and is started anew") from error
        finally:
            if self._calling is pipe:
                self._calling = None
        if not good:
            raise RuntimeError(answer)
        return answer


class RemotePlanner(_Remote):
    """The planner at the other end of a pipe."""

    def __init__(self, host: PolicyHost) -> None:
        super().__init__(host, "planner")
        self.horizon: int = host.config.horizon

    def plan(self, observation: Observation) -> Intent:
        """See `PlannerLike.plan`."""
        return self.call(observation)


class RemoteRefiner(_Remote):
    """The refiner at the other end of a pipe."""

    def __init__(self, host: PolicyHost) -> None:
        super().__init__(host, "refiner")
        self.chunk_steps: int = host.config.chunk_steps

    def refine(
        self,
        observation: Observation,
        intent: Intent,
        start_step: int,
        committed: NDArray[np.float32],
        noise_seed: int,
    ) -> Chunk:
        """See `RefinerLike.refine`."""
        return self.call(observation, intent, start_step, committed, noise_seed)


def serve(policy: str, checkpoint: str, *descriptors: str) -> None:
    """Body of the process: load, say so, then answer until the pipes close.

    Args:
        policy: `module:function` that loads it.
        checkpoint: its argument.
        descriptors: of the pipes of planner, refiner and life.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C: the session ends first, and this with it
    *pipes, life = (Connection(int(each)) for each in descriptors)
    with contextlib.suppress(OSError):
        os.nice(NICE)
    sys.setswitchinterval(0.0005)
    try:
        module, _, name = policy.partition(":")
        loaded = getattr(import_module(module), name)(Path(checkpoint))
        planner, refiner = loaded.planner, loaded.refiner
    except Exception as error:
        logger.exception("The policy could not be loaded.")
        life.send((False, (isinstance(error, ValueError), str(error))))
        return
    config = getattr(loaded, "config", None)
    facts = {
        "horizon": planner.horizon,
        "chunk_steps": refiner.chunk_steps,
        "image_size": getattr(config, "image_size", None),
        "families": getattr(config, "families", None),
    }
    for function, pipe in zip((planner.plan, refiner.refine), pipes, strict=True):
        threading.Thread(target=_answer, args=(function, pipe), daemon=True).start()
    life.send((True, facts))
    with contextlib.suppress(EOFError, OSError):
        life.recv()  # ends with the process at the other end, however that ends
    os._exit(0)  # a call that hangs must not keep this process


def _answer(function: Any, pipe: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        while True:
            arguments = pipe.recv()
            try:
                answer = True, function(*arguments)
            except Exception as error:
                logger.exception("A call failed.")
                answer = False, str(error) or type(error).__name__
            pipe.send(answer)


if __name__ == "__main__":
    serve(*sys.argv[1:])
