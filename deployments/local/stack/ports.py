"""Finds out whether a port is free, and who holds it when it is not."""

import socket
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

from deployments.local.stack.errors import StackError

_LOOKS, _INTERVAL = 100, 0.1


def require_free(
    port: int, variable: str, purpose: str, sleep: Callable[[float], object] = time.sleep
) -> None:
    """Refuse to go on when somebody listens on the port.

    A process that is being killed is gone for everybody who looks while the kernel still closes its files: a
    port that nobody is seen to hold gets some seconds to become free.

    Raises:
        StackError: naming the holder where it can be found, and the variable to set.
    """
    holder = ""
    for _ in range(_LOOKS):
        if not _taken(port):
            return
        if holder := _holder(port):
            break
        sleep(_INTERVAL)
    by = f" by {holder}" if holder else ""
    raise StackError(
        f"Port {port} for {purpose} is taken{by}. "
        f"Stop that, or choose another port: {variable}={port + 100} make up"
    )


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 - the question is about all addresses; nothing listens
        except OSError:
            return True
    return False


def _holder(port: int) -> str:
    """Name the process that listens, such as ``nginx (pid 12)``; "" where it is not ours to see."""
    for item in psutil.net_connections("tcp"):
        listens = item.status == psutil.CONN_LISTEN and item.laddr and item.laddr.port == port
        if listens and item.pid:
            with suppress(psutil.Error):
                return f"{' '.join(psutil.Process(item.pid).cmdline())[:80]} (pid {item.pid})"
    return ""
