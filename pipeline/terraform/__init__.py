"""Terraform: run through python-terraform, told as events, read as plans."""

from pipeline.terraform.attributes import AttributeChange
from pipeline.terraform.backend import BackendConfig, backend_config
from pipeline.terraform.diagnostics import Diagnostic
from pipeline.terraform.document import Action, OutputChange, PlanDocument, ResourceChange
from pipeline.terraform.errors import (
    StalePlanError,
    StateLockedError,
    TerraformCancelledError,
    TerraformError,
    TerraformStoppedError,
    TerraformTimeoutError,
)
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
    ResourceEvent,
    TerraformEvent,
    VersionEvent,
)
from pipeline.terraform.plan import Plan, read_plan
from pipeline.terraform.process import Limits
from pipeline.terraform.runner import Execution, OnEvent, TerraformRunner
from pipeline.terraform.variables import root_variables
from pipeline.terraform.workspace import Output, PlanRequest, Workspace, open_workspace

__all__ = [
    "Action",
    "ApplyComplete",
    "ApplyErrored",
    "ApplyProgress",
    "ApplyStart",
    "AttributeChange",
    "BackendConfig",
    "ChangeSummary",
    "Diagnostic",
    "DiagnosticEvent",
    "DriftFound",
    "Execution",
    "Limits",
    "LogEvent",
    "OnEvent",
    "Output",
    "OutputChange",
    "OutputsEvent",
    "Plan",
    "PlanDocument",
    "PlanRequest",
    "PlannedChange",
    "Refresh",
    "ResourceChange",
    "ResourceEvent",
    "StalePlanError",
    "StateLockedError",
    "TerraformCancelledError",
    "TerraformError",
    "TerraformEvent",
    "TerraformRunner",
    "TerraformStoppedError",
    "TerraformTimeoutError",
    "VersionEvent",
    "Workspace",
    "backend_config",
    "open_workspace",
    "read_plan",
    "root_variables",
]
