"""Registers the deployments of prefect.yaml in this process, each with its flow's page.

`prefect deploy --all` writes the same deployments, but starts again for each and takes minutes for all.
"""

import hashlib
import inspect
import os
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml
from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName
from prefect.client.schemas.objects import ConcurrencyOptions
from prefect.client.schemas.schedules import CronSchedule
from prefect.flows import load_flow_arguments_from_entrypoint, load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema

from deployments.automations.model import FileEntry
from deployments.work_pools import IMAGE_ROOT, pool_of, runs_in_image, variables_of
from pipeline.environment.files import PROJECT
from pipeline.environment.loader import environments
from pipeline.environment.model import Environment

_ARGUMENTS = "\nArgs:\n"


def flow_page(flow: Flow[..., Any]) -> str:
    """Return Markdown: what the flow does, when it fails, a table of its parameters, its runbook page."""
    text = inspect.cleandoc(flow.description or "").partition(_ARGUMENTS)[0].strip()
    rows = [
        f"| `{name}` | {_default(item)} | {_cell(item.get('description', ''))} |"
        for name, item in parameter_schema(flow).properties.items()
    ]
    table = ["| parameter | when left out | meaning |", "| --- | --- | --- |", *rows]
    return "\n\n".join(
        [_unwrapped(text), "### Parameters", "\n".join(table), f"Runbook: `docs/runbook/{flow.name}.md`"]
    )


def _unwrapped(text: str) -> str:
    """Join the lines of each paragraph, which the UI would show as they are broken in the source."""
    return re.sub(r"(?<!\n)\n(?![\n*|-])", " ", text)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _default(item: dict[str, Any]) -> str:
    if "default" not in item:
        return "required"
    value = item["default"]
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"`{value}`"


FILE = PROJECT / "prefect.yaml"
DELIVERY = "deploy-application"
HEARTBEAT = 30
"""Seconds between two signs of life of a running flow: the shortest that Prefect allows."""
_SHOWN = ("flows/*.py", "blocks/*.py", "deployments/prefect_file.py")


class WorkPoolName(FileEntry):
    """Name of the work pool that executes a deployment's runs."""

    name: str


class Limit(FileEntry):
    """Limit on the simultaneous runs of a deployment."""

    limit: int
    collision_strategy: str
    grace_period_seconds: int
    """After which a run that was submitted by a worker that died gives its place up."""


class Schedule(FileEntry):
    """Schedule of a deployment."""

    cron: str
    timezone: str


class DeploymentEntry(FileEntry):
    """One deployment of prefect.yaml, as far as this project uses its format."""

    name: str
    entrypoint: str
    version: str
    tags: list[str]
    parameters: dict[str, Any]
    enforce_parameter_schema: bool
    work_pool: WorkPoolName
    concurrency_limit: Limit
    schedules: tuple[Schedule, ...] = ()


def entries(item: Environment) -> list[DeploymentEntry]:
    """Return the deployments of one environment; unknown keys of prefect.yaml are refused."""
    found = [DeploymentEntry.model_validate(entry) for entry in _document(item.name)["deployments"]]
    return found if item.scheduled else [entry.model_copy(update={"schedules": []}) for entry in found]


def flow_names() -> frozenset[str]:
    """Return the name of every flow."""
    return frozenset(_name(entry["entrypoint"]) for entry in _document("")["deployments"])


def scheduled_flows(item: Environment) -> frozenset[str]:
    """Return the names of the flows that have a schedule in an environment."""
    return frozenset(_name(entry.entrypoint) for entry in entries(item) if entry.schedules)


