"""The shape of one environment, checked when it is loaded."""

import hashlib
import json
import re
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, StringConstraints, model_validator

from pipeline.environment.application import (
    STRICT,
    CodesText,
    ContainerName,
    ContainerSettings,
    DataSettings,
    DjangoSettings,
    Sidecar,
    SmokePath,
    SmokePaths,
    Text,
    UrlPath,
    VariableName,
    dependency_fault,
)
from pipeline.environment.pools import ProcessPool, WorkPool
from pipeline.health.codes import HealthCodes

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
WorkflowPath = Annotated[str, StringConstraints(pattern=r"^\.github/workflows/[^/@\s]+\.ya?ml$")]
AccountId = Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
SigningKey = Annotated[str, StringConstraints(pattern=r"^arn:[^:]+:kms:[^:]+:\d{12}:key/[^/]+$")]
HttpUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+$")]

ApprovalPolicy = Literal["never", "always"]
ConcurrencyPolicy = Literal["wait", "refuse"]
Severity = Literal["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNDEFINED"]
"""ECR's severities (API reference, ImageScanFinding)."""


class SourceSettings(BaseModel):
    """Source of the application's code: a git repository or a local folder, never both."""

    model_config = STRICT

    repository: Text
    """Git URL, or a folder (absolute, or relative to the project)."""
    context: Text = "."
    """Build context inside the source."""
    dockerfile: Text = "Dockerfile"
    """Dockerfile inside the build context."""
    target: Text | None = None
    """Stage to build; the last one when absent."""
    build_args: dict[str, str] = {}
    """Values of the Dockerfile's ARGs; never secret."""

    @property
    def unset(self) -> str:
        """Variable that was to name the repository and is not set; "" where it is known."""
        left = re.search(r"\$\{?(\w+)", self.repository)
        return left[1] if left else ""

    @property
    def recipe(self) -> str:
        """Eight hexadecimal digits of what decides an image beside its commit; "" where all are defaults.

        Where the code lies is none of it: a mirror of a repository builds the same image.
        """
        given = self.model_dump(exclude={"repository"}, exclude_defaults=True)
        if not given:
            return ""
        return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()[:8]


class AllowedFinding(BaseModel):
    """A vulnerability that somebody took the responsibility for."""

    model_config = STRICT

    reason: Text
    until: Annotated[date, Field(strict=False)] | None = None  # a text in JSON
    """Last day on which it counts; for ever when absent."""


class Scan(BaseModel):
    """Limits for the findings of the registry's scan in an image to deploy."""

    model_config = STRICT

    block_at: Severity | None = "CRITICAL"
    """This severity and worse keep an image from being deployed; None does not look at all."""
    allow: dict[str, AllowedFinding] = {}
    """Accepted findings by CVE."""
    required: bool = False
    """Whether an image without a scan result is kept back."""


class Signing(BaseModel):
    """The signatures of release images."""

    model_config = STRICT

    key: SigningKey | None = None
    """ARN of the KMS key; absent: Terraform makes one."""
    required: bool = True
    """Whether an image without a signature is kept back; one with a wrong signature always is."""


class ResourceNames(BaseModel):
    """AWS names of what Terraform builds."""

    model_config = STRICT

    cluster: Text
    service: Text
    repository: Text
    log_group: UrlPath


