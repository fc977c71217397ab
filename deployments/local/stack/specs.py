"""The stack's processes as data: what to run, with what, and the questions that show it is ready."""

import base64
import hashlib
import json
import sys
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any

from deployments.local.stack import migrated
from deployments.local.stack.processes import Process
from deployments.local.stack.secrets import AWS_KEY, ENCRYPTION_KEY, PREFECT_PASSWORD, WEBHOOK_SECRET, read
from deployments.local.stack.settings import REGION, Settings

WORK_POOL = "local"
WORKER = "local"
_ROUNDED = 1.0
"""Seconds by which a process may have started later than it seems: only the second of the boot is known."""
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(url: str, body: Any = None, timeout: float = 5.0, auth: str = "") -> Any:
    """Return the JSON answer to a GET, or to a POST of ``body``; never through a proxy.

    ``auth`` is ``USER:PASSWORD`` where the server asks for one.

    Raises:
        OSError, ValueError, HTTPException: no answer, a bad status, or no JSON.
    """
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    if auth:
        headers["Authorization"] = f"Basic {base64.b64encode(auth.encode()).decode()}"
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - our own loopback
    with _DIRECT.open(request, timeout=timeout) as answer:
        return json.load(answer)


def answers(url: str) -> Callable[[Process], bool]:
    """Make the question whether ``url`` answers with success."""

    def probe(_: Process) -> bool:
        try:
            ask(url)
        except (OSError, ValueError, HTTPException):
            return False
        return True

    return probe


def worker_polls(api: str, auth: str) -> Callable[[Process], bool]:
    """Make the question whether the worker has reported to the server since its process was started."""

    def probe(process: Process) -> bool:
        try:
            workers = ask(f"{api}/work_pools/{WORK_POOL}/workers/filter", {}, auth=auth)
        except (OSError, ValueError, HTTPException):
            return False
        beats = [worker["last_heartbeat_time"] for worker in workers if worker["name"] == WORKER]
        own = datetime.fromtimestamp(process.started + _ROUNDED, UTC)
        return any(datetime.fromisoformat(beat) >= own for beat in beats if beat)

    return probe


CONNECT_SECONDS = 1.0
"""How long a container on this machine may take to accept a connection. A dead one's address answers nothing
at all, and the emulator's own ten seconds are all that many a client waits."""

Probe = Callable[[Process], bool]
_VIMBISO = (sys.executable, "-m", "deployments")
"""The command ``vimbiso``: by its script's name a process could not be told again by its command line."""
SERVICES = (
    "acm,backup,cloudtrail,dynamodb,ec2,ecr,ecs,ecs-metadata,elasticfilesystem,elasticloadbalancing,events,iam,kms,"
    "logs,monitoring,route53,s3,secretsmanager,sns,ssm,sts,tagging,wafv2"
)
"""What the pipeline and its Terraform use. Of the others, Lambda runs its callers' code on this machine."""


@dataclass(frozen=True)
class Spec:
    """One process of the stack."""

    name: str
    command: tuple[str, ...]
    ready: Probe
    """Whether it does its work; asked repeatedly."""
    port: int | None = None
    port_variable: str = ""
    """Variable that chooses another port."""
    variables: dict[str, str] = field(default_factory=dict)
    foreign: tuple[str, ...] = ()
    """Prefixes of inherited variables that it must not see."""
    grace: float = 15.0
    """Seconds it gets to end by itself."""


def specs(settings: Settings) -> list[Spec]:
    """Return the processes in the order in which they are started; they are stopped in the reverse one."""
    return [_emulator(settings), _server(settings), _worker(settings), _webhook(settings)]


def instance(settings: Settings) -> str:
    """Return the emulator's name for itself: its containers' label ``ministack.instance``."""
    return f"{_host(settings)}:{settings.aws_port}"


def _host(settings: Settings) -> str:
    return f"vimbiso-{hashlib.sha256(str(settings.state).encode()).hexdigest()[:12]}"


def _emulator(settings: Settings) -> Spec:
    state = settings.state / "aws"
    return Spec(
        name="aws",
        command=(*_VIMBISO, "stack", "emulator"),
        ready=answers(f"{settings.aws_url}/_ministack/health"),
        port=settings.aws_port,
        port_variable="VIMBISO_AWS_PORT",
        variables={
            "GATEWAY_PORT": str(settings.aws_port),
            "MINISTACK_HOSTNAME": _host(settings),
            "MINISTACK_REGION": REGION,
            "SERVICES": SERVICES,
            "PERSIST_STATE": "1",
            "STATE_DIR": str(state / "services"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(state / "s3"),
            "ECS_RESTORE_RECONCILE_DELAY_SECONDS": "1",
            "ALB_TARGET_CONNECT_TIMEOUT_SECONDS": str(CONNECT_SECONDS),
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "AWS_ACCESS_KEY_ID": "test",
            # Presigned URLs are checked with it; `register` gives it to the flows.
            "AWS_SECRET_ACCESS_KEY": read(settings, AWS_KEY),
        },
        foreign=("AWS_",),
        grace=30.0,
    )


def _server(settings: Settings) -> Spec:
    return Spec(
        name="prefect",
        command=(
            *(*_VIMBISO, "stack", "server"),
            *("--host", "127.0.0.1", "--port", str(settings.prefect_port)),
        ),
        ready=answers(f"{settings.prefect_url}/api/health"),
        port=settings.prefect_port,
        port_variable="VIMBISO_PREFECT_PORT",
        variables={
            "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
            "PREFECT_SERVER_API_AUTH_STRING": read(settings, PREFECT_PASSWORD),
            "PREFECT_SERVER_ENCRYPTION_KEY": read(settings, ENCRYPTION_KEY),
            "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": ",".join(settings.prefect_origins),
            # In memory, a restart would forget who holds a lock, and the lock would stay taken.
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
            # By default the runs of hundreds of schedules a day stay for ever; so they go after 90 days.
            "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
            **migrated.variables(settings.state / "prefect"),
        },
    )


def _worker(settings: Settings) -> Spec:
    return Spec(
        name="worker",
        command=(*_VIMBISO, "stack", "worker"),
        ready=worker_polls(f"{settings.prefect_url}/api", read(settings, PREFECT_PASSWORD)),
        variables={"PREFECT_WORKER_QUERY_SECONDS": "5"},
        grace=45.0,
    )


def _webhook(settings: Settings) -> Spec:
    return Spec(
        name="webhook",
        command=(*_VIMBISO, "webhook"),
        ready=answers(f"http://127.0.0.1:{settings.webhook_port}/health"),
        port=settings.webhook_port,
        port_variable="VIMBISO_WEBHOOK_PORT",
        variables={"WEBHOOK_EMULATED_SECRET_FILE": str(settings.state / WEBHOOK_SECRET)},
    )
