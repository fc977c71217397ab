"""The home of the Terraform state."""

from prefect import flow

from blocks.names import EnvironmentName
from flows.shared.ending import counted, state_is_outcome
from tasks.environment import load_environment
from tasks.state import bootstrap_backend


@flow(name="bootstrap-state", flow_run_name="{environment}", log_prints=True)
@state_is_outcome
def bootstrap_state(environment: EnvironmentName, dry_run: bool = False) -> str:
    """Make the S3 bucket and the DynamoDB table that keep and lock the Terraform state.

    Run it once for a new environment, before deploy-infrastructure. It is safe to repeat: an existing bucket
    and table are adopted, missing settings (versioning, encryption, private access, point-in-time recovery)
    are repaired, and none is weakened.

    **When it fails:** the error names the call and the missing permission or the wrong setting; fix it and
    run the flow again.

    Args:
        environment: which environment's state to prepare.
        dry_run: only show what is missing.
    """
    report = bootstrap_backend(load_environment(environment, built=False), dry_run=dry_run)
    missing = counted(sum(item.done == "missing" for item in report.settings), "setting")
    if dry_run:
        return f"{missing} of bucket and lock table would be made or repaired; nothing was done."
    done = counted(sum(item.done in {"created", "repaired"} for item in report.settings), "setting")
    return f"Bucket and lock table of the state are ready: {done} made or repaired."
