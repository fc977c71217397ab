"""Terraform's machine-readable messages as typed events.

Source: https://developer.hashicorp.com/terraform/internals/machine-readable-ui (version 1.2).
"""

from dataclasses import dataclass, field

from pipeline.terraform.diagnostics import Diagnostic


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
