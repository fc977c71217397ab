"""Tells who or what asked for a run. Pure."""

from collections.abc import Mapping
from typing import Any

BY_HAND = "by hand"


def asked_by(creator: str, creator_kind: str, labels: Mapping[str, Any], scheduled: bool) -> str:
    """Return who asked, as well as Prefect knows: a webhook, a named creator, a schedule, else a person.

    Args:
        creator: what Prefect shows of the run's creator; "" where it knows none.
        creator_kind: its kind, as AUTOMATION or SCHEDULE; "" where it knows none.
        labels: the run's labels; the webhook receiver writes ``webhook.*``.
        scheduled: whether Prefect's scheduler made the run.
    """
    repository, commit = labels.get("webhook.repository"), str(labels.get("webhook.commit") or "")
    if repository:
        return f"webhook: {repository} {commit[:12]}".rstrip()
    if creator:
        return f"{creator_kind.lower()} {creator}".strip()
    return "schedule" if scheduled else BY_HAND
