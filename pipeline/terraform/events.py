"""Terraform's machine-readable messages as typed events.

Source: https://developer.hashicorp.com/terraform/internals/machine-readable-ui (version 1.2).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.documents import get_mapping
from pipeline.terraform.diagnostics import Diagnostic
from pipeline.terraform.process_environment import Masker


@dataclass(frozen=True)
class TerraformEvent:
    """One message of a running Terraform; ``message`` is its sentence for people, and often all of it."""

    message: str
    level: str = "info"


@dataclass(frozen=True)
class LogEvent(TerraformEvent):
    """A line without further meaning to the pipeline."""


@dataclass(frozen=True)
class ResourceEvent(TerraformEvent):
    """A message about one resource."""

    address: str = ""
    action: str = ""
    """create, update, delete, replace, read, noop, move, import or forget; "" where Terraform gives none."""


@dataclass(frozen=True)
class PlannedChange(ResourceEvent):
    """The plan changes this resource."""


@dataclass(frozen=True)
class ApplyStart(ResourceEvent):
    """Work on the resource begins."""


@dataclass(frozen=True)
class ApplyProgress(ResourceEvent):
    """Work on the resource goes on."""


@dataclass(frozen=True)
class ApplyComplete(ResourceEvent):
    """The resource is done."""


@dataclass(frozen=True)
class ApplyErrored(ResourceEvent):
    """The resource failed; a diagnostic that says why follows at the end."""


@dataclass(frozen=True)
class Refresh(ResourceEvent):
    """The resource is about to be read, or was read."""


@dataclass(frozen=True)
class DiagnosticEvent(TerraformEvent):
    """An error or a warning."""

    diagnostic: Diagnostic = field(default_factory=lambda: Diagnostic("error", ""))


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
        found = get_mapping(document, key)
        address = str(get_mapping(found, "resource").get("addr", ""))
        return event(**_text(document), address=address, action=str(found.get("action", "")))
    if kind == "diagnostic":
        return DiagnosticEvent(
            **_text(document), diagnostic=Diagnostic.parse(get_mapping(document, "diagnostic"))
        )
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
