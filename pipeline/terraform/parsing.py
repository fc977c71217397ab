"""Reads one line of Terraform's JSON stream."""

import json
from collections.abc import Mapping
from typing import Any

from pipeline.documents import part
from pipeline.terraform.diagnostics import Diagnostic
from pipeline.terraform.events import (
    ApplyComplete,
    ApplyErrored,
    ApplyProgress,
    ApplyStart,
    DiagnosticEvent,
    LogEvent,
    PlannedChange,
    Refresh,
    ResourceEvent,
    TerraformEvent,
)
from pipeline.terraform.masking import Masker

Document = Mapping[str, Any]


def parse_event(line: str, masker: Masker = Masker()) -> TerraformEvent | None:  # noqa: B008 - frozen value
    """Parse one line; None for a blank one.

    Anything that is no JSON object is a LogEvent: some lines of init are plain text.
    """
    text = line.strip()
    if not text:
        return None
    try:
        document = json.loads(text)
    except ValueError:
        return LogEvent(masker.text(text))
    if not isinstance(document, dict):
        return LogEvent(masker.text(text))
    # The type and the keys are Terraform's own words, whatever a secret happens to be.
    return _event(str(document.get("type")), masker.document(document, keys=False))


def _event(kind: str, document: Document) -> TerraformEvent:
    if kind in _RESOURCES:
        event, key = _RESOURCES[kind]
        found = part(document, key)
        address = str(part(found, "resource").get("addr", ""))
        return event(**_text(document), address=address, action=str(found.get("action", "")))
    if kind == "diagnostic":
        return DiagnosticEvent(**_text(document), diagnostic=Diagnostic.parse(part(document, "diagnostic")))
    return (TerraformEvent if kind in _TOLD else LogEvent)(**_text(document))


def _text(document: Document) -> dict[str, str]:
    return {"message": str(document.get("@message", "")), "level": str(document.get("@level", "info"))}


_RESOURCES: Mapping[str, tuple[type[ResourceEvent], str]] = {
    "planned_change": (PlannedChange, "change"),
    "resource_drift": (ResourceEvent, "change"),
    "apply_start": (ApplyStart, "hook"),
    "apply_progress": (ApplyProgress, "hook"),
    "apply_complete": (ApplyComplete, "hook"),
    "apply_errored": (ApplyErrored, "hook"),
    "refresh_start": (Refresh, "hook"),
    "refresh_complete": (Refresh, "hook"),
}
"""Messages about a resource, each with the key under which the resource stands."""
_TOLD = frozenset({"version", "change_summary", "outputs"})
"""Messages whose sentence is for people; every other type is a line of the log."""
