"""Reads what flows told Prefect."""

from typing import Any

from prefect.client.orchestration import SyncPrefectClient


def payloads(client: SyncPrefectClient, event: str) -> list[dict[str, Any]]:
    """Return the payloads of the events of that name, newest first; a server writes them some time later."""
    answer = client._client.post("/events/filter", json={"filter": {"event": {"name": [event]}}})
    return [item["payload"] for item in answer.json()["events"]]
