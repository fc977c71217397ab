"""The Terraform state's home."""

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.logging import get_run_logger

from blocks import Target
from pipeline.state import BootstrapReport, bootstrap


@task(name="bootstrap-state", retries=2, retry_delay_seconds=[2, 10], persist_result=False)
def bootstrap_backend(target: Target) -> BootstrapReport:
    """Make or adopt the state bucket and lock table; mend what is missing, weaken nothing."""
    environment = target.environment
    report = bootstrap(target.access, environment.state_bucket, environment.lock_table)
    for setting in report.settings:
        get_run_logger().info(
            "%s: %s was %s, %s", setting.subject, setting.setting, setting.found, setting.done
        )
    create_table_artifact(
        key=f"state-{environment.name}",
        table=[
            {"on": item.subject, "setting": item.setting, "found": item.found, "done": item.done}
            for item in report.settings
        ],
        description=f"Settings of {environment.state_bucket} and {environment.lock_table}",
    )
    return report
