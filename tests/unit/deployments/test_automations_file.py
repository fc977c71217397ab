"""automations.yaml against the flows, the events they emit and the environments."""

import ast
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from prefect.events.schemas.automations import EventTrigger

from deployments.automations.model import AutomationsFileError, entries_for
from deployments.prefect_file import flow_names, scheduled_flows
from pipeline.environment.files import PROJECT
from pipeline.environment.loader import environment, environments

FOREIGN = {"vimbiso.source.pushed"}
"""Events that come from outside."""
SILENT = {"vimbiso.secrets.changed"}
"""What the person who starts the run is told by it."""
RECORDS = {
    "vimbiso.database.copied",
    "vimbiso.drill.passed",
    "vimbiso.images.deleted",
    "vimbiso.logs.archived",
    "vimbiso.retention.set",
}
"""Work that went as planned: read in the event feed, and nobody is woken for it."""
RUN_FAILS = {
    "vimbiso.backups.missing",
    "vimbiso.certificate.problem",
    "vimbiso.drift.found",
    "vimbiso.drill.failed",
}
"""The run fails as well, and of failed runs somebody is told."""


@cache
def _emitted() -> set[str]:
    """Return our events that a text in tasks/ or flows/ names: in full, as listed, or to ``emit``."""
    nodes = [
        node
        for folder in ("tasks", "flows")
        for path in PROJECT.glob(f"{folder}/**/*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    told = {_second_argument(node) for node in nodes if isinstance(node, ast.Call)}
    listed = (PROJECT / "docs/runbook/README.md").read_text(encoding="utf-8")
    named = {f"vimbiso.{text}" for text in texts if f"`vimbiso.{text}`" in listed}
    whole = {text for text in texts if text.startswith("vimbiso.") and not text.endswith(".")}
    return whole | named | {f"vimbiso.{text}" for text in told if text}


def _second_argument(call: ast.Call) -> str:
    known = getattr(call.func, "id", "") == "emit" and isinstance(call.args[1], ast.Constant)
    return str(ast.literal_eval(call.args[1])) if known else ""


@pytest.mark.parametrize("name", sorted(environments()))
def test_automations_wait_for_events_that_somebody_emits(name: str) -> None:
    """An automation for a misspelt event would never fire."""
    for entry in entries_for(environment(name), scheduled_flows(environment(name))):
        trigger: Any = EventTrigger.model_validate(entry.trigger)
        expected = {event for event in trigger.expect | trigger.after if not event.startswith("prefect.")}
        assert expected <= _emitted() | FOREIGN, entry.name
        entry.flow_names(flow_names())


def test_every_event_has_somebody_who_hears_it() -> None:
    """An event that no automation waits for is one that nobody is told of."""
    heard = {
        event
        for entry in entries_for(environment("staging"), scheduled_flows(environment("staging")))
        for event in entry.trigger["expect"]
        if event.startswith("vimbiso.")
    }
    assert _emitted() <= heard | SILENT | RECORDS | RUN_FAILS


def test_what_is_not_scheduled_is_not_missed() -> None:
    """Nobody waits for a nightly backup where there is none; a folder is pushed to by nobody."""
    local, staging = (
        {entry.name for entry in entries_for(environment(name), scheduled_flows(environment(name)))}
        for name in ("local", "staging")
    )
    assert staging - local == {"no database backup", "no state backup", "deploy what was pushed"}
    assert local < staging


def test_an_unknown_key_is_refused(tmp_path: Path) -> None:
    """A misspelt key would be a condition that is not looked at."""
    file = tmp_path / "automations.yaml"
    file.write_text("automations: [{name: a, description: b, trigger: {}, notfy: {subject: c, body: d}}]")
    with pytest.raises(AutomationsFileError, match="notfy"):
        entries_for(environment("staging"), (), file)


def test_an_unknown_flow_is_refused() -> None:
    """A trigger that is narrowed to a flow that was renamed would never fire."""
    entry = next(item for item in entries_for(environment("staging"), ()) if item.flows)
    with pytest.raises(AutomationsFileError, match="is no flow"):
        entry.flow_names({"deploy-application"})
