"""Copies of the Terraform state."""

from prefect import flow

from blocks.names import EnvironmentName
from flows.shared.ending import counted, state_is_outcome
from pipeline.errors import PipelineError
from tasks.environment import load_environment
from tasks.state import copy_state


@flow(name="backup-state", flow_run_name="{environment}")
@state_is_outcome
def backup_terraform_state(environment: EnvironmentName, dry_run: bool = False) -> str:
    """Copy the state, verify the copy, remove what is past its time, and check what protects it.

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
    if report.backup is None:
        return "There is no state to copy yet; what protects it is on."
    serial, old = f"State serial {report.backup.head.serial}", counted(len(report.removed), "old object")
    if dry_run:
        return f"{serial} would be copied and {old} removed; nothing was done."
    return f"{serial} copied to {report.backup.key}; {old} removed."
