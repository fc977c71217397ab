"""A port that is taken is named with its holder; one that is becoming free is waited for."""

import os
import socket
from collections.abc import Callable

import pytest
from support.ports import free_port

from deployments.local.stack.commands import require_free
from deployments.local.stack.errors import StackError


def held_by_nobody(port: int) -> Callable[[float], None]:
    """Leave a listening socket in flight between two others, as no process's; return what ends it."""
    here, there = socket.socketpair()
    with socket.create_server(("127.0.0.1", port)) as server:
        socket.send_fds(here, [b"x"], [server.fileno()])

    def end(_seconds: float) -> None:
        for descriptor in socket.recv_fds(there, 1, 1)[1]:
            os.close(descriptor)
        here.close()
        there.close()

    return end


def test_a_port_that_a_dying_process_still_holds_is_waited_for() -> None:
    """Else `up` refuses to start again what was killed a moment ago, and names nobody."""
    port = free_port()
    require_free(port, "VARIABLE", "it", sleep=held_by_nobody(port))


def test_a_port_that_does_not_become_free_is_named() -> None:
    """Somebody holds it whom this user may not see."""
    port, waits = free_port(), list[float]()
    end = held_by_nobody(port)
    with pytest.raises(StackError, match=rf"Port {port} for it is taken\. .* VARIABLE={port + 100} make up"):
        require_free(port, "VARIABLE", "it", sleep=waits.append)
    assert 5 <= sum(waits) <= 20
    end(0)


def test_a_living_holder_is_not_waited_for() -> None:
    """Whoever is seen to hold it will not end by itself."""
    port = free_port()
    with socket.create_server(("127.0.0.1", port)), pytest.raises(StackError, match=f"pid {os.getpid()}"):
        require_free(port, "VARIABLE", "it", sleep=lambda _: pytest.fail("it was waited for"))