def version() -> str:
    """Digest of everything that a registered deployment shows: flows, types of parameters, prefect.yaml."""
    files = [FILE, *(path for pattern in _SHOWN for path in sorted(PROJECT.glob(pattern)))]
    own = [
        (name, item.work_pool.model_dump_json(), item.concurrent_deploys, item.scheduled)
        for name, item in sorted(environments().items())
    ]
    digest = hashlib.sha256(repr((own, _root())).encode())
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def deploy(client: SyncPrefectClient, item: Environment) -> int:
    """Register an environment's deployments that are not there in this version; return how many."""
    present, now = _versions(client, item.name), version()
    missing = [entry for entry in entries(item) if present.get(_name(entry.entrypoint)) != now]
    for entry in missing:
        _create(client, entry, item)
    return len(missing)


def _create(client: SyncPrefectClient, entry: DeploymentEntry, item: Environment) -> None:
    flow = _flow(entry.entrypoint)
    client.create_deployment(
        flow_id=client.create_flow(flow),
        name=entry.name,
        version=version(),
        description=flow_page(flow),
        entrypoint=entry.entrypoint,
        parameters=entry.parameters,
        parameter_openapi_schema=own_schema(flow, item),
        enforce_parameter_schema=entry.enforce_parameter_schema,
        tags=entry.tags,
        work_pool_name=pool_of(item, entry.tags),
        job_variables={
            "env": {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT), **variables_of(item, entry.tags)}
        },
        concurrency_limit=entry.concurrency_limit.limit,
        concurrency_options=_options(entry, item),
        schedules=[
            DeploymentScheduleCreate(schedule=CronSchedule(cron=when.cron, timezone=when.timezone))
            for when in entry.schedules
        ],
        pull_steps=_pull_steps(IMAGE_ROOT if runs_in_image(item, entry.tags) else _root()),
    )


def own_schema(flow: Flow[..., Any], item: Environment) -> dict[str, Any]:
    """Return the schema of a flow's parameters; the server takes no other environment."""
    schema: dict[str, Any] = parameter_schema(flow).model_dump_for_openapi()
    schema["properties"]["environment"]["enum"] = [item.name]
    return schema


def _options(entry: DeploymentEntry, item: Environment) -> ConcurrencyOptions:
    """Say what becomes of a second run: for deployments the environment decides that."""
    options = entry.concurrency_limit.model_dump(exclude={"limit"})
    if item.concurrent_deploys == "refuse" and _name(entry.entrypoint) == DELIVERY:
        options["collision_strategy"] = "CANCEL_NEW"
    return ConcurrencyOptions.model_validate(options)


def _versions(client: SyncPrefectClient, name: str) -> Mapping[str | None, str | None]:
    """Return the version of each registered deployment of an environment, by its flow."""
    chosen = DeploymentFilter(name=DeploymentFilterName(any_=[name]))
    flows = {flow.id: flow.name for flow in client.read_flows(limit=200)}
    found = client.read_deployments(deployment_filter=chosen, limit=200)
    return {flows.get(deployment.flow_id): deployment.version for deployment in found}


@cache
def _name(entrypoint: str) -> str:
    """Read a flow's name from its source, which takes a fraction of its import."""
    return str(load_flow_arguments_from_entrypoint(str(PROJECT / entrypoint), {"name"})["name"])


@cache
def _flow(entrypoint: str) -> Flow[..., Any]:
    return load_flow_from_entrypoint(str(PROJECT / entrypoint), use_placeholder_flow=False)


def _pull_steps(root: str) -> list[dict[str, Any]]:
    text = yaml.safe_dump(_document("")["pull"]).replace("{{ $PIPELINE_ROOT }}", root)
    steps: list[dict[str, Any]] = yaml.safe_load(text)
    return steps


def _root() -> str:
    return os.environ.get("PIPELINE_ROOT", str(PROJECT))


@cache
def _document(name: str) -> dict[str, Any]:
    """Read prefect.yaml as it is for the environment of that name."""
    text = FILE.read_text(encoding="utf-8").replace("{{ $PIPELINE_ENVIRONMENT }}", name)
    document: dict[str, Any] = yaml.safe_load(text)
    return document
