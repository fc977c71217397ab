"""The shape of work pools: where an environment's runs are executed."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from pipeline.environment.application import STRICT, Text

_PoolName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
_Arn = Annotated[str, StringConstraints(pattern=r"^arn:[^\s]+$")]


class ProcessPool(BaseModel):
    """Runs are processes beside the worker, in its checkout; they use its Docker engine and Terraform."""

    model_config = STRICT

    type: Literal["process"] = "process"

    @property
    def engine_pool(self) -> None:
        """Another pool for runs that need a Docker engine; processes have the worker's own."""


class DockerPool(BaseModel):
    """Runs are containers of the worker's Docker engine."""

    model_config = STRICT

    type: Literal["docker"]
    image: Text
    """The pipeline's own image, see deployments/image."""
    pull: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    """When the image is pulled."""
    networks: list[Text] = []
    """Docker networks of the containers; the engine's default one when empty."""
    volumes: list[Text] = []
    """Mounts, ``SOURCE:TARGET[:ro]``. The engine's socket gives the runs that engine."""
    memory: Annotated[str, StringConstraints(pattern=r"^\d+[kmg]$")] = "2g"
    """Memory limit of a container."""
    variables: dict[str, str] = {}
    """Environment variables of the containers; never secret."""
    engine_pool: _PoolName | None = None
    """Process pool for runs that need a Docker engine; when absent they are started here like the others."""


class EcsPool(BaseModel):
    """Runs are ECS tasks, started by prefect-aws's ECS worker."""

    model_config = STRICT

    type: Literal["ecs"]
    image: Text
    """The pipeline's own image, where ECS can pull it."""
    cluster: Text
    cpu: Literal[256, 512, 1024, 2048, 4096] = 1024
    """CPU units of a task."""
    memory: Annotated[int, Field(ge=512, le=30720)] = 2048
    """Memory of a task, MiB."""
    launch_type: Literal["FARGATE", "FARGATE_SPOT", "EC2"] = "FARGATE"
    subnet_ids: list[Text] = []
    """Subnets of the tasks; required unless the launch type is EC2."""
    security_group_ids: list[Text] = []
    task_role_arn: _Arn | None = None
    """What the flows may do; the environment's worker role."""
    execution_role_arn: _Arn | None = None
    """Pulls the image, reads the secret, writes the logs."""
    log_group: Text | None = None
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