class Environment(BaseModel):
    """One environment that the pipeline delivers to.

    Sizes, CIDRs, alarms and retention are not here but in the file that ``sizes`` names.
    """

    model_config = STRICT

    name: Name
    """Its name here and in Prefect; for an application with a folder of its own APPLICATION-STAGE."""
    stage: Name
    """Its name within its application, which AWS's resources carry: local, staging, production."""
    sizes: Text
    """File with its sizes, CIDRs, alarms and retention (tfvars), absolute or relative to the project."""
    app: Name
    region: Region
    account_id: AccountId | None = None
    """Account that the credentials must belong to; needed wherever AWS is no emulator."""
    domain: Text | None = None
    """Public host name; without one the load balancer answers plain HTTP under its own name."""
    branch: Text
    """Branch whose pushes are deployed."""
    ci_workflow: WorkflowPath | None = None
    """Workflow at GitHub whose success starts deployments, in the place of the push itself."""
    source: SourceSettings
    health_path: UrlPath
    health_codes: CodesText = "200-299"
    """Statuses that mean healthy, to every check: the container's, the target group's, the pipeline's."""
    smoke_paths: SmokePaths = [SmokePath(path="/")]
    """Pages that a release must answer beside the health path; none: ``[]``."""
    soak: Annotated[float, Field(ge=0, le=900, strict=False)] = 30.0
    """Seconds in which a release that took over goes on being asked before it counts as good."""
    container_port: Annotated[int, Field(ge=1, le=65535)]
    secret_keys: list[VariableName] = []
    """Keys of the application's secret; each becomes an environment variable of its container."""
    container: ContainerSettings = ContainerSettings()
    data: DataSettings = DataSettings()
    django: DjangoSettings = DjangoSettings()
    sidecars: dict[ContainerName, Sidecar] = {}
    """Containers beside the application's in every task, by name."""
    approval: ApprovalPolicy
    """Whether infrastructure changes wait for a person."""
    approvers: Annotated[int, Field(ge=0, le=2)] = 0
    """Enrolled approvers whose codes an approval takes; 0: one, once anybody is enrolled."""
    destroyable: bool = False
    """Whether the destroy flow may act here."""
    names: ResourceNames
    aws_endpoint_url: HttpUrl | None = None
    """Where the AWS APIs answer instead of amazonaws.com (an emulator)."""
    aws_secret_key_file: Text | None = None
    """File with the secret key of an emulator's account, absolute or relative to the project."""
    task_endpoint_url: HttpUrl | None = None
    """The same, as the tasks' containers reach it."""
    registry: Text | None = None
    """Registry host that images are pushed to and pulled from instead of ECR's own."""
    probe_url: HttpUrl | None = None
    """Where to send the load balancer's requests instead of its own address; Host keeps its name."""

    reaches_tasks: bool = False
    """Whether the worker reaches the tasks' private addresses, so that a smoke test can ask them."""
    variables: dict[VariableName, str] = {}
    """Environment variables of the container, beside those that Terraform sets; never secret."""
    scan: Scan = Scan()
    """The gate between registry and deployment."""
    signing: Signing | None = None
    """Whether images are signed when they are pushed, and looked at before they are deployed."""
    scheduled: bool = True
    """Whether the chores of ``prefect.yaml`` run by their schedules."""
    concurrent_deploys: ConcurrencyPolicy = "wait"
    """What becomes of a deployment while another run works on the service."""
    smoke_test: bool = True
    """Whether a release runs as one task outside the service before it takes the service's place."""
    work_pool: WorkPool = ProcessPool()
    """Where the flow runs are executed."""
    data_host_path: Text | None = None
    """Folder of the container host that holds the data volume, where there is no EFS."""

    @model_validator(mode="before")
    @classmethod
    def _of_the_project(cls, data: Any) -> Any:
        """Fill in what an environment of the project's own application need not say."""
        if not isinstance(data, dict) or "name" not in data:
            return data
        return {"stage": data["name"], "sizes": f"terraform/environments/{data['name']}.tfvars", **data}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        both = sorted(set(self.secret_keys) & set(self.variables))
        if both:
            raise ValueError(f"{', '.join(both)}: in secret_keys and in variables; a secret is never plain")
        fault = dependency_fault(self.sidecars, self.container.depends_on)
        if fault:
            raise ValueError(fault)
        if self.django.migrated_by == "application" and not self.smoke_test:
            raise ValueError(
                "migrated_by = 'application' needs smoke_test = true: its one task is the only one that "
                "starts, and migrates, alone"
            )
        return self

    @property
    def accepted_codes(self) -> HealthCodes:
        """Statuses that mean healthy."""
        return HealthCodes.parse(self.health_codes)

    @property
    def emulated(self) -> bool:
        """Whether something else than AWS answers for AWS."""
        return self.aws_endpoint_url is not None

    @property
    def secrets_block(self) -> str:
        """Name of the block that holds the values of its secret."""
        return f"{self.app}-{self.stage}"

    @property
    def all_secret_keys(self) -> tuple[str, ...]:
        """Keys of the secret that any container of a task reads."""
        beside = (key for sidecar in self.sidecars.values() for key in sidecar.secret_keys)
        return tuple(dict.fromkeys((*self.secret_keys, *beside)))

    @property
    def outputs_parameter(self) -> str:
        """SSM parameter in which Terraform hands its outputs to the flows."""
        return f"/{self.app}/{self.stage}/pipeline"

    @property
    def secret_name(self) -> str:
        """Secrets Manager secret of the application."""
        return f"{self.app}/{self.stage}/app"

    @property
    def state_bucket(self) -> str:
        """S3 bucket of the Terraform state; carries the account where known, as bucket names are global."""
        return "-".join(filter(None, (self.app, self.stage, "terraform-state", self.account_id)))

    @property
    def lock_table(self) -> str:
        """DynamoDB table that locks the Terraform state."""
        return f"{self.app}-{self.stage}-terraform-lock"
