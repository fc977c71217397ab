"""Makes an environment's work pools: processes, Docker containers or ECS tasks, as environments.toml says.

A pool's job template is the worker's own, with the environment's values as defaults, so that a person can
still change one for a single run.
"""

from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.exceptions import ObjectNotFound
from prefect_aws.workers import ECSWorker
from prefect_docker.worker import DockerWorker

from pipeline.environment.model import Environment
from pipeline.environment.pools import DockerPool, EcsPool, WorkPool
from pipeline.errors import PipelineError

ENGINE_TAG = "docker-engine"
"""Tag of the deployments whose runs need a Docker engine."""
IMAGE_ROOT = "/opt/pipeline"
"""Where the pipeline's own image has the project."""
_IMAGE_STATE = "/var/lib/pipeline"
_IN_IMAGE = {
    # The worker hands its own settings down; folders of its machine mean nothing in the image.
    "PREFECT_HOME": f"{_IMAGE_STATE}/prefect",
    "PREFECT_PROFILES_PATH": f"{_IMAGE_STATE}/prefect/profiles.toml",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "pipeline",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_CLASS": "blocks.console.PlainConsoleHandler",
}
Template = dict[str, Any]


class WorkPoolError(PipelineError):
    """A work pool on the server cannot become what environments.toml says."""


def register_work_pools(client: SyncPrefectClient, item: Environment) -> None:
    """Make the environment's work pools, or bring their job templates up to date.

    Raises:
        WorkPoolError: a pool of that name is of another type.
    """
    _register(client, own_pool(item), item.work_pool.type, job_template(item))
    if item.work_pool.engine_pool:
        _register(client, item.work_pool.engine_pool, "process", None)


def own_pool(item: Environment) -> str:
    """Return the environment's work pool; a worker's processes serve a stage of every application alike."""
    return item.stage if item.work_pool.type == "process" else item.name


def pool_of(item: Environment, tags: list[str]) -> str:
    """Return the work pool of a deployment with these tags."""
    needs_engine = ENGINE_TAG in tags
    return (needs_engine and item.work_pool.engine_pool) or own_pool(item)


def runs_in_image(item: Environment, tags: list[str]) -> bool:
    """Whether the runs of a deployment with these tags find the project in the pipeline's own image."""
    return item.work_pool.type != "process" and pool_of(item, tags) == own_pool(item)


def variables_of(item: Environment, tags: list[str]) -> dict[str, str]:
    """Return the environment variables that a deployment with these tags needs for its pool."""
    pool = item.work_pool
    if isinstance(pool, DockerPool | EcsPool) and runs_in_image(item, tags):
        return {**_IN_IMAGE, **pool.variables}
    return {}


def job_template(item: Environment) -> Template | None:
    """Return the pool's base job template; None for processes, where the server's own will do."""
    pool: WorkPool = item.work_pool
    if isinstance(pool, DockerPool):
        return _docker(pool)
    if isinstance(pool, EcsPool):
        return _ecs(pool, f"{item.app}-{item.stage}-flows", item.region)
    return None


def _register(client: SyncPrefectClient, name: str, kind: str, template: Template | None) -> None:
    try:
        present = client.read_work_pool(name)
    except ObjectNotFound:
        client.create_work_pool(WorkPoolCreate(name=name, type=kind, base_job_template=template or {}))
        return
    if present.type != kind:
        raise WorkPoolError(
            f"The work pool {name} is of type {present.type}, environments.toml says {kind}; a pool "
            f"cannot change. Let its runs end, type: prefect work-pool delete {name}, and register again."
        )
    if template is not None and present.base_job_template != template:
        client.update_work_pool(name, WorkPoolUpdate(base_job_template=template))


def _docker(pool: DockerPool) -> Template:
    template = DockerWorker.get_default_base_job_template()
    return _with_defaults(
        template,
        image=pool.image,
        image_pull_policy=pool.pull,
        networks=pool.networks,
        volumes=pool.volumes,
        mem_limit=pool.memory,
        auto_remove=True,
    )


def _ecs(pool: EcsPool, family: str, region: str) -> Template:
    template = ECSWorker.get_default_base_job_template()
    configuration = template["job_configuration"]
    request, definition = configuration["task_run_request"], configuration["task_definition"]
    if pool.subnet_ids:
        request["networkConfiguration"] = {
            "awsvpcConfiguration": {
                "subnets": pool.subnet_ids,
                "securityGroups": pool.security_group_ids,
                "assignPublicIp": "DISABLED",
            }
        }
    if pool.log_group:
        options = {
            "awslogs-group": pool.log_group,
            "awslogs-region": region,
            "awslogs-stream-prefix": "flows",
        }
        logs = {"logDriver": "awslogs", "options": options}
        definition["containerDefinitions"][0]["logConfiguration"] = logs
    return _with_defaults(
        template,
        image=pool.image,
        cluster=pool.cluster,
        cpu=pool.cpu,
        memory=pool.memory,
        family=family,
        launch_type=pool.launch_type,
        task_role_arn=pool.task_role_arn,
        execution_role_arn=pool.execution_role_arn,
        prefect_api_auth_string_secret_arn=pool.auth_secret_arn,
        prefect_api_key_secret_arn=pool.api_key_secret_arn,
        match_latest_revision_in_family=True,
    )


def _with_defaults(template: Template, **defaults: Any) -> Template:
    properties = template["variables"]["properties"]
    for name, value in defaults.items():
        if value is not None:
            properties[name]["default"] = value
    return template
