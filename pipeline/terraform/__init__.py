"""Terraform: run through python-terraform, told as events, read as plans."""

from pipeline.terraform.aftermath import Aftermath, aftermath
from pipeline.terraform.approval import Approval, ApprovalState, ApprovalVerdict, PlanIdentity, judge_approval
from pipeline.terraform.attributes import AttributeChange
from pipeline.terraform.backend import BackendConfig, backend_config
from pipeline.terraform.contents import Container, containers
from pipeline.terraform.diagnostics import Diagnostic
from pipeline.terraform.document import Action, OutputChange, PlanDocument, ResourceChange
from pipeline.terraform.emptying import Emptied, EmptyingError, count_contents, empty
from pipeline.terraform.errors import (
    StalePlanError,
    StateLockedError,
    TerraformCancelledError,
    TerraformError,
    TerraformStoppedError,
    TerraformTimeoutError,
    TerraformUnreachableError,
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
from pipeline.terraform.folder import default_base
from pipeline.terraform.guard import GuardVerdict, Loss, guard
from pipeline.terraform.plan import Plan, read_plan
from pipeline.terraform.process import Limits
from pipeline.terraform.progress import Progress, advance, expected, follow
from pipeline.terraform.runner import Execution, OnEvent, TerraformRunner
from pipeline.terraform.summary import PlanSummary, SummaryRow, summarise
from pipeline.terraform.targets import unmatched_targets
from pipeline.terraform.variables import root_variables
from pipeline.terraform.workspace import Around, Output, PlanRequest, Workspace, open_workspace

__all__ = [
    "Action",
    "Aftermath",
    "ApplyComplete",
    "ApplyErrored",
    "ApplyProgress",
    "ApplyStart",
    "Approval",
    "ApprovalState",
    "ApprovalVerdict",
    "Around",
    "AttributeChange",
    "BackendConfig",
    "ChangeSummary",
    "Container",
    "Diagnostic",
    "DiagnosticEvent",
    "DriftFound",
    "Emptied",
    "EmptyingError",
    "Execution",
    "GuardVerdict",
    "Limits",
    "LogEvent",
    "Loss",
    "OnEvent",
    "Output",
    "OutputChange",
    "OutputsEvent",
    "Plan",
    "PlanDocument",
    "PlanIdentity",
    "PlanRequest",
    "PlanSummary",
    "PlannedChange",
    "Progress",
    "Refresh",
    "ResourceChange",
    "ResourceEvent",
    "StalePlanError",
    "StateLockedError",
    "SummaryRow",
    "TerraformCancelledError",
    "TerraformError",
    "TerraformEvent",
    "TerraformRunner",
    "TerraformStoppedError",
    "TerraformTimeoutError",
    "TerraformUnreachableError",
    "VersionEvent",
    "Workspace",
    "advance",
    "aftermath",
    "backend_config",
    "containers",
    "count_contents",
    "default_base",
    "empty",
    "expected",
    "follow",
    "guard",
    "judge_approval",
    "open_workspace",
    "read_plan",
    "root_variables",
    "summarise",
    "unmatched_targets",
]
