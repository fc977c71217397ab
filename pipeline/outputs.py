"""Terraform's outputs, as it hands them to the flows."""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from pipeline.errors import PipelineError


class OutputsError(PipelineError):
    """The outputs parameter is absent or not what this version of the pipeline understands."""


class Outputs(BaseModel):
    """Terraform's outputs of one environment; mirrors ``local.outputs`` in terraform/outputs.tf."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    app: str
    environment: str
    region: str
    account_id: str
    cluster: str
    service: str
    task_family: str
    task_definition_arn: str | None = None
    """Terraform's own revision of the task definition: the template of the pipeline's."""
    desired_count: int = 1
    """Tasks that the first deployment starts; auto scaling decides afterwards."""
    auto_scaling: bool = True
    """Whether Application Auto Scaling decides on the service's count of tasks."""
    minimum_tasks: int = 0
    """Fewest tasks that it keeps, once a release is good."""
    container: str
    container_port: int
    repository_name: str
    repository_url: str
    target_group_arns: tuple[str, ...]
    load_balancer_arn: str
    load_balancer_dns: str
    url: str
    """Public address, without a trailing slash."""
    domain_points_here: bool = True
    """Whether that address is this load balancer's; another stack answers there until it is moved."""
    log_group: str
    secret_arn: str
    backup_bucket: str
    log_archive_bucket: str
    data_path: str
    """Where the data volume is mounted in the application's container."""
    databases: tuple[str, ...] = ()
    """SQLite database files inside the container, the main one first."""
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    execution_role_arn: str
    task_role_arn: str
    certificate_arn: str | None = None
    signing_key_arn: str | None = None
    """KMS key that images are signed with."""
    alarm_topic_arn: str | None = None
    alarm_names: tuple[str, ...] = ()
    release_alarm_names: tuple[str, ...] | None = None
    """Those of them that a bad release sets off; None in outputs of an earlier version: all."""
    metrics_namespace: str

    @model_validator(mode="before")
    @classmethod
    def _read_one_database(cls, data: Any) -> Any:
        """Read what an earlier version of the configuration published: one database's path."""
        if isinstance(data, dict) and "databases" not in data and data.get("database_path"):
            return {**data, "databases": [data["database_path"]]}
        return data


class NothingBuiltError(OutputsError):
    """Terraform has built nothing here yet."""

    def __init__(self, parameter: str) -> None:
        super().__init__(
            f"SSM parameter {parameter} does not exist: nothing was built here yet. "
            "Run deploy-infrastructure."
        )


def parse_outputs(document: str, parameter: str) -> Outputs:
    """Parse the JSON of the SSM parameter.

    Raises:
        OutputsError: naming the parameter and each fault.
    """
    try:
        return Outputs.model_validate_json(document)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise OutputsError(
            f"SSM parameter {parameter} does not hold the outputs this pipeline expects ({faults}). "
            "Run deploy-infrastructure to publish them again."
        ) from error
