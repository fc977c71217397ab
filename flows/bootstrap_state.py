"""The home of the Terraform state."""

from prefect import flow

from blocks.names import EnvironmentName
from tasks.environment import load_environment
from tasks.state import bootstrap_backend


@flow(name="bootstrap-state", flow_run_name="{environment}", log_prints=True)
def bootstrap_state(environment: EnvironmentName, dry_run: bool = False) -> None:
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
    bootstrap_backend(load_environment(environment, built=False), dry_run=dry_run)
