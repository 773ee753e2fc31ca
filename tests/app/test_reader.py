"""The thread that reads episodes."""

from __future__ import annotations

import threading
import time

import pytest

from app.session.reader import CALM_SECONDS, Work, environment, read_in_background
from scenes.canvas import PictureLost


def done(work: Work) -> None:
    """Wait until it is; it may not fail."""
    finished = threading.Event()

    def until_finished() -> Work:
        yield from work
        finished.set()

    read_in_background(until_finished())
    assert finished.wait(60)


def test_all_episodes_are_drawn_by_one_renderer():
    renderers = []

    def read() -> Work:
        with environment() as env:
            env.views()
            renderers.append(env.renderer)
            yield True

    for _ in range(3):
        done(read())
    assert len(renderers) == 3 and len(set(map(id, renderers))) == 1


def test_a_renderer_that_draws_no_more_is_replaced():
    renderers = []

    def read() -> Work:
        with environment() as env:
            renderers.append(env.renderer)
        try:
            with environment():
                raise PictureLost
        except PictureLost:
            yield True
        with environment() as env:
            renderers.append(env.renderer)
            renderers.append(env.views()["front"].any())

    done(read())
    before, after, has_drawn = renderers
    assert after is not before and has_drawn


@pytest.mark.parametrize("older_waits", [False, True])
def test_what_was_asked_for_last_is_read_first_and_the_older_goes_on_after_it(older_waits: bool):
    begun, asked, ended, order = threading.Event(), threading.Event(), threading.Event(), []

    def older() -> Work:
        begun.set()
        assert asked.wait(60)
        while older_waits and not order:
            yield False
        yield True
        order.append("older")
        ended.set()

    def newer() -> Work:
        for _ in range(3):
            yield True
        order.append("newer")

    read_in_background(older())
    assert begun.wait(60)
    read_in_background(newer())
    asked.set()
    assert ended.wait(60)
    assert order == ["newer", "older"]


def test_while_the_newest_waits_with_its_first_pictures_to_come_nothing_older_is_read():
    begun, asked, ended = threading.Event(), threading.Event(), threading.Event()
    older_at: list[float] = []

    def older() -> Work:
        begun.set()
        assert asked.wait(60)
        yield True
        older_at.append(time.monotonic())
        ended.set()

    def newer() -> Work:
        until = time.monotonic() + CALM_SECONDS / 2
        while time.monotonic() < until:
            yield False

    read_in_background(older())
    assert begun.wait(60)
    at = time.monotonic()
    read_in_background(newer())
    asked.set()
    assert ended.wait(60)
    assert older_at[0] - at >= CALM_SECONDS
