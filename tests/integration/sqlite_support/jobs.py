"""Runs job files as the container does: python3 -c BOOTSTRAP, everything else over HTTP."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlite_support.loopback import Loopback

from pipeline.sqlite import runner

PART = 1 << 20


@dataclass(frozen=True)
class Ended:
    """How a job ended; ``result`` is None when it reported nothing."""

    code: int
    result: dict[str, Any] | None
    log: str

    @property
    def kind(self) -> str:
        """Kind of the reported failure."""
        assert self.result is not None, self.log
        return str(self.result.get("kind"))


def start(
    s3: Loopback, job: dict[str, Any], temporary: Path, before: Callable[[], None] | None = None
) -> subprocess.Popen[str]:
    """Start the job; ``temporary`` is its ephemeral disk, ``before`` runs in the child."""
    urls = {"orders_url": s3.url("/job.json"), "result_url": s3.url("/result.json")}
    file = runner.job_file({**urls, "tries": 3, **job})
    s3.objects.pop("/result.json", None)
    s3.objects["/job.json"] = file.body
    python = os.environ.get("SQLITE_JOB_PYTHON", sys.executable)
    return subprocess.Popen(
        [python, *runner.command()[1:]],
        env={
            "TMPDIR": str(temporary),
            "PATH": os.environ["PATH"],
            **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
            **runner.environment(s3.url("/job.json"), file),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=before,
    )


def end(s3: Loopback, process: subprocess.Popen[str]) -> Ended:
    """Wait for the job's end; no log may show a signature."""
    log, _ = process.communicate()  # pytest-timeout ends a job that hangs
    assert "SECRET" not in log
    body = s3.objects.get("/result.json")
    assert body is None or b"SECRET" not in body
    return Ended(process.returncode, json.loads(body) if body else None, log)


def run(
    s3: Loopback, job: dict[str, Any], temporary: Path, before: Callable[[], None] | None = None
) -> Ended:
    """Run the job to its end."""
    return end(s3, start(s3, job, temporary, before))


def backup_job(s3: Loopback, database: Path, **changes: Any) -> dict[str, Any]:
    """Return orders for a backup in parts of 1 MiB."""
    urls = [s3.url(f"/part/{number}") for number in range(1, 200)]
    return {
        "action": "backup",
        "database": str(database),
        "integrity": "integrity_check",
        "busy_timeout": 5,
        "patience": 300,
        "part_bytes": PART,
        "part_urls": urls,
        **changes,
    }


def restore_job(s3: Loopback, result: dict[str, Any], target: Path | None = None) -> dict[str, Any]:
    """Return orders to restore what a backup job has sent; without a target a drill."""
    s3.objects["/backup"] = b"".join(s3.objects[f"/part/{part['number']}"] for part in result["parts"])
    return {
        "action": "restore" if target else "drill",
        "target": str(target),
        "url": s3.url("/backup"),
        "integrity": "integrity_check",
        **{name: result[name] for name in ("codec", "bytes", "sha256", "compressed_sha256", "checks")},
    }
