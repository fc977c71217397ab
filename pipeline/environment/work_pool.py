"""Work pools of an environment: processes, containers, or tasks of ECS."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

_Text = Annotated[str, StringConstraints(min_length=1)]
_PoolName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
_Arn = Annotated[str, StringConstraints(pattern=r"^arn:[^\s]+$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ProcessPool(_Strict):
    """Runs are processes beside the worker, in its checkout; they use its Docker engine and Terraform."""

    type: Literal["process"] = "process"

    @property
    def engine_pool(self) -> None:
        """Another pool for runs that need a Docker engine; processes have the worker's own."""


class DockerPool(_Strict):
    """Runs are containers of the worker's Docker engine."""

    type: Literal["docker"]
    image: _Text
    """The pipeline's own image, see deployments/image."""
    pull: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    """When the image is pulled."""
    networks: list[_Text] = []
    """Docker networks of the containers; the engine's default one when empty."""
    volumes: list[_Text] = []
    """Mounts, ``SOURCE:TARGET[:ro]``. The engine's socket gives the runs that engine."""
    memory: Annotated[str, StringConstraints(pattern=r"^\d+[kmg]$")] = "2g"
    """Memory limit of a container."""
    variables: dict[str, str] = {}
    """Environment variables of the containers; never secret."""
    engine_pool: _PoolName | None = None
    """Process pool for runs that need a Docker engine; when absent they are started here like the others."""


class EcsPool(_Strict):
    """Runs are ECS tasks, started by prefect-aws's ECS worker."""

    type: Literal["ecs"]
    image: _Text
    """The pipeline's own image, where ECS can pull it."""
    cluster: _Text
    cpu: Literal[256, 512, 1024, 2048, 4096] = 1024
    """CPU units of a task."""
    memory: Annotated[int, Field(ge=512, le=30720)] = 2048
    """Memory of a task, MiB."""
    launch_type: Literal["FARGATE", "FARGATE_SPOT", "EC2"] = "FARGATE"
    subnet_ids: list[_Text] = []
    """Subnets of the tasks; required unless the launch type is EC2."""
    security_group_ids: list[_Text] = []
    task_role_arn: _Arn | None = None
    """What the flows may do; the environment's worker role."""
    execution_role_arn: _Arn | None = None
    """Pulls the image, reads the secret, writes the logs."""
    log_group: _Text | None = None
    """Log group of the tasks' own output; the flows' log is in Prefect as well."""
    auth_secret_arn: _Arn | None = None
    """Secrets Manager secret with the server's PREFECT_API_AUTH_STRING."""
    api_key_secret_arn: _Arn | None = None
    """Secrets Manager secret with Prefect Cloud's PREFECT_API_KEY."""
    variables: dict[str, str] = {}
    """Environment variables of the tasks; never secret."""
    engine_pool: _PoolName | None = None
    """Process pool for runs that need a Docker engine; when absent they are started here like the others."""


WorkPool = Annotated[ProcessPool | DockerPool | EcsPool, Field(discriminator="type")]
