"""One process per core, each with one thread and a GL context of its own, and a progress bar with the time left."""

from __future__ import annotations

import multiprocessing
import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import connection
from typing import Any, Final

from tqdm import tqdm

ALLOCATOR: Final = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "8589934592"}
"""environment of a process that computes: glibc keeps big buffers instead of returning them, a quarter less time"""
_SPAWN = multiprocessing.get_context("spawn")
_QUEUES: list[Any] = []
"""of a process that `share_out` started: items to do, results"""


def _single_threaded(*queues: Any) -> None:
    import torch

    torch.set_num_threads(1)
    _QUEUES[:] = queues
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Whoever kills the process that shared out the work ends the work, too."""
    parent = multiprocessing.parent_process()
    if parent is not None and connection.wait([parent.sentinel]):
        os._exit(1)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Torch gets one thread per process, and Mesa draws in the thread that asks: more would only fight."""
    wanted = {"LP_NUM_THREADS": "0", "OMP_NUM_THREADS": "1", **ALLOCATOR}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def parallel(
    work: Callable[..., Any], jobs: Iterable[tuple[Any, ...]], workers: int, label: str, unit: str, quiet: bool = False
) -> Iterator[Any]:
    """Run `work(*job)` for every job in fresh processes and yield results as they come, with a progress bar."""
    jobs = list(jobs)
    with (
        _one_thread_each(),
        ProcessPoolExecutor(max(1, min(workers, len(jobs))), mp_context=_SPAWN, initializer=_single_threaded) as pool,
        tqdm(total=len(jobs), desc=label, unit=unit, disable=quiet, dynamic_ncols=True) as bar,
    ):
        for future in as_completed([pool.submit(work, *job) for job in jobs]):
            yield future.result()
            bar.update()


def share_out(
    work: Callable[[Iterator[Any]], Iterator[Any]],
    items: Sequence[Any],
    workers: int,
    label: str,
    unit: str,
    quiet: bool = False,
) -> Iterator[Any]:
    """Run `work(items)` in fresh processes that all draw from the same items, and yield what they yield.

    A process takes its next item when it has room for one, so that all are busy to the end. Every item must give
    exactly one result; they come in any order.
    """
    workers = max(1, min(workers, len(items)))
    todo, done = _SPAWN.Queue(), _SPAWN.Queue()
    for item in (*items, *[None] * workers):
        todo.put(item)
    with (
        _one_thread_each(),
        ProcessPoolExecutor(workers, mp_context=_SPAWN, initializer=_single_threaded, initargs=(todo, done)) as pool,
        tqdm(total=len(items), desc=label, unit=unit, disable=quiet, dynamic_ncols=True) as bar,
    ):
        running = [pool.submit(_serve, work) for _ in range(workers)]
        for _ in items:
            yield _next_result(done, running)
            bar.update()


def _serve(work: Callable[[Iterator[Any]], Iterator[Any]]) -> None:
    todo, done = _QUEUES
    for result in work(iter(todo.get, None)):
        done.put(result)


def _next_result(done: Any, running: list[Any]) -> Any:
    while True:
        try:
            return done.get(timeout=1.0)
        except queue.Empty:
            for future in running:
                if future.done():
                    future.result()
