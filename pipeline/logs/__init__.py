"""CloudWatch Logs: the wanted retention, and an archive in S3 that is complete before anything expires."""

from pipeline.logs.archive import ArchiveOutcome, ArchiveResult, archive_day
from pipeline.logs.cloudwatch import list_groups
from pipeline.logs.days import days_due, history_is_archived
from pipeline.logs.errors import ArchiveConflictError, ArchiveDamagedError, LogsError
from pipeline.logs.groups import LogGroup, environment_groups
from pipeline.logs.manifest import Manifest
from pipeline.logs.place import ArchivePlace
from pipeline.logs.retain import RetentionResult, apply_retention
from pipeline.logs.retention import RetentionAction, RetentionPlan, RetentionRow, plan_retention
from pipeline.logs.verify import archived_days, history_is_verified, verify_day

__all__ = [
    "ArchiveConflictError",
    "ArchiveDamagedError",
    "ArchiveOutcome",
    "ArchivePlace",
    "ArchiveResult",
    "LogGroup",
    "LogsError",
    "Manifest",
    "RetentionAction",
    "RetentionPlan",
    "RetentionResult",
    "RetentionRow",
    "apply_retention",
    "archive_day",
    "archived_days",
    "days_due",
    "environment_groups",
    "history_is_archived",
    "history_is_verified",
    "list_groups",
    "plan_retention",
    "verify_day",
]
