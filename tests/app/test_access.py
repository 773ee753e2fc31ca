"""Who gets in: with a token in the address, a cookie or a header; nobody without, and no page of another site."""

from __future__ import annotations

import json
import re

import httpx
import pytest
from gradio_client import Client
from starlette.routing import Mount
from web_server import TOKEN, Behind, browser, served, shared
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from app.web.access import NO_TOKEN, OTHER_NAME, OTHER_SITE, WRONG_TOKEN, Access, access_for
from app.web.inspector import ISOLATION

BEARER = {"Authorization": f"Bearer {TOKEN}"}
FOREIGN = "http://evil.example"


@pytest.fixture(scope="module")
def behind():
    return Behind()


@pytest.fixture(scope="module")
def lan(behind):
    with served(behind, shared()) as (address, app):
        yield address, app


@pytest.fixture(scope="module")
def local():
    with served(Behind()) as (address, _):
        yield address


def routes(routed, prefix=""):
    """Every method and path that an application answers to, whatever it is made of."""
    for route in routed.routes:
        path = prefix + getattr(route, "path", "")
        inner = getattr(route, "original_router", route)  # FastAPI keeps an included router whole
        if isinstance(route, Mount) or inner is not route:
            yield from [("GET", f"{path}/cockpit.js")] if isinstance(route, Mount) else []
            yield from routes(inner, path)
        elif path:
            path = path.replace("{", "").replace("}", "")
            for method in getattr(route, "methods", None) or ("WEBSOCKET",):
                yield method, path


def test_without_the_token_no_route_is_reachable(lan, behind):
    address, app = lan
    before, answers = list(behind.client.asked), {}
    asked = sorted(set(routes(app)))
    paths = {path for _, path in asked}
    assert len(asked) > 40 and {"/live", "/download/kind", "/config", "/gradio_api/run/api_name", "/rerun/"} <= paths
    assert ("POST", "/rerun.sdk_comms.v1alpha1.MessageProxyService/ReadMessages") in asked
    with browser(address) as client:
        for method, path in [*asked, ("GET", "/nowhere")]:
            if method != "WEBSOCKET":
                answers[method, path] = client.request(method, path).status_code
    assert {each: status for each, status in answers.items() if status != 401} == {}
    assert behind.client.asked == before


