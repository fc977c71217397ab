"""prefect.yaml: every flow in every environment that it belongs to."""

import inspect
import re
from pathlib import Path

import pytest
from prefect import Flow
from prefect.flows import load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema

from deployments.prefect_file import DeploymentEntry, entries
from deployments.work_pools import ENGINE_TAG
from pipeline.environment.files import PROJECT
from pipeline.environment.loader import environments

ENTRIES = [entry for item in environments().values() for entry in entries(item)]
ENTRYPOINTS = sorted({entry.entrypoint for entry in ENTRIES})
SCHEDULES = {
    "verify_health": "*/15 * * * *",
    "check_backups": "50 * * * *",
    "backup_sqlite": "30 0 * * *",
    "backup_state": "0 1 * * *",
    "archive_logs": "0 2 * * *",
    "retain_logs": "0 3 * * *",
    "cleanup_ecr": "0 4 * * *",
    "check_certificate": "0 5 * * *",
    "detect_drift": "0 6 * * *",
    "drill_restore": "0 7 * * 0",
}


def _flow(entrypoint: str) -> Flow[..., object]:
    return load_flow_from_entrypoint(str(PROJECT / entrypoint), use_placeholder_flow=False)


def _module(entry: DeploymentEntry) -> str:
    return Path(entry.entrypoint.split(":")[0]).stem


def test_every_flow_is_deployed_to_every_environment() -> None:
    """Each module of flows/ that holds a flow stands once for each environment."""
    modules = {path.stem for path in PROJECT.glob("flows/*.py") if "@flow(" in path.read_text()}
    expected = sorted((name, module) for name in environments() for module in modules)
    assert sorted((entry.name, _module(entry)) for entry in ENTRIES) == expected


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda item: f"{_module(item)}-{item.name}")
def test_a_deployment_belongs_to_its_environment(entry: DeploymentEntry) -> None:
    """Name, tag, parameter and work pool say the same; one run at a time, others wait."""
    assert entry.parameters == {"environment": entry.name}
    builds = [ENGINE_TAG] if _module(entry) == "deploy_application" else []
    assert entry.tags == [entry.name, *builds]
    assert entry.work_pool.name == entry.name
    assert entry.enforce_parameter_schema
    assert (entry.concurrency_limit.limit, entry.concurrency_limit.collision_strategy) == (1, "ENQUEUE")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda item: f"{_module(item)}-{item.name}")
def test_chores_are_scheduled_where_people_use_the_application(entry: DeploymentEntry) -> None:
    """Local has no schedules; elsewhere the chores have theirs, in the users' time zone."""
    requested = SCHEDULES.get(_module(entry)) if environments()[entry.name].scheduled else None
    assert [item.cron for item in entry.schedules] == ([requested] if requested else [])
    assert {item.timezone for item in entry.schedules} <= {"Africa/Harare"}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda item: f"{_module(item)}-{item.name}")
def test_a_deployment_is_what_the_runbook_tells(entry: DeploymentEntry) -> None:
    """Names, pool, tags, parameters and limit of the table "Every deployment"."""
    text = (PROJECT / "docs/runbook/README.md").read_text(encoding="utf-8")
    section = text.split("## Every deployment", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| ([a-z ]+) \| (.+) \|$", section, re.MULTILINE)
    told = {name: re.findall(r"`([^`]+)`", cell.replace("ENV", entry.name)) for name, cell in rows}
    flow, limit = _module(entry).replace("_", "-"), entry.concurrency_limit
    own, extra, *builders = told["tags"]
    assert told["flow and name"] == [f"FLOW/{entry.name}"]
    assert told["work pool"] == [entry.work_pool.name]
    assert entry.tags == [own, extra] if flow in builders else entry.tags == [own]
    assert told["parameters"] == [f"{name}: {value}" for name, value in entry.parameters.items()]
    assert told["at once"] == [str(limit.limit), limit.collision_strategy, str(limit.grace_period_seconds)]


@pytest.mark.parametrize("entrypoint", ENTRYPOINTS)
def test_a_flow_explains_itself_in_the_ui(entrypoint: str) -> None:
    """Kebab-case name, a description with what to do when it fails, and every parameter explained."""
    flow = _flow(entrypoint)
    assert flow.name == Path(entrypoint.split(":")[0]).stem.replace("_", "-")
    assert "**When " in (flow.description or "")
    properties = parameter_schema(flow).properties
    assert next(iter(properties)) == "environment"
    assert [name for name, item in properties.items() if not item.get("description")] == []


@pytest.mark.parametrize("entrypoint", ENTRYPOINTS)
def test_environments_are_a_drop_down_list(entrypoint: str) -> None:
    """The form offers the environments of environments.toml and nothing else."""
    offered = parameter_schema(_flow(entrypoint)).properties["environment"]
    assert offered["enum"] == list(environments())


def test_flows_take_the_environment_first() -> None:
    """Whoever calls a flow names the environment first, without a default."""
    for entrypoint in ENTRYPOINTS:
        first = next(iter(inspect.signature(_flow(entrypoint).fn).parameters.values()))
        assert (first.name, first.default) == ("environment", inspect.Parameter.empty)
