"""One process per core, each with one thread and a GL context of its own, and a progress bar with the time left."""

from __future__ import annotations

import multiprocessing
import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from multiprocessing import connection
from typing import Any, Final

from tqdm import tqdm

ALLOCATOR: Final = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "8589934592"}
"""environment of a process that computes: glibc keeps big buffers instead of returning them, a quarter less time"""
_SPAWN = multiprocessing.get_context("spawn")
_PATIENCE: Final = 10.0
"""seconds that a process has to end by itself when its work is done"""


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
    yield from share_out(partial(_each, work), list(jobs), workers, label, unit, quiet)


def _each(work: Callable[..., Any], jobs: Iterator[tuple[Any, ...]]) -> Iterator[Any]:
    for job in jobs:
        yield work(*job)


def share_out(
    work: Callable[[Iterator[Any]], Iterator[Any]],
    items: Sequence[Any],
    workers: int,
    label: str,
    unit: str,
    quiet: bool = False,
    before: int = 0,
) -> Iterator[Any]:
    """Run `work(items)` in fresh processes that all draw from the same items, and yield what they yield.

    A process takes its next item when it has room for one, so that all are busy to the end. Every item must give
    exactly one result; they come in any order. When one of them fails, or whoever reads the results stops, all end.
    The progress bar counts those that were done `before`, too.

    Raises:
        Exception: whatever `work` raised, or that a process ended without a word.
    """
    if not items:
        return
    workers = max(1, min(workers, len(items)))
    todo, done = _SPAWN.Queue(), _SPAWN.Queue()
    for item in (*items, *[None] * workers):
        todo.put(item)
    processes = [_SPAWN.Process(target=_serve, args=(work, todo, done), daemon=True) for _ in range(workers)]
    with (
        _one_thread_each(),
        tqdm(
            total=before + len(items), initial=before, desc=label, unit=unit, disable=quiet, dynamic_ncols=True
        ) as bar,
    ):
        for process in processes:
            process.start()
        try:
            for _ in items:
                yield _next_result(done, processes)
                bar.update()
            for process in processes:
                process.join(_PATIENCE)
        finally:
            todo.cancel_join_thread()  # what nobody will take must not be waited for
            for process in processes:
                process.terminate()
                process.join()


def _serve(work: Callable[[Iterator[Any]], Iterator[Any]], todo: Any, done: Any) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        for result in work(iter(todo.get, None)):
            done.put((True, result))
    except BaseException as error:
        done.put((False, error))
        raise


def _end_with_parent() -> None:
    """Whoever kills the process that shared out the work ends the work, too."""
    parent = multiprocessing.parent_process()
    if parent is not None and connection.wait([parent.sentinel]):
        os._exit(1)


def _next_result(done: Any, processes: Sequence[Any]) -> Any:
    while True:
        try:
            went_well, result = done.get(timeout=1.0)
        except queue.Empty:
            codes = [process.exitcode for process in processes]
            if any(codes) or None not in codes:
                raise RuntimeError(f"A process of {len(codes)} ended without a word (exit codes {codes}).") from None
            continue
        if not went_well:
            raise result
        return result
