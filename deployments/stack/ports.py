"""Finds out whether a port is free, and who holds it when it is not."""

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from deployments.stack.errors import StackError

_LISTENING = "0A"
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
    links = {f"socket:[{inode}]" for inode in _inodes(port)}
    for folder in Path("/proc").glob("[0-9]*"):
        if links & _open_files(folder):
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            return f"{command[:80]} (pid {folder.name})"
    return ""


def _inodes(port: int) -> set[str]:
    found = set()
    for name in ("tcp", "tcp6"):
        try:
            lines = Path("/proc/net", name).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        fields = [line.split() for line in lines]
        found |= {
            row[9] for row in fields if row[3] == _LISTENING and int(row[1].rpartition(":")[2], 16) == port
        }
    return found


def _open_files(folder: Path) -> set[str]:
    """Return what the process has open, without what it closes meanwhile or we may not see."""
    found = set[str]()
    with suppress(OSError):
        for entry in (folder / "fd").iterdir():
            with suppress(OSError):
                found.add(str(entry.readlink()))
    return found
