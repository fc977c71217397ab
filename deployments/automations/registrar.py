"""Writes automations to the Prefect server; equal ones stay, as writing would start their clocks again."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import BlockDocument, StateType
from prefect.events.actions import ActionTypes, ChangeFlowRunState, DoNothing, RunDeployment, SendNotification
from prefect.events.schemas.automations import Automation, AutomationCore, EventTrigger

from deployments.automations.model import FILE, AutomationEntry, Notify, entries_for
from deployments.prefect_file import flow_names, scheduled_flows
from pipeline.environment.model import Environment

Report = Callable[[str], None]
_PAGE = 200


def register_automations(
    client: SyncPrefectClient, item: Environment, report: Report, file: Path = FILE
) -> int:
    """Write the environment's automations that are absent or differ; return how many.

    Notifications go to every block that can notify and is named ``alerts-ENVIRONMENT``, of whatever type.
    Without one the automation is registered, and does nothing.
    """
    blocks = notification_blocks(client, f"alerts-{item.name}")
    scheduled = scheduled_flows(item)
    if scheduled and not blocks:
        report(
            f"{item.name}: failures are told to nobody. Make a notification block (Slack, mail, SNS topic) "
            f"named alerts-{item.name} in the UI, then register again."
        )
    present = {found.name: found for found in _all(client)}
    requested = [
        _automation(client, entry, item.name, blocks) for entry in entries_for(item, scheduled, file)
    ]
    return sum(_write(client, automation, present.get(automation.name)) for automation in requested)


def notification_blocks(client: SyncPrefectClient, name: str) -> list[UUID]:
    """Return the ids of the blocks of that name that can notify."""
    return sorted(block.id for block in _blocks(client) if block.name == name and _notifies(block))


def _notifies(block: BlockDocument) -> bool:
    return block.block_schema is not None and "notify" in block.block_schema.capabilities


def _blocks(client: SyncPrefectClient) -> Iterable[BlockDocument]:
    offset = 0
    while page := client.read_block_documents(offset=offset, limit=_PAGE, include_secrets=False):
        yield from page
        offset += len(page)


def _all(client: SyncPrefectClient) -> Iterable[Automation]:
    offset = 0
    while page := client.read_automations(limit=_PAGE, offset=offset):
        yield from page
        offset += len(page)


def _automation(
    client: SyncPrefectClient, entry: AutomationEntry, environment: str, blocks: Sequence[UUID]
) -> AutomationCore:
    trigger = dict(entry.trigger)
    if flows := entry.flow_names(flow_names()):
        chosen = {"prefect.resource.role": "flow", "prefect.resource.name": flows}
        trigger["match_related"] = [*trigger.get("match_related", []), chosen]
    found = AutomationCore(
        name=f"{environment}: {entry.name}",
        description=entry.description,
        enabled=entry.enabled,
        tags=[environment],
        trigger=EventTrigger.model_validate(trigger),
        actions=_actions(client, entry, blocks),
    )
    # Prefect's client sends only what was set: its own defaults, the kind of an action among them, are not.
    return AutomationCore.model_validate(found.model_dump(exclude={"owner_resource"}))


def _actions(client: SyncPrefectClient, entry: AutomationEntry, blocks: Sequence[UUID]) -> list[ActionTypes]:
    if entry.state is not None:
        state = StateType(entry.state.state)
        return [ChangeFlowRunState(name="Crashed", state=state, message=entry.state.message)]
    if entry.run is not None:
        deployment = client.read_deployment_by_name(entry.run.deployment)
        return [
            RunDeployment(source="selected", deployment_id=deployment.id, parameters=entry.run.parameters)
        ]
    return _notifications(entry.notify, blocks) or [DoNothing()]


def _notifications(notify: Notify | None, blocks: Sequence[UUID]) -> list[ActionTypes]:
    if notify is None:
        return []
    return [
        SendNotification(block_document_id=block, subject=notify.subject, body=notify.body)
        for block in blocks
    ]


def _write(client: SyncPrefectClient, requested: AutomationCore, present: Automation | None) -> bool:
    """Write it unless it is there; whether it is on stays as people left it."""
    if present is None:
        client.create_automation(requested)
        return True
    requested = requested.model_copy(update={"enabled": present.enabled})
    if _content(requested) == _content(present):
        return False
    client.update_automation(present.id, requested)
    return True


def _content(automation: AutomationCore) -> dict[str, Any]:
    """Return what a person would compare; sets have no order, and the server adds an id."""
    found = automation.model_dump(mode="json", exclude={"id"})
    trigger = found["trigger"]
    for key in ("after", "expect", "for_each"):
        trigger[key] = sorted(trigger[key])
    return found
