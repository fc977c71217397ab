"""Flow runs in containers: ECS tasks through prefect-aws's worker, and containers of a Docker engine."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from platform_support import Platform, until
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound

from deployments.paths import PROJECT
from pipeline.aws.access import AwsAccess

pytestmark = [pytest.mark.nightly, pytest.mark.docker, pytest.mark.timeout(900)]
BUCKET = "vimbiso-pay-local-terraform-state-000000000000"
CLUSTER, LOGS = "flows", "/ecs/flows"


def environments(platform: Platform, pool: dict[str, str]) -> Path:
    """Write the project's environments, with another work pool in the first one."""
    text = (PROJECT / "deployments/environments.toml").read_text(encoding="utf-8")
    values = ", ".join(f"{name} = {json.dumps(value)}" for name, value in pool.items())
    head = "[environments.local]"
    text = text.replace(head, f"{head}\nwork_pool = {{ {values} }}\n#", 1)
    text = text.replace(
        "http://localhost:${VIMBISO_AWS_PORT}", "http://host.docker.internal:${VIMBISO_AWS_PORT}"
    )
    path = platform.folder / f"{pool['type']}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def client_of(platform: Platform, service: str) -> Any:
    """Return a client of the emulated AWS."""
    return AwsAccess("af-south-1", platform.settings.aws_url, "000000000000", "emulator").client(service)


def prefect(platform: Platform) -> SyncPrefectClient:
    """Return a client of the server."""
    return SyncPrefectClient(platform.api, auth_string=platform.auth)


def run_to_the_end(client: SyncPrefectClient, deployment: str) -> FlowRun:
    """Start a deployment and wait for its end."""
    started = client.create_flow_run_from_deployment(client.read_deployment_by_name(deployment).id)

    def ended() -> bool:
        state = client.read_flow_run(started.id).state
        return state is not None and state.is_final()

    until(ended, 400)
    return client.read_flow_run(started.id)


def test_a_flow_runs_as_an_ecs_task(platform: Platform, pipeline_image: str) -> None:
    """A run is a task of the pipeline's image, takes the server's password from its secret."""
    secret = client_of(platform, "secretsmanager").create_secret(Name="prefect", SecretString=platform.auth)
    ecs = client_of(platform, "ecs")
    ecs.create_cluster(clusterName=CLUSTER)
    client_of(platform, "logs").create_log_group(logGroupName=LOGS)
    pool = {
        "type": "ecs",
        "image": pipeline_image,
        "cluster": CLUSTER,
        "auth_secret_arn": secret["ARN"],
        "log_group": LOGS,
        "engine_pool": "local-engine",
    }
    done = platform.run("deployments", "register", "local", environments=environments(platform, pool))
    assert done.returncode == 0, done.stderr
    with (
        prefect(platform) as client,
        platform.process("ecs-worker", "prefect", "worker", "start", "--pool", "local", "--type", "ecs"),
    ):
        run = run_to_the_end(client, "bootstrap-state/local")
        assert run.state_name == "Completed", platform.log("ecs-worker")
        build = client.read_deployment_by_name("deploy-application/local")
    assert build.work_pool_name == "local-engine"
    until(lambda: bool(ecs.list_tasks(cluster=CLUSTER, desiredStatus="STOPPED")["taskArns"]), 60)
    [arn] = ecs.list_tasks(cluster=CLUSTER, desiredStatus="STOPPED")["taskArns"]
    [task] = ecs.describe_tasks(cluster=CLUSTER, tasks=[arn])["tasks"]
    assert [(item["image"], item["exitCode"]) for item in task["containers"]] == [(pipeline_image, 0)]
    assert platform.auth not in json.dumps(task, default=str)
    assert platform.auth not in platform.log("ecs-worker")
    versioning = client_of(platform, "s3").get_bucket_versioning(Bucket=BUCKET)
    assert versioning["Status"] == "Enabled"
    streams = client_of(platform, "logs").describe_log_streams(logGroupName=LOGS)["logStreams"]
    assert [item["logStreamName"].split("/")[0] for item in streams] == ["flows"]


def test_a_flow_runs_in_a_container(platform: Platform, pipeline_image: str) -> None:
    """The same deployment goes to a Docker engine when the environment says so."""
    with prefect(platform) as client:
        with suppress(ObjectNotFound):  # of the flow as an ECS task, where that was tested
            client.delete_work_pool("local")
        pool = {"type": "docker", "image": pipeline_image, "pull": "Never"}
        docker_api = f"http://host.docker.internal:{platform.settings.prefect_port}/api"
        path = environments(platform, pool)
        text = path.read_text(encoding="utf-8")
        variables = f'variables = {{ PREFECT_API_URL = "{docker_api}" }}'
        path.write_text(text.replace('"Never" }', f'"Never", {variables} }}'), encoding="utf-8")
        done = platform.run("deployments", "register", "local", environments=path)
        assert done.returncode == 0, done.stderr
        start = ("prefect", "worker", "start", "--pool", "local", "--type", "docker")
        with platform.process("docker-worker", *start):
            run = run_to_the_end(client, "bootstrap-state/local")
    assert run.state_name == "Completed", platform.log("docker-worker")
    assert "Docker container" in platform.log("docker-worker")


def test_a_pool_of_another_type_is_left_alone(platform: Platform, pipeline_image: str) -> None:
    """A pool cannot change its type: registering says so and what to do."""
    pool = {
        "type": "ecs",
        "image": pipeline_image,
        "cluster": CLUSTER,
        "auth_secret_arn": "arn:aws:secretsmanager:af-south-1:000000000000:secret:prefect-AbCdEf",
        "log_group": LOGS,
        "engine_pool": "local-engine",
    }
    done = platform.run("deployments", "register", "local", environments=environments(platform, pool))
    assert done.returncode == 1
    assert "prefect work-pool delete local" in done.stderr
