"""Asking for the arm while somebody else drives it: in the hand, in the session, and between two pages."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest
from web_server import Behind, served
from websockets.sync.client import connect

from app.session.hand import ASK_SECONDS
from app.session.loop import SessionLoop
from app.session.protocol import SessionSettings
from app.session.recorder import Recorder
from app.session.session import Session
from app.session.watchers import Watchers

FORWARD = [0.5, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0]


def say(session, command, holder):
    status = session.command(command, {"holder": holder})
    assert "error" not in status, status["error"]
    return status


def why_not(session, command, holder):
    before = (session.hand.holder, session.hand.asker, session.state)
    sentence = session.command(command, {"holder": holder})["error"]
    assert (session.hand.holder, session.hand.asker, session.state) == before
    return sentence


def steps(session, count):
    for _ in range(count):
        session.control_step(time.monotonic(), lambda due: None)


@pytest.fixture
def driven(make):
    """A session that page 1 drives."""
    session = make()
    session.command("run", {"instruction": session.status["suggestions"][0]})
    steps(session, 2)
    say(session, "take_over", "page 1")
    session.drive({"holder": "page 1", "action": FORWARD})
    steps(session, 1)
    return session


def test_whoever_asks_is_in_the_status_until_they_are_answered(driven):
    assert driven.status["asking"] is None
    status = say(driven, "ask", "page 2")
    assert (status["asking"], status["holder"]) == ("page 2", "page 1")
    assert status["message"] == "Page 2 asks for the arm."
    status = say(driven, "keep", "page 1")
    assert (status["asking"], status["holder"]) == (None, "page 1")
    assert status["message"] == "Page 1 keeps the arm; page 2 may ask again."
    assert say(driven, "ask", "page 3")["asking"] == "page 3"


def test_what_is_given_holds_at_the_next_step_until_the_new_driver_commands(driven):
    generation = driven.robot.generation
    say(driven, "ask", "page 2")
    status = say(driven, "give", "page 1")
    assert (status["holder"], status["driver"], status["asking"]) == ("page 2", "human", None)
    assert status["message"] == "Page 1 gave the arm to page 2."
    steps(driven, 1)
    driven.drive({"holder": "page 2", "action": FORWARD})
    steps(driven, 1)
    last = driven.episode.records[-3:]
    assert [record.control_source for record in last] == ["human", "hold", "human"]
    assert last[0].generation == generation < last[1].generation
    assert "Somebody else drives the arm (page 2)" in why_not(driven, "hand_back", "page 1")


def test_nobody_waits_for_an_answer_for_ever(driven):
    now = time.monotonic()
    driven.hand._clock = lambda: now
    say(driven, "ask", "page 2")
    now += ASK_SECONDS - 0.1
    say(driven, "ask", "page 2")  # again, which is not for longer
    now += 0.2
    driven.refresh()
    assert driven.status["asking"] is None
    assert "Nobody asks for the arm" in why_not(driven, "give", "page 1")
    say(driven, "ask", "page 3")


def test_what_makes_no_sense_is_refused_and_changes_nothing(driven, make):
    assert "You drive the arm already" in why_not(driven, "ask", "page 1")
    assert "Nobody asks for the arm" in why_not(driven, "keep", "page 1")
    say(driven, "ask", "page 2")
    for command in ("give", "keep"):
        assert "Somebody else drives the arm (page 1): ask for it" in why_not(driven, command, "page 2")
    assert "asks for the arm already (page 2)" in why_not(driven, "ask", "page 3")
    assert "Somebody else drives the arm (page 1)" in why_not(driven, "take_over", "page 2")
    for command in ("ask", "give", "keep"):
        assert "Say who drives" in driven.command(command, {})["error"]
    free = make()
    assert "press Take over" in why_not(free, "ask", "page 2")
    assert "Nobody drives the arm by hand" in why_not(free, "give", "page 2")


@pytest.mark.parametrize("ends", ["stop", "hand_back"])
def test_once_the_arm_is_free_nobody_asks_for_it_any_more(driven, ends):
    say(driven, "ask", "page 2")
    status = say(driven, ends, "page 1")
    assert (status["asking"], status["holder"]) == (None, None)
    assert say(driven, "take_over", "page 2")["holder"] == "page 2"


def test_who_is_gone_asks_for_nothing_and_is_given_nothing(driven):
    loop = SessionLoop(driven)
    say(driven, "ask", "page 2")
    loop.leave("page 2")
    assert "Nobody asks for the arm" in why_not(driven, "give", "page 1")
    say(driven, "ask", "page 3")
    loop.leave("page 1")
    assert (driven.hand.holder, driven.hand.asker) == (None, None)


class InThread:
    """A session that lives in a thread of this process, as the web server's commands want it."""

    def __init__(self, folder) -> None:
        ready = threading.Event()

        def live() -> None:
            self.session = Session(SessionSettings(Path("none"), seed=7, folder=folder), Watchers(), recorder)
            self.loop = SessionLoop(self.session)
            ready.set()
            self.loop.run()
            recorder.close()

        recorder = Recorder()
        self.thread = threading.Thread(target=live)
        self.thread.start()
        assert ready.wait(60)

    def close(self) -> None:
        self.loop.close()
        self.thread.join()

    def call(self, command, /, **arguments):
        if command == "status":
            return self.loop.status
        return self.loop.call(lambda: self.session.command(command, arguments), 20)

    def tell(self, command, /, **arguments):
        self.loop.drive(arguments) if command == "drive" else self.loop.leave(arguments["holder"])


class Page:
    """A page's end of the live channel."""

    def __init__(self, address, agent="a desktop browser") -> None:
        self.socket = connect(f"ws://{address}/live", user_agent_header=agent)
        self.name = self.read(lambda said: "you" in said)["you"]

    def read(self, done):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            message = self.socket.recv(30)
            if isinstance(message, str) and done(said := json.loads(message)):
                return said
        raise AssertionError("it was not said")

    def do(self, command):
        self.socket.send(json.dumps({"do": command}))
        return self.read(lambda said: "reply" in said)["reply"]


@pytest.fixture
def client(tmp_path):
    made = InThread(tmp_path)
    yield made
    made.close()


def test_a_phone_asks_a_page_for_the_arm_and_gets_it(client):
    with served(Behind(client)) as (address, _):
        page, phone = Page(address), Page(address, "Mozilla/5.0 (Linux; Android 16) Mobile Safari")
        assert (page.name, phone.name) == ("page 1", "page 2 (phone)")
        assert page.read(lambda said: "watching" in said and said["watching"] == 2)["asking"] is None
        assert page.do("take_over")["holder"] == "page 1"
        assert "Somebody else drives the arm (page 1)" in phone.do("take_over")["error"]
        phone.do("ask")
        page.read(lambda said: said.get("asking") == "page 2 (phone)")
        assert page.do("give")["holder"] == "page 2 (phone)"
        phone.read(lambda said: said.get("holder") == "page 2 (phone)")
        phone.socket.send(json.dumps({"drive": FORWARD, "n": 0}))
        phone.read(lambda said: said.get("driver") == "human" and said.get("step", 0) > 0)
        page.do("ask")
        phone.socket.close()
        told = page.read(lambda said: said.get("holder", "") is None and said.get("asking", "") is None)
        assert told["driver"] == "human" and page.do("take_over")["holder"] == "page 1"
        assert Page(address).name == "page 2"
