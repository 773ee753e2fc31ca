"""By which addresses this machine is reached, and which of them is for others."""

from __future__ import annotations

import ipaddress
import socket
from typing import Final

LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "::1")
NO_NETWORK: Final = "This machine has no address but loopback"
_ELSEWHERE: Final = {socket.AF_INET: "198.51.100.1", socket.AF_INET6: "2001:db8::1"}
"""addresses that are nobody's: which of ours would be used on the way there is the one that others know"""


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_everywhere(host: str) -> bool:
    """Whether a server that listens there is reached by every address of the machine."""
    return host in ("0.0.0.0", "::")


def in_url(host: str) -> str:
    """A host as it is written in an address."""
    return f"[{host}]" if ":" in host else host


def own_addresses() -> list[str]:
    """Addresses of this machine that others on its network reach, the likeliest first; none if it has no network."""
    import psutil

    found = [address for family in _ELSEWHERE if (address := _towards(family)) is not None]
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    for family in _ELSEWHERE:
        for name, addresses in psutil.net_if_addrs().items():
            found += [each.address for each in addresses if each.family == family and name in up]
    return [address for address in dict.fromkeys(found) if _is_for_others(address)]


def _towards(family: int) -> str | None:
    with socket.socket(family, socket.SOCK_DGRAM) as probe:  # connecting it sends nothing
        try:
            probe.connect((_ELSEWHERE[socket.AddressFamily(family)], 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


def _is_for_others(address: str) -> bool:
    known = ipaddress.ip_address(address.partition("%")[0])
    return not (known.is_loopback or known.is_link_local or known.is_unspecified)
