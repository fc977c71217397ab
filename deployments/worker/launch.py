"""Runs a module in a process that the worker's fork server makes; by itself where the server is gone.

Started as ``python -I -S launch.py ADDRESS MODULE``: it imports next to nothing, and stands for the forked
process: same output, same signals, same exit code. Whoever kills it kills the forked process.
"""

import json
import os
import signal
import socket
import struct
import sys

FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


def main() -> None:
    """Run the module and end as it ends."""
    address, module = sys.argv[1:]
    server = connect(address, module)
    if server is None:
        os.execv(sys.executable, [sys.executable, "-m", module])  # noqa: S606 - the same interpreter
    for number in FORWARDED:
        signal.signal(number, lambda got, _frame: server.send(bytes([got])))
    answer = server.recv(4)
    if len(answer) < 4:
        sys.exit("The fork server ended, and its runs with it.")
    end_like(struct.unpack("i", answer)[0])


def connect(address: str, module: str) -> socket.socket | None:
    """Hand this process's place over to a forked one; None where nobody takes it."""
    server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    place = {"module": module, "folder": os.getcwd(), "variables": dict(os.environ)}  # noqa: PTH109 - pathlib is slow to import
    try:
        server.connect(f"\0{address}")
        if peer(server) != os.getuid():
            return None
        socket.send_fds(server, [json.dumps(place).encode()], [0, 1, 2])
        return server if server.recv(1) else None
    except OSError:
        return None


def peer(connection: socket.socket) -> int:
    """Return the id of the user at the other end."""
    size = struct.calcsize("3i")
    _, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return int(user)


def end_like(status: int) -> None:
    """End with another process's wait status: by its exit code or its signal."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        if -code in FORWARDED:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main()
