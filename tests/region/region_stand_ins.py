"""What stands in the place of connections and of Prefect's blocks, put there once in a process."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import httpx
import region_prefect
from pydantic import SecretStr
from region_clock import current
from region_site import REGION

from pipeline.health import probe
from pipeline.image.config import ImageConfig
from pipeline.live import LiveEnvironment
from pipeline.sqlite import runner

FLOWS = (
    *("deploy_application", "rollback_application", "sync_secrets", "backup_sqlite", "drill_restore"),
    *("restore_sqlite", "verify_health", "cleanup_ecr"),
)

_prepared: list[Callable[[], None]] = []


def _ask(_client: object, requested: Any) -> Any:
    """Ask the load balancer, or a task by its address, in place of a connection."""
    process = current()
    assert process is not None
    world = process.main.run.world  # type: ignore[attr-defined]
    process.sleep(0.05)
    host = _host(requested.url)
    if host.startswith("10."):
        task = next((item for item in world.ecs.tasks.alive() if item.address == host), None)
        if task is None or not task.answers:
            return probe.Reply(0.1, None, None, "Nothing listens on port 8000")
        answer = world.application.answer(task)
    else:
        answer = world.balancer.answer()
    release = probe._release(answer)
    if requested.codes.accepts(answer.status_code):
        fault = probe._shortcoming(answer, 0.05, release, requested)
        return probe.Reply(0.05, answer.status_code, release, fault)
    return probe.Reply(0.05, answer.status_code, release, f"HTTP {answer.status_code}", "")


@cache
def _host(url: str) -> str:
    return httpx.URL(url).host


def _sign(signer: Any, operation: str, _seconds: int = 0, **parameters: object) -> str:
    """Name an object in a URL: what a signature is worth, others prove."""
    query = f"?uploadId={parameters['UploadId']}" if "UploadId" in parameters else ""
    return f"https://{signer._bucket}.s3.{REGION}.amazonaws.com/{parameters['Key']}{query}"


class _NoClient:
    """HTTP client that opens nothing."""

    def __init__(self, **_: object) -> None:
        """Take what httpx takes."""

    def __enter__(self) -> "_NoClient":
        return self

    def __exit__(self, *_: object) -> None:
        """Close nothing."""


def prepare() -> None:
    """Put the stand-ins in place, once in a process, after all flows are loaded."""
    if _prepared:
        return
    for name in FLOWS:
        import_module(f"flows.{name}")
    _prepared.append(prepare)
    probe.httpx = SimpleNamespace(Client=_NoClient, HTTPError=httpx.HTTPError)  # type: ignore[assignment]
    probe._ask = _ask  # type: ignore[assignment]
    runner.Signer._sign = _sign  # type: ignore[method-assign]
    region_prefect.stand_in(
        {
            "load_environment": _load,
            "AppSecrets": SimpleNamespace(load=_block),
            "preflight": lambda *_, **__: (),
            "read_config": lambda *_, **__: ImageConfig(command=("serve",)),
        }
    )


def _block(_name: str) -> SimpleNamespace:
    """Return the block of secret values that the operator has filled in."""
    process = current()
    values = process.main.run.world.block  # type: ignore[union-attr]
    return SimpleNamespace(concealed=lambda: {key: SecretStr(value) for key, value in values.items()})


def _load(name: str, built: bool = True, identified: bool = True) -> LiveEnvironment:
    from pipeline.aws.access import identify

    process = current()
    live: LiveEnvironment = process.main.run.world.live  # type: ignore[union-attr]
    identify(live.access)
    return live
