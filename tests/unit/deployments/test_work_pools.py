"""Work pools: what becomes of an environment's description."""

import pytest
from pydantic import TypeAdapter, ValidationError

from deployments.work_pools import ENGINE_TAG, IMAGE_ROOT, job_template, pool_of, runs_in_image, variables_of
from pipeline.environment.loader import environment
from pipeline.environment.model import Environment
from pipeline.environment.pools import DockerPool, EcsPool, ProcessPool, WorkPool

ECS = EcsPool(
    type="ecs",
    image="registry/pipeline:1",
    cluster="platform",
    subnet_ids=["subnet-1", "subnet-2"],
    security_group_ids=["sg-1"],
    log_group="/ecs/flows",
    auth_secret_arn="arn:aws:secretsmanager:af-south-1:123456789012:secret:prefect",
    variables={"EXTRA": "1"},
    engine_pool="staging-engine",
)
DOCKER = DockerPool(type="docker", image="registry/pipeline:1", volumes=["/data:/data:ro"])


def staging(pool: WorkPool) -> Environment:
    """Staging, with its runs elsewhere."""
    return environment("staging").model_copy(update={"work_pool": pool})


def defaults(item: Environment) -> dict[str, object]:
    """The defaults of the pool's job template."""
    template = job_template(item)
    assert template is not None
    properties = template["variables"]["properties"]
    return {name: value.get("default") for name, value in properties.items()}


def test_processes_need_no_template() -> None:
    """The worker's own template serves, and runs find the project where the worker has it."""
    item = staging(ProcessPool())
    assert job_template(item) is None
    assert not runs_in_image(item, [])
    assert variables_of(item, []) == {}
    assert pool_of(item, ["staging", ENGINE_TAG]) == "staging"


def test_an_ecs_task_is_what_the_environment_says() -> None:
    """Image, size, cluster and secret are defaults; network and log are part of every task."""
    item = staging(ECS)
    found = defaults(item)
    expected = {
        "image": "registry/pipeline:1",
        "cluster": "platform",
        "cpu": 1024,
        "memory": 2048,
        "family": "vimbiso-pay-staging-flows",
        "prefect_api_auth_string_secret_arn": ECS.auth_secret_arn,
    }
    assert {name: found[name] for name in expected} == expected
    template = job_template(item)
    assert template is not None
    configuration = template["job_configuration"]
    network = configuration["task_run_request"]["networkConfiguration"]["awsvpcConfiguration"]
    assert network == {
        "subnets": ["subnet-1", "subnet-2"],
        "securityGroups": ["sg-1"],
        "assignPublicIp": "DISABLED",
    }
    log = configuration["task_definition"]["containerDefinitions"][0]["logConfiguration"]["options"]
    assert log["awslogs-group"] == "/ecs/flows"


def test_a_container_is_what_the_environment_says() -> None:
    """Image, mounts and memory are the job's defaults."""
    found = defaults(staging(DOCKER))
    assert found["image"] == "registry/pipeline:1"
    assert found["volumes"] == ["/data:/data:ro"]
    assert found["mem_limit"] == "2g"


def test_runs_that_need_an_engine_go_to_the_pool_that_has_one() -> None:
    """They run from the engine pool's checkout, not from the image."""
    item = staging(ECS)
    assert pool_of(item, ["staging"]) == "staging"
    assert pool_of(item, ["staging", ENGINE_TAG]) == "staging-engine"
    assert runs_in_image(item, ["staging"])
    assert not runs_in_image(item, ["staging", ENGINE_TAG])
    assert variables_of(item, ["staging", ENGINE_TAG]) == {}


def test_the_image_has_folders_of_its_own() -> None:
    """Folders of the worker's machine, which the worker hands down, mean nothing there."""
    variables = variables_of(staging(ECS), ["staging"])
    assert variables["EXTRA"] == "1"
    assert variables["PREFECT_HOME"].startswith("/var/lib/pipeline")
    assert IMAGE_ROOT == "/opt/pipeline"


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "kubernetes"},
        {"type": "ecs", "image": "a"},
        {"type": "ecs", "image": "a", "cluster": "c", "cpu": 1000},
        {"type": "docker", "image": ""},
        {"type": "process", "image": "a"},
        {"type": "docker", "image": "a", "memory": "2 GB"},
    ],
)
def test_a_wrong_pool_is_refused(wrong: dict[str, object]) -> None:
    """Unknown types, missing keys and sizes that ECS does not know are found when the file is read."""
    with pytest.raises(ValidationError):
        TypeAdapter(WorkPool).validate_python(wrong)
