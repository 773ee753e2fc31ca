"""One process per core, each with one thread and a GL context of its own, and a progress bar with the time left."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

from tqdm import tqdm


def _single_threaded() -> None:
    import torch

    torch.set_num_threads(1)


def parallel(
    work: Callable[..., Any], jobs: Iterable[tuple[Any, ...]], workers: int, label: str, unit: str, quiet: bool = False
) -> Iterator[Any]:
    """Run `work(*job)` for every job in fresh processes and yield results as they come, with a progress bar.

    Mesa's rasteriser and torch get one thread per process: with one process per core more only fight.
    """
    jobs = list(jobs)
    before = {name: os.environ.get(name) for name in ("LP_NUM_THREADS", "OMP_NUM_THREADS")}
    os.environ.update(LP_NUM_THREADS="1", OMP_NUM_THREADS="1")
    context = multiprocessing.get_context("spawn")
    try:
        with (
            ProcessPoolExecutor(
                max(1, min(workers, len(jobs))), mp_context=context, initializer=_single_threaded
            ) as pool,
            tqdm(total=len(jobs), desc=label, unit=unit, disable=quiet, dynamic_ncols=True) as bar,
        ):
            for future in as_completed([pool.submit(work, *job) for job in jobs]):
                yield future.result()
                bar.update()
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
