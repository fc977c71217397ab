"""Whether the process behind a run record still lives."""

from pathlib import Path

from pipeline.state.model import RunStatus
from pipeline.terraform.folder import is_held

_STATE_FIELD, _START_FIELD = 0, 19
"""Places after the command name in /proc/PID/stat, see proc(5): fields 3 and 22."""


def process_start(pid: int) -> str | None:
    """Return when the process started, in the kernel's ticks since boot, with the boot it belongs to.

    None when there is no such process, or it is a zombie.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[_STATE_FIELD] == "Z" else f"{boot}:{fields[_START_FIELD]}"


def observe(host: str, pid: int, started: str, folder: str, *, this_host: str) -> RunStatus:
    """Look for the process, and for a Terraform of its that outlived it; UNKNOWN on another host."""
    if host != this_host or not started or not Path("/proc/self/stat").exists():
        return RunStatus.UNKNOWN
    if process_start(pid) == started or (Path(folder).is_dir() and is_held(Path(folder))):
        return RunStatus.ALIVE
    return RunStatus.GONE
