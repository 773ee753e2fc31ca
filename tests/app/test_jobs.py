"""Work that takes long is begun once, watched, cancelled and gone on with."""

from __future__ import annotations

import time

import pytest

from app.web.jobs import Job, JobRefused


def wait(job: Job, seconds: float = 120) -> dict:  # type: ignore[type-arg]
    deadline = time.monotonic() + seconds
    while job.running:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.1)
    return job.status()


def test_a_command_that_ends_well_says_its_last_words() -> None:
    job = Job("look")
    assert job.status()["state"] == "none"
    job.begin(["--version"])
    said = wait(job)
    assert said["state"] == "done" and said["sentence"].startswith("libra") and said["command"] == "libra --version"


def test_a_command_that_fails_says_why() -> None:
    job = Job("look")
    job.begin(["library", "/nowhere"])
    said = wait(job)
    assert said["state"] == "failed" and "no library" in said["sentence"]


def test_one_at_a_time_and_what_was_cancelled_goes_on_as_it_was() -> None:
    job = Job("look")
    with pytest.raises(JobRefused, match="no look to go on with"):
        job.resume()
    job.begin(["library", "/nowhere"])
    with pytest.raises(JobRefused, match="going on"):
        job.begin(["--version"])
    job.cancel()
    assert wait(job)["state"] == "cancelled"
    job.resume()
    assert wait(job)["state"] == "failed"


def test_a_bar_of_progress_is_told_in_numbers() -> None:
    job = Job("look")
    job.begin(["--version"])
    job._heard("evaluating:  12%|█▏        | 12/100 [00:10<01:20,  1.1episode/s]")
    wait(job)
    assert (job.status()["done"], job.status()["total"]) == (12, 100)
