"""The sender: a frozen or dead receiver never delays the caller, images go before steps, episodes always arrive."""

from __future__ import annotations

import threading
import time
from multiprocessing import Pipe
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from viz_episodes import make_poses, make_record

from viz.sender import BoundedSender

BIG = np.zeros(300_000, dtype=np.uint8)
"""fills a pipe, so that the sending thread blocks until the receiver reads"""


def step(number: int) -> tuple[Any, ...]:
    return ("step", make_record(number), *make_poses(number))


def freeze(sender: BoundedSender) -> None:
    """Let the sending thread block in the pipe."""
    sender.send(("filler", BIG))
    deadline = time.monotonic() + 5
    while sender.waiting and time.monotonic() < deadline:
        time.sleep(0.001)


def read_all(reader: Any, sender: BoundedSender) -> list[tuple[Any, ...]]:
    """Thaw: read what comes until the sender has closed."""
    received: list[tuple[Any, ...]] = []

    def read() -> None:
        try:
            while True:
                received.append(reader.recv())
        except (EOFError, OSError):
            pass

    thread = threading.Thread(target=read)
    thread.start()
    sender.close(timeout=10)
    thread.join(10)
    return [message for message in received if message[0] != "filler"]


def test_a_reading_receiver_gets_everything_in_order() -> None:
    reader, writer = Pipe(duplex=False)
    sender = BoundedSender(writer, capacity=64, image_capacity=64)
    sender.send(("episode", "e1"))
    for number in range(20):
        sender.send(step(number))
    sender.send(("end", "success", "Done."))
    received = read_all(reader, sender)
    assert [message[0] for message in received] == ["episode", *["step"] * 20, "end"]
    assert [message[1].step for message in received[1:-1]] == list(range(20))
    assert all(message[1].observation is not None for message in received[1:-1])
    assert (sender.dropped_images, sender.dropped_steps) == (0, 0)


def test_a_frozen_receiver_does_not_delay_the_caller_or_fill_its_memory() -> None:
    reader, writer = Pipe(duplex=False)
    sender = BoundedSender(writer, capacity=16)
    freeze(sender)
    message, took = step(0), []
    for _ in range(2000):
        begin = time.perf_counter()
        sender.send(message)
        took.append(time.perf_counter() - begin)
    assert float(np.median(took)) < 2e-4
    assert sender.waiting == 16
    begin = time.perf_counter()
    sender.close(timeout=0.1)
    assert time.perf_counter() - begin < 2.0
    assert sender.dropped_steps == 2000
    reader.close()


def test_images_go_first_then_the_oldest_steps_and_the_newest_win() -> None:
    reader, writer = Pipe(duplex=False)
    sender = BoundedSender(writer, capacity=8, image_capacity=2)
    freeze(sender)
    for number in range(8):
        sender.send(step(number))
    assert (sender.dropped_images, sender.dropped_steps) == (6, 0)
    for number in range(8, 12):
        sender.send(step(number))
    assert (sender.dropped_images, sender.dropped_steps) == (6, 4)
    received = read_all(reader, sender)
    assert [message[1].step for message in received] == list(range(4, 12))
    assert [message[1].observation is not None for message in received] == [False] * 6 + [True] * 2


def test_the_callers_record_keeps_its_images() -> None:
    reader, writer = Pipe(duplex=False)
    sender = BoundedSender(writer, capacity=4, image_capacity=0)
    freeze(sender)
    message = step(0)
    sender.send(message)
    assert sender.dropped_images == 1
    assert message[1].observation is not None
    assert read_all(reader, sender)[0][1].observation is None


@settings(max_examples=25, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(["step", "step", "step", "blind step", "episode", "end"]), max_size=60),
    capacity=st.integers(1, 8),
    image_capacity=st.integers(0, 8),
)
def test_every_message_is_delivered_or_counted(kinds: list[str], capacity: int, image_capacity: int) -> None:
    reader, writer = Pipe(duplex=False)
    sender = BoundedSender(writer, capacity, image_capacity)
    freeze(sender)
    for number, kind in enumerate(kinds):
        if kind.endswith("step"):
            sender.send(("step", make_record(number, with_images=kind == "step")))
        else:
            sender.send((kind, number))
    received = read_all(reader, sender)
    steps = [message[1] for message in received if message[0] == "step"]
    sent = [number for number, kind in enumerate(kinds) if kind.endswith("step")]
    seeing = {number for number, kind in enumerate(kinds) if kind == "step"}
    assert [record.step for record in steps] == sent[-capacity:]
    assert sender.dropped_steps == max(0, len(sent) - capacity)
    assert sender.dropped_images == sum(r.observation is None for r in steps if r.step in seeing)
    assert sum(record.observation is not None for record in steps) <= image_capacity
    lifecycle = [(kind, number) for number, kind in enumerate(kinds) if kind in ("episode", "end")]
    assert [message for message in received if message[0] != "step"] == lifecycle


def test_a_dead_receiver_is_noticed_and_costs_nothing() -> None:
    reader, writer = Pipe(duplex=False)
    sender = BoundedSender(writer, capacity=4)
    reader.close()
    deadline = time.monotonic() + 5
    while sender.alive and time.monotonic() < deadline:
        sender.send(step(0))
        time.sleep(0.001)
    assert not sender.alive
    before = sender.dropped_steps
    sender.send(step(1))
    sender.send(("end", "success", ""))
    assert sender.dropped_steps == before + 1
    assert sender.waiting == 0
    sender.close()


def test_a_message_that_cannot_be_pickled_does_not_end_the_view() -> None:
    reader, writer = Pipe(duplex=False)
    sender = BoundedSender(writer)
    sender.send(("episode", lambda: None))
    sender.send(("end", "success", "Done."))
    assert read_all(reader, sender) == [("end", "success", "Done.")]


def test_a_capacity_of_zero_is_refused() -> None:
    _, writer = Pipe(duplex=False)
    with pytest.raises(ValueError, match="at least 1"):
        BoundedSender(writer, capacity=0)
