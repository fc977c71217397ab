"""Reads one line of Terraform's JSON stream."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from pipeline.documents import part, whole
from pipeline.terraform.diagnostics import Diagnostic
from pipeline.terraform.events import (
    ApplyComplete,
    ApplyErrored,
    ApplyProgress,
    ApplyStart,
    ChangeSummary,
    DiagnosticEvent,
    DriftFound,
    LogEvent,
    OutputsEvent,
    PlannedChange,
    Refresh,
    TerraformEvent,
    VersionEvent,
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
    masked = masker.document(document)
    build = _BUILDERS.get(str(masked.get("type")), _log)
    return build(masked)


def _text(document: Document) -> dict[str, str]:
    return {"message": str(document.get("@message", "")), "level": str(document.get("@level", "info"))}


def _resource(document: Document, key: str) -> dict[str, str]:
    found = part(document, key)
    address = str(part(found, "resource").get("addr", ""))
    return {**_text(document), "address": address, "action": str(found.get("action", ""))}


def _elapsed(document: Document) -> float:
    return float(whole(part(document, "hook"), "elapsed_seconds"))


def _log(document: Document) -> TerraformEvent:
    return LogEvent(**_text(document))


def _version(document: Document) -> TerraformEvent:
    return VersionEvent(**_text(document), terraform=str(document.get("terraform", "")))


def _planned(document: Document) -> TerraformEvent:
    reason = str(part(document, "change").get("reason", ""))
    return PlannedChange(**_resource(document, "change"), reason=reason)


def _drift(document: Document) -> TerraformEvent:
    return DriftFound(**_resource(document, "change"))


def _start(document: Document) -> TerraformEvent:
    return ApplyStart(**_resource(document, "hook"))


def _progress(document: Document) -> TerraformEvent:
    return ApplyProgress(**_resource(document, "hook"), elapsed_seconds=_elapsed(document))


def _complete(document: Document) -> TerraformEvent:
    identity = str(part(document, "hook").get("id_value", ""))
    return ApplyComplete(
        **_resource(document, "hook"), elapsed_seconds=_elapsed(document), resource_id=identity
    )


def _errored(document: Document) -> TerraformEvent:
    return ApplyErrored(**_resource(document, "hook"), elapsed_seconds=_elapsed(document))


def _refresh(document: Document) -> TerraformEvent:
    return Refresh(**_resource(document, "hook"), finished=document.get("type") == "refresh_complete")


def _summary(document: Document) -> TerraformEvent:
    counts = part(document, "changes")
    return ChangeSummary(
        **_text(document),
        operation=str(counts.get("operation", "")),
        add=whole(counts, "add"),
        change=whole(counts, "change"),
        remove=whole(counts, "remove"),
        imported=whole(counts, "import"),
    )


def _diagnostic(document: Document) -> TerraformEvent:
    return DiagnosticEvent(**_text(document), diagnostic=Diagnostic.parse(part(document, "diagnostic")))


def _outputs(document: Document) -> TerraformEvent:
    return OutputsEvent(**_text(document), names=tuple(sorted(part(document, "outputs"))))


_BUILDERS: Mapping[str, Callable[[Document], TerraformEvent]] = {
    "version": _version,
    "planned_change": _planned,
    "resource_drift": _drift,
    "change_summary": _summary,
    "apply_start": _start,
    "apply_progress": _progress,
    "apply_complete": _complete,
    "apply_errored": _errored,
    "refresh_start": _refresh,
    "refresh_complete": _refresh,
    "diagnostic": _diagnostic,
    "outputs": _outputs,
}
