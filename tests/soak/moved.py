"""A clock that the soak moves: of its stack's processes, its own, and the application's containers."""

import mmap
import os
import struct
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

_SOURCE = Path(__file__).with_name("clock.c")
_LIBRARY = "soak-clock.so"
_FILE = "clock"
_FORM = "=q"


def variables(folder: Path) -> dict[str, str]:
    """Return what moves a process and all that it starts."""
    return {"LD_PRELOAD": str(folder / _LIBRARY), "SOAK_CLOCK": str(folder / _FILE)}


def build(folder: Path) -> None:
    """Compile the library, and make a clock that goes right."""
    compiler = ["cc", "-O2", "-Wall", "-shared", "-fPIC", "-o", str(folder / _LIBRARY), str(_SOURCE), "-ldl"]
    subprocess.run(compiler, check=True)
    (folder / _FILE).write_bytes(struct.pack(_FORM, 0))
    (folder / _FILE).chmod(0o644)


class MovedClock:
    """The seconds by which the clock is ahead, which every process reads at each look at it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with (folder / _FILE).open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), struct.calcsize(_FORM))

    def move_to(self, moment: datetime) -> None:
        """Go forward to a moment; one that has passed is passed."""
        ahead = (moment - datetime.now(UTC)).total_seconds()
        if ahead > 0:
            (now,) = struct.unpack(_FORM, self._page[:])
            self._page[:] = struct.pack(_FORM, now + int(ahead))

    def enter(self, image: Path, data: Path) -> None:
        """Let containers have it: the library goes into the image, the clock to where their data are."""
        library = image / _LIBRARY
        library.write_bytes((self.folder / _LIBRARY).read_bytes())
        library.chmod(0o755)
        os.link(self.folder / _FILE, data / f".{_FILE}")


IN_THE_IMAGE = f"""
COPY {_LIBRARY} /{_LIBRARY}
ENV LD_PRELOAD=/{_LIBRARY} SOAK_CLOCK=/data/.{_FILE}
"""
"""The last lines of the application's Dockerfile."""


def enter_moved_time(arguments: list[str]) -> Path:
    """Return the folder of the clock; the first time around, begin again with the clock preloaded."""
    if "SOAK_CLOCK" not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="soak-"))
        build(folder)
        os.execve(arguments[0], arguments, {**os.environ, **variables(folder)})  # noqa: S606 - ourselves
    return Path(os.environ["SOAK_CLOCK"]).parent
