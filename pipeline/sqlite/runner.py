"""Runs one job in a one-off task on the application's own image and volume, to its reported result."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib.resources import files
from typing import Any, Literal

from botocore.config import Config

from pipeline.aws.errors import calling
from pipeline.clock import utc_now
from pipeline.ecs.model import EcsError, OneOffTaskError, Task
from pipeline.ecs.oneoff import OneOff, ended, failure, wait_until
from pipeline.live import LiveEnvironment
from pipeline.sqlite.journal import JournalEntry, close_entry, open_entry
from pipeline.sqlite.model import BackupManifest, SqliteError, SqliteJobError, job_error
from pipeline.sqlite.store import BackupStore

_MARGIN = 900
"""Seconds that a URL outlives the task's own limit; as long a task may take to start."""


class Signer:
    """Signs with Signature Version 4, the only one that regions such as af-south-1 know.

    A URL signed with temporary credentials dies with them, whatever its own lifetime.
    """

    def __init__(self, live: LiveEnvironment, timeout: float) -> None:
        style: Literal["path", "virtual"] = "path" if live.settings.task_endpoint_url else "virtual"
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": style},
            # A checksum in the URL would be that of an empty body.
            request_checksum_calculation="when_required",
        )
        self._s3 = replace(live.access, endpoint_url=live.settings.task_endpoint_url).client("s3", config)
        self._bucket = live.outputs.backup_bucket
        self._seconds = int(timeout) + _MARGIN

    def get(self, key: str) -> str:
        """Return a URL that reads the object."""
        return self._sign("get_object", Key=key)

    def orders(self, key: str) -> str:
        """Return a URL that reads a job's orders, only as long as its task starts: DescribeTasks shows it."""
        return self._sign("get_object", _MARGIN, Key=key)

    def put(self, key: str) -> str:
        """Return a URL that writes the object."""
        return self._sign("put_object", Key=key)

    def parts(self, key: str, upload_id: str, count: int) -> list[str]:
        """Return URLs that write parts 1 to ``count`` of a multipart upload."""
        return [
            self._sign("upload_part", Key=key, UploadId=upload_id, PartNumber=number)
            for number in range(1, count + 1)
        ]

    def _sign(self, operation: str, seconds: int = 0, **parameters: object) -> str:
        with calling("Signing an S3 URL"):
            url = self._s3.generate_presigned_url(
                operation,
                Params={"Bucket": self._bucket, **parameters},
                ExpiresIn=seconds or self._seconds,
            )
        return str(url)


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


Report = Callable[[str], None]
_TRIES = 6
"""How often the task tries one request to S3."""
_LONGEST_RESULT = 1 << 24
"""Bytes; it tells of 10,000 parts and of every table."""
_VISIBLE = 15.0
"""Seconds within which ECS lists a task that was started (its lists are eventually consistent)."""


@dataclass(frozen=True)
class JobResult:
    """Report of a job; ``values`` is its JSON."""

    values: dict[str, Any]
    task_definition: str

    @property
    def seconds(self) -> float:
        """Duration of the job itself."""
        return float(self.values["ended_at"]) - float(self.values["began_at"])


