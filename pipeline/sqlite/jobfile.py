"""Builds what the task runs: a small bootstrap, and a job file with the code and its orders."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_BOOTSTRAP = "bootstrap.py"


@dataclass(frozen=True)
class JobFile:
    """The document, and its SHA-256 that the bootstrap insists on."""

    body: bytes

    @property
    def sha256(self) -> str:
        """Hexadecimal digest."""
        return hashlib.sha256(self.body).hexdigest()


@cache
def sources() -> dict[str, str]:
    """Return the job's files by name, without the bootstrap."""
    return {
        item.name: item.read_text(encoding="utf-8")
        for item in files("pipeline.sqlite.job").iterdir()
        if item.name.endswith(".py") and item.name != _BOOTSTRAP
    }


def job_file(job: dict[str, Any]) -> JobFile:
    """Return the job file for these orders (see ``job/main.py``)."""
    return JobFile(json.dumps({"files": sources(), "job": job}, sort_keys=True).encode())


@cache
def command() -> tuple[str, ...]:
    """Return the container's command; an image with an entry point must execute its arguments."""
    text = files("pipeline.sqlite.job").joinpath(_BOOTSTRAP).read_text(encoding="utf-8")
    return ("python3", "-c", text)


def environment(url: str, job: JobFile) -> dict[str, str]:
    """Return the container's variables; the URL is a secret and so no argument."""
    return {"SQLITE_JOB_URL": url, "SQLITE_JOB_SHA256": job.sha256}