def test_who_is_not_let_in_reads_one_sentence(lan):
    with browser(lan[0]) as client:
        assert client.get("/").text == NO_TOKEN
        page = client.get("/", headers={"Accept": "text/html,*/*"})
        assert "<p>This cockpit opens with its token" in page.text and "script" not in page.text
        assert client.get("/").headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("wrong", ["x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "ümläut", "None"])
def test_a_wrong_token_opens_nothing(lan, wrong):
    with browser(lan[0]) as client:
        answer = client.get("/", params={"token": wrong})
        assert (answer.status_code, answer.text, client.cookies) == (403, WRONG_TOKEN, {})
        assert client.get("/config", headers={"Authorization": f"Bearer {wrong}".encode()}).status_code == 403
        client.cookies.set(f"libra-{lan[0].split(':')[1]}", wrong.encode("ascii", "ignore").decode())
        assert client.get("/config").status_code == 401


def test_the_token_is_exchanged_for_a_cookie_and_leaves_the_address(lan):
    with browser(lan[0]) as client:
        welcome = client.get("/", params={"token": TOKEN})
        assert welcome.headers["refresh"] == "0; url=/" and TOKEN not in welcome.text
        assert welcome.headers["referrer-policy"] == "no-referrer" and welcome.headers["cache-control"] == "no-store"
        cookie = welcome.headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=strict" in cookie and "path=/" in cookie
        page = client.get("/")
        assert page.status_code == 200 and "Libra Cockpit" in page.text
        assert client.get(re.search(r"/web/\w+/cockpit.js", page.text)[0]).status_code == 200
        assert client.get("/download/log").status_code == 404  # let in: there is no episode yet


def test_the_token_in_another_address_than_the_page_is_no_way_in(lan):
    with browser(lan[0]) as client:
        assert client.get("/config", params={"token": TOKEN}).status_code == 401
        assert client.post("/", params={"token": TOKEN}).status_code == 401


def test_the_page_shares_its_address_with_who_is_in_and_only_on_a_network(lan, local):
    with browser(lan[0], TOKEN) as client:
        shown = json.dumps(client.get("/config").json())
        assert "share-dialog" in shown and f"http://192.168.1.20:7860/?token={TOKEN}" in shown and "<svg" in shown
    with browser(local) as client:
        shown = json.dumps(client.get("/config").json())
        assert "share-dialog" not in shown and "{share}" not in shown


def test_a_program_gets_in_with_a_header(lan):
    client = Client(f"http://{lan[0]}", verbose=False, headers=BEARER)
    assert client.predict(api_name="/status")["state"] == "idle"
    with pytest.raises(Exception, match="credentials were not provided"):
        Client(f"http://{lan[0]}", verbose=False)


def test_the_live_channel_asks_for_the_token(lan):
    with connect(f"ws://{lan[0]}/live", additional_headers=BEARER) as socket:
        assert json.loads(socket.recv())["you"].startswith("page ")
    with browser(lan[0], TOKEN) as client:
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    with connect(f"ws://{lan[0]}/live", additional_headers={"Cookie": cookie}, origin=f"http://{lan[0]}") as socket:
        assert "you" in socket.recv()
    for headers, status in (({}, 401), ({"Authorization": "Bearer wrong"}, 403)):
        with pytest.raises(InvalidStatus) as refused:
            connect(f"ws://{lan[0]}/live", additional_headers=headers)
        assert refused.value.response.status_code == status


@pytest.mark.parametrize("is_shared", [True, False])
def test_a_page_of_another_site_may_not_talk_to_the_cockpit(lan, local, is_shared):
    address, headers = (lan[0], BEARER) if is_shared else (local, {})
    with browser(address, **headers) as client:
        for origin in (FOREIGN, "null", f"http://{address}0", "http://[", f"http://{address}@evil.example"):
            answer = client.post("/gradio_api/run/stop", json={"data": []}, headers={"Origin": origin})
            assert (answer.status_code, answer.text) == (403, OTHER_SITE), origin
            with pytest.raises(InvalidStatus) as refused:
                connect(f"ws://{address}/live", origin=origin, additional_headers=headers)  # type: ignore[arg-type]
            assert refused.value.response.status_code == 403
        ours = client.post("/gradio_api/run/stop", json={"data": []}, headers={"Origin": f"http://{address}"})
        assert ours.status_code == 200


@pytest.mark.parametrize("is_shared", [True, False])
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "[", "10.99.99.99", ""]
)
def test_a_name_that_is_not_ours_is_refused(lan, local, is_shared, host):
    address, headers = (lan[0], BEARER) if is_shared else (local, {})
    answer = httpx.get(f"http://{address}/", headers={**headers, "Host": host}, trust_env=False)
    assert answer.status_code == 403 and answer.text == OTHER_NAME


def test_only_our_own_pages_hold_ours_in_a_frame_and_the_viewer_s_is_to_run_apart(local):
    cockpit, viewer = (httpx.get(f"http://{local}{path}") for path in ("/", "/rerun/"))
    assert cockpit.headers["content-security-policy"] == "frame-ancestors 'self'"
    assert viewer.headers["content-security-policy"] == "frame-ancestors 'self'"
    name, value = ISOLATION
    assert viewer.headers[name] == value and name.lower() not in cockpit.headers


def test_on_this_machine_alone_no_token_is_asked_for(local):
    with browser(local) as client:
        assert client.get("/").status_code == 200
    assert Client(f"http://{local}", verbose=False).predict(api_name="/status")["state"] == "idle"


def test_the_token_is_on_no_log(lan, capfd):
    with browser(lan[0], TOKEN) as client:
        client.get("/config", params={"token": "a-wrong-token-for-these-tests"})
    told = capfd.readouterr()
    assert TOKEN not in told.out + told.err and "a-wrong-token" not in told.out + told.err
    assert TOKEN not in repr(shared())


def test_only_a_server_on_loopback_asks_for_no_token():
    for host in ("127.0.0.1", "::1", "localhost"):
        assert access_for(host, 7860) == Access(names=("localhost", "127.0.0.1", "::1", host))
    for host in ("0.0.0.0", "::", "192.168.1.20", "robot.example.org"):
        access = access_for(host, 7860)
        assert access.token is not None and len(access.token) >= 20 and access.token in str(access.link)
    assert access_for("0.0.0.0", 7860).token != access_for("0.0.0.0", 7860).token


def test_the_shared_address_is_the_one_that_others_know():
    assert access_for("192.168.1.20", 80, TOKEN).link == f"http://192.168.1.20:80/?token={TOKEN}"
    assert access_for("0.0.0.0", 80, TOKEN, "Robot.example.org").link == f"http://Robot.example.org:80/?token={TOKEN}"
    assert "robot.example.org" in access_for("0.0.0.0", 80, TOKEN, "Robot.example.org").names
    assert access_for("fd00::2", 80, TOKEN).link == f"http://[fd00::2]:80/?token={TOKEN}"
