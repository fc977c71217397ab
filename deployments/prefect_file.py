"""Registers the deployments of prefect.yaml in this process.

`prefect deploy --all` writes the same deployments, but starts anew for each and takes minutes for all.
"""

import hashlib
import os
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

import yaml
from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName
from prefect.client.schemas.objects import ConcurrencyOptions
from prefect.client.schemas.schedules import CronSchedule
from prefect.flows import load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema
from pydantic import BaseModel, ConfigDict

from pipeline.environment import PROJECT, environments

FILE = PROJECT / "prefect.yaml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WorkPoolName(_Strict):
    """Where a deployment's runs are executed."""

    name: str


class Limit(_Strict):
    """How many runs of a deployment may go at once."""

    limit: int
    collision_strategy: str
    grace_period_seconds: int
    """After which a run that was submitted by a worker that died gives its place up."""


class Schedule(_Strict):
    """When runs are created."""

    cron: str
    timezone: str


class DeploymentEntry(_Strict):
    """One deployment of prefect.yaml, as far as this project uses its format."""

    name: str
    entrypoint: str
    version: str
    tags: list[str]
    parameters: dict[str, Any]
    enforce_parameter_schema: bool
    work_pool: WorkPoolName
    concurrency_limit: Limit
    schedules: list[Schedule] = []


def entries() -> list[DeploymentEntry]:
    """Read every deployment of prefect.yaml; unknown keys are refused."""
    return [DeploymentEntry.model_validate(item) for item in _document()["deployments"]]


def version() -> str:
    """Digest of everything that a registered deployment shows: flows, types of parameters, prefect.yaml."""
    files = [FILE, *sorted(PROJECT.glob("flows/*.py")), *sorted(PROJECT.glob("blocks/*.py"))]
    digest = hashlib.sha256(repr((sorted(environments()), str(_root()))).encode())
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def deploy(client: SyncPrefectClient, names: Collection[str]) -> int:
    """Register the deployments of these environments that are not there in this version; return how many."""
    present = _versions(client, names)
    wanted = [entry for entry in entries() if entry.name in names]
    missing = [entry for entry in wanted if present.get(_full_name(entry)) != version()]
    for entry in missing:
        _create(client, entry)
    return len(missing)


def _create(client: SyncPrefectClient, entry: DeploymentEntry) -> None:
    flow = _flow(entry.entrypoint)
    client.create_deployment(
        flow_id=client.create_flow(flow),
        name=entry.name,
        version=version(),
        description=flow.description,
        entrypoint=entry.entrypoint,
        parameters=entry.parameters,
        parameter_openapi_schema=parameter_schema(flow).model_dump_for_openapi(),
        enforce_parameter_schema=entry.enforce_parameter_schema,
        tags=entry.tags,
        work_pool_name=entry.work_pool.name,
        concurrency_limit=entry.concurrency_limit.limit,
        concurrency_options=ConcurrencyOptions.model_validate(
            entry.concurrency_limit.model_dump(exclude={"limit"})
        ),
        schedules=[
            DeploymentScheduleCreate(schedule=CronSchedule(cron=item.cron, timezone=item.timezone))
            for item in entry.schedules
        ],
        pull_steps=_pull_steps(),
    )


def _versions(client: SyncPrefectClient, names: Collection[str]) -> Mapping[str, str | None]:
    """Return the version of each registered deployment, by FLOW/NAME."""
    chosen = DeploymentFilter(name=DeploymentFilterName(any_=list(names)))
    flows = {flow.id: flow.name for flow in client.read_flows(limit=200)}
    found = client.read_deployments(deployment_filter=chosen, limit=200)
    return {f"{flows.get(item.flow_id)}/{item.name}": item.version for item in found}


def _full_name(entry: DeploymentEntry) -> str:
    return f"{_flow(entry.entrypoint).name}/{entry.name}"


@cache
def _flow(entrypoint: str) -> Flow[..., Any]:
    return load_flow_from_entrypoint(str(PROJECT / entrypoint), use_placeholder_flow=False)


def _pull_steps() -> list[dict[str, Any]]:
    text = yaml.safe_dump(_document()["pull"]).replace("{{ $PIPELINE_ROOT }}", str(_root()))
    steps: list[dict[str, Any]] = yaml.safe_load(text)
    return steps


def _root() -> str:
    return os.environ.get("PIPELINE_ROOT", str(PROJECT))


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return document
