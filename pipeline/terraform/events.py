"""Terraform's machine-readable messages as typed events.

Source: https://developer.hashicorp.com/terraform/internals/machine-readable-ui (version 1.2).
"""

from dataclasses import dataclass, field

from pipeline.terraform.diagnostics import Diagnostic


@dataclass(frozen=True)
class TerraformEvent:
    """One message of a running Terraform; ``message`` is its sentence for people."""

    message: str
    level: str = "info"


@dataclass(frozen=True)
class LogEvent(TerraformEvent):
    """A line without further meaning to the pipeline."""


@dataclass(frozen=True)
class VersionEvent(TerraformEvent):
    """Terraform's version; the first message of every command."""

    terraform: str = ""


@dataclass(frozen=True)
class ResourceEvent(TerraformEvent):
    """A message about one resource."""

    address: str = ""
    action: str = ""
    """create, update, delete, replace, read, noop, move, import or forget; "" where Terraform gives none."""


@dataclass(frozen=True)
class PlannedChange(ResourceEvent):
    """The plan changes this resource."""

    reason: str = ""


@dataclass(frozen=True)
class DriftFound(ResourceEvent):
    """The resource was changed outside of Terraform."""


@dataclass(frozen=True)
class ApplyStart(ResourceEvent):
    """Work on the resource begins."""


@dataclass(frozen=True)
class ApplyProgress(ResourceEvent):
    """Work on the resource goes on since ``elapsed_seconds``."""

    elapsed_seconds: float = 0.0


@dataclass(frozen=True)
class ApplyComplete(ResourceEvent):
    """The resource is done."""

    elapsed_seconds: float = 0.0
    resource_id: str = ""


@dataclass(frozen=True)
class ApplyErrored(ResourceEvent):
    """The resource failed; a diagnostic that says why follows at the end."""

    elapsed_seconds: float = 0.0


@dataclass(frozen=True)
class Refresh(ResourceEvent):
    """The resource is read; ``finished`` when it was."""

    finished: bool = False


@dataclass(frozen=True)
class ChangeSummary(TerraformEvent):
    """Counts of a plan, or of what an apply did."""

    operation: str = ""
    """plan, apply or destroy."""
    add: int = 0
    change: int = 0
    remove: int = 0
    imported: int = 0


@dataclass(frozen=True)
class DiagnosticEvent(TerraformEvent):
    """An error or a warning."""

    diagnostic: Diagnostic = field(default_factory=lambda: Diagnostic("error", ""))


@dataclass(frozen=True)
class OutputsEvent(TerraformEvent):
    """Names of the root module's outputs; values stay with ``Workspace.outputs``."""

    names: tuple[str, ...] = ()
