"""Ports for the servers of a test."""

import secrets
import socket

_LOWEST, _COUNT = 20_000, 12_000


def free_port() -> int:
    """Return a port that nobody uses now, below those that outgoing connections get.

    A server that is stopped and started again keeps its port: nobody takes it meanwhile.
    """
    for _ in range(100):
        port = _LOWEST + secrets.randbelow(_COUNT)
        with socket.socket() as probe:
            try:
                probe.bind(("", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port was found")
