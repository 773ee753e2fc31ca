"""By which addresses others reach this machine."""

from __future__ import annotations

import ipaddress
import socket

import psutil
import pytest

from app.addresses import in_url, is_loopback, own_addresses
from app.commands import demo
from app.doctor import check_network


def test_the_addresses_are_this_machine_s_own_and_others_reach_them():
    found = own_addresses()
    here = {each.address for addresses in psutil.net_if_addrs().values() for each in addresses}
    assert set(found) <= here and len(set(found)) == len(found)
    for address in found:
        known = ipaddress.ip_address(address)
        assert not known.is_loopback and not known.is_link_local
        with socket.socket(socket.AF_INET6 if known.version == 6 else socket.AF_INET) as listener:
            listener.bind((address, 0))


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("robot", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(host, alone):
    assert is_loopback(host) is alone


def test_an_address_of_version_six_is_written_in_brackets():
    assert (in_url("fd00::2"), in_url("192.168.1.20")) == ("[fd00::2]", "192.168.1.20")


@pytest.mark.parametrize(("own", "host"), [(["192.168.1.20", "fd00::2"], "0.0.0.0"), (["fd00::2"], "::")])
def test_lan_listens_at_every_address_of_the_kind_that_is_shared(monkeypatch, own, host):
    monkeypatch.setattr(demo, "own_addresses", lambda: own)
    assert demo._host("127.0.0.1", "") == (host, None)
    assert demo._host("192.168.1.20", "") == ("192.168.1.20", None)
    assert demo._host("127.0.0.1", None) == ("127.0.0.1", None)


def test_a_machine_without_a_network_is_told_in_one_sentence(monkeypatch, capsys):
    from app.cli import main

    monkeypatch.setattr(demo, "own_addresses", list)
    monkeypatch.setattr("app.doctor.own_addresses", list)
    assert main(["demo", "--lan"]) == 1
    assert capsys.readouterr().err == (
        "This machine has no address but loopback: connect it to a network, or leave --lan out.\n"
    )
    assert check_network().ok and "needs a network" in check_network().detail
    monkeypatch.setattr("app.doctor.own_addresses", lambda: ["192.168.1.20", "10.0.0.4"])
    assert "192.168.1.20, 10.0.0.4" in check_network().detail


def test_a_token_without_others_is_refused(capsys):
    from app.cli import main

    assert main(["demo", "--token", "sixteen-and-more-letters"]) == 2
    assert "add --lan" in capsys.readouterr().err