class Runner:
    """Runs the job of one attempt; a second run of the same attempt finds the first one's task."""

    def __init__(
        self,
        live: LiveEnvironment,
        entry: JournalEntry,
        timeout: float,
        report: Report,
        task_definition: str = "",
    ) -> None:
        self._live = live
        self.entry = entry
        self._timeout = timeout
        self.report = report
        self._definition = task_definition
        self._store = BackupStore(live)
        self._tasks = live.one_off_tasks
        self.signer = Signer(live, timeout)

    def run(self, spec: Callable[[Signer], dict[str, Any]]) -> JobResult:
        """Run the job that ``spec`` describes (called only where a task must be started).

        Raises:
            SqliteJobError: the job failed, or ended without a result.
            OneOffTaskError: the task did not start or did not end in time; it is stopped then.
            AwsError: AWS refused or could not be reached; run again to go on.
        """
        task = self._find()
        if task is None and self._result() is None:
            task = self._start(spec)
        if task is not None:
            task = self._ended(task)
        return self._judge(task)

    def _find(self) -> Task | None:
        """Find the attempt's task; where one may just have been started, wait until ECS lists it."""
        ordered = self._store.head(self.entry.job_key("job.json")) is not None
        deadline = time.monotonic() + _VISIBLE if ordered else 0.0
        task = self._tasks.find(self.entry.started_by)
        while task is None and self._result() is None and time.monotonic() < deadline:
            time.sleep(1)
            task = self._tasks.find(self.entry.started_by)
        return task

    def _start(self, spec: Callable[[Signer], dict[str, Any]]) -> Task:
        key = self.entry.job_key("job.json")
        urls = {
            "orders_url": self.signer.put(key),
            "result_url": self.signer.put(self.entry.job_key("result.json")),
        }
        job = job_file({**spec(self.signer), **urls, "tries": _TRIES})
        self._store.write(key, job.body)
        task = self._tasks.start(self._one_off(environment(self.signer.orders(key), job)))
        self.report(f"Task {task.id} runs the {self.entry.purpose} job")
        return task

    def _one_off(self, environment: dict[str, str]) -> OneOff:
        outputs = self._live.outputs
        return OneOff(
            cluster=outputs.cluster,
            task_definition=self._definition or task_definition(self._live),
            container=outputs.container,
            started_by=self.entry.started_by,
            command=command(),
            environment=environment,
            subnets=outputs.subnet_ids,
            security_groups=outputs.security_group_ids,
        )

    def _ended(self, task: Task) -> Task:
        done = partial(ended, container=self._live.outputs.container)
        try:
            return wait_until(partial(self._tasks.describe, task.arn), done, self._timeout)
        except OneOffTaskError:
            self._tasks.stop(task.arn, "The pipeline's time limit for this job is over")
            raise

    def _result(self) -> dict[str, Any] | None:
        """Read what the application's own image wrote, which may be anything."""
        key = self.entry.job_key("result.json")
        head = self._store.head(key)
        if head is not None and head.size > _LONGEST_RESULT:
            raise SqliteJobError("no-result", f"The job reported {head.size} bytes, which are not read.")
        try:
            return self._store.document(key) if head else None
        except (ValueError, TypeError, RecursionError) as error:
            raise SqliteJobError("no-result", f"What the job reported is no result: {error}") from error

    def _judge(self, task: Task | None) -> JobResult:
        values = self._result()
        where = f"The {self.entry.purpose} job" + (f" in task {task.id}" if task else "")
        if values is None:
            reason = failure(task, self._live.outputs.container) if task else None
            raise SqliteJobError(
                "no-result",
                f"{where} reported no result ({reason or 'exit code 0'}). Look at the task's log.",
            )
        if not values.get("ok"):
            raise job_error(str(values.get("kind")), str(values.get("message")), where)
        return JobResult(values, task.task_definition if task else "")


def task_definition(live: LiveEnvironment) -> str:
    """Return the task definition that the service runs; before there is one, Terraform's own."""
    outputs = live.outputs
    service = live.service.describe()
    if service is not None and service.task_definition:
        return service.task_definition
    return outputs.task_definition_arn or outputs.task_family


def stop_task(live: LiveEnvironment, entry: JournalEntry) -> None:
    """Stop the attempt's task, if one still runs."""
    tasks = live.one_off_tasks
    task = tasks.find(entry.started_by)
    if task is not None and not ended(task):
        tasks.stop(task.arn, "The run that started this job is gone")


TIMEOUT = 3600.0
JobSpec = Callable[[Signer], dict[str, Any]]


def fetch_spec(signer: Signer, manifest: BackupManifest) -> dict[str, Any]:
    """Return what a job needs to download and check a backup."""
    return {
        "url": signer.get(manifest.key),
        "codec": manifest.codec,
        "bytes": manifest.bytes,
        "sha256": manifest.sha256,
        "compressed_sha256": manifest.compressed_sha256,
        "checks": manifest.checks.model_dump(mode="json"),
        "integrity": "integrity_check",
    }


def run_job(live: LiveEnvironment, purpose: str, run_id: str, report: Report, spec: JobSpec) -> JobResult:
    """Run a job that leaves nothing in the bucket; its attempt ends with it, well or badly."""
    store = BackupStore(live)
    entry = open_entry(store, purpose, run_id, utc_now())
    try:
        result = Runner(live, entry, TIMEOUT, report).run(spec)
    except (SqliteError, EcsError):
        close_entry(store, entry)
        raise
    close_entry(store, entry)
    return result
