"""Terraform's machine-readable messages as typed events.

Source: https://developer.hashicorp.com/terraform/internals/machine-readable-ui (version 1.2).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.documents import get_mapping
from pipeline.terraform.diagnostics import Diagnostic
from pipeline.terraform.process_environment import Masker


@dataclass(frozen=True)
class TerraformEvent:
    """One message of a running Terraform; ``message`` is its sentence for people, and often all of it."""

    message: str
    kind: str = "log"
    """Terraform's own name of its type, such as apply_start; "log" for every line without further meaning."""
    address: str = ""
    """The resource; "" for a message about none."""
    action: str = ""
    """create, update, delete, replace, read, noop, move, import or forget; "" where Terraform gives none."""
    diagnostic: Diagnostic | None = None


Document = Mapping[str, Any]


def parse_event(line: str, masker: Masker = Masker()) -> TerraformEvent | None:  # noqa: B008 - frozen value
    """Parse one line; None for a blank one.

    Anything that is no JSON object is a line of the log: some lines of init are plain text.
    """
    text = line.strip()
    if not text:
        return None
    try:
        document = json.loads(text)
    except ValueError:
        return TerraformEvent(masker.text(text))
    if not isinstance(document, dict):
        return TerraformEvent(masker.text(text))
    # The type and the keys are Terraform's own words, whatever a secret happens to be.
    return _event(str(document.get("type")), masker.document(document, keys=False))


def _event(kind: str, document: Document) -> TerraformEvent:
    message = str(document.get("@message", ""))
    if kind in _RESOURCES:
        found = get_mapping(document, _RESOURCES[kind])
        address = str(get_mapping(found, "resource").get("addr", ""))
        return TerraformEvent(message, kind, address, str(found.get("action", "")))
    if kind == "diagnostic":
        diagnostic = Diagnostic.parse(get_mapping(document, "diagnostic"))
        return TerraformEvent(message, kind, diagnostic=diagnostic)
    return TerraformEvent(message, kind if kind in _FOR_PEOPLE else "log")


_RESOURCES: Mapping[str, str] = {
    **dict.fromkeys(("planned_change", "resource_drift"), "change"),
    **dict.fromkeys(("apply_start", "apply_progress", "apply_complete", "apply_errored"), "hook"),
    **dict.fromkeys(("refresh_start", "refresh_complete"), "hook"),
}
"""Messages about a resource, each with the key under which the resource stands."""
_FOR_PEOPLE = frozenset({"version", "change_summary", "outputs"})
"""Messages whose sentence is for people; every other type is a line of the log."""
