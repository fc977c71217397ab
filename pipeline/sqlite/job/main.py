"""Runs one job and reports its result through a presigned URL."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

from .backup import back_up
from .errors import JobError, from_os_error
from .exchange import exchange
from .report import log
from .restore import drill, restore
from .swap import swap
from .transfer import put

Action = Callable[[dict[str, Any], str], dict[str, Any]]
ACTIONS: dict[str, Action] = {
    "backup": back_up,
    "restore": restore,
    "drill": drill,
    "swap": swap,
    "exchange": exchange,
}


def main(job: dict[str, Any]) -> int:
    """Run the job; return the process's exit code: 0 done, 1 failed and reported, 2 not even reported."""
    signal.signal(signal.SIGTERM, _stop)
    began, cpu = time.time(), time.process_time()
    with suppress(JobError):  # else their URL expires
        put(job["orders_url"], b"{}", 1)  # who may look at the task must not read the database's URLs
    work = tempfile.mkdtemp(prefix="sqlite-job-", dir=job.get("work"))
    try:
        result = _run(job, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    result["began_at"], result["ended_at"] = began, time.time()
    result["cpu_seconds"] = round(time.process_time() - cpu, 3)
    result["peak_kib"] = _peak_kib()
    result["sqlite"], result["python"] = sqlite3.sqlite_version, sys.version.split()[0]
    return _report(job["result_url"], result, job["tries"])


def _peak_kib() -> int:
    """Peak memory of this program; ru_maxrss would count what its parent held when it was forked."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _run(job: dict[str, Any], work: str) -> dict[str, Any]:
    try:
        return {"ok": True, **ACTIONS[job["action"]](job, work)}
    except JobError as error:
        failure = error
    except sqlite3.Error as error:
        failure = JobError("unexpected", f"SQLite: {error}")
    except OSError as error:
        failure = from_os_error(error, f"{job['action']}: {error.filename or 'a file'}")
    log(f"failed ({failure.kind}): {failure}")
    return {"ok": False, "kind": failure.kind, "message": str(failure)}


def _report(url: str, result: dict[str, Any], tries: int) -> int:
    try:
        put(url, json.dumps(result).encode(), tries)
    except JobError as error:
        log(f"the result could not be reported: {error}")
        return 2
    return 0 if result["ok"] else 1


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise JobError("stopped", "the task was told to stop")
