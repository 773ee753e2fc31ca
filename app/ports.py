"""Whether a server can listen on a port, and if not, who is in the way."""

from __future__ import annotations

import errno
import socket


def port_problem(host: str, port: int, option: str) -> tuple[str, str] | None:
    """Why nothing can listen on `host:port` now and what to do about it, a sentence each; None if it is free.

    `option` is the command-line option that chooses the port.
    """
    another = f"choose another port with {option}."
    address_fix = "Name an address of this machine with --host (127.0.0.1 is the one nobody else reaches)."
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        return f"{host!r} is no address of this machine ({error.strerror}).", address_fix
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: a port in TIME_WAIT is free
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"Port {port} is in use{_owner(port)}.", f"Stop that program, or {another}"
            if error.errno == errno.EACCES:
                return f"Port {port} needs administrator rights.", another.capitalize()
            return f"Nothing can listen on {host}:{port} ({error.strerror}).", address_fix
    return None


def _owner(port: int) -> str:
    import psutil

    try:
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
            if listens and connection.pid is not None:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    except (psutil.Error, OSError):  # not ours to see
        pass
    return ""
