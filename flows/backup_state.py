"""Copies of the Terraform state."""

from prefect import flow

from blocks.names import EnvironmentName
from pipeline.errors import PipelineError
from tasks.environment import load_environment
from tasks.state import copy_state


@flow(name="backup-state", flow_run_name="{environment}")
def backup_terraform_state(environment: EnvironmentName, dry_run: bool = False) -> str | None:
    """Copy the state, verify the copy, remove copies that are past their time, and check what protects it.

    **When it fails:** an unprotected state (versioning, encryption, point-in-time recovery) is fixed by
    bootstrap-state. For a damaged state see docs/runbook/backup-state.md.

    Args:
        environment: whose state.
        dry_run: only show what would be copied and removed, and check.
    """
    report = copy_state(load_environment(environment, built=False), dry_run=dry_run)
    if report.missing:
        lacking = ", ".join(f"{item.setting} of {item.subject}" for item in report.missing)
        raise PipelineError(f"The state lacks: {lacking}. Run bootstrap-state.")
    return report.backup.key if report.backup and not dry_run else None
