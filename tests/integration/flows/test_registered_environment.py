"""What is registered with a Prefect server is what the flows then load."""

from collections.abc import Iterator

import pytest
from flow_runs import Runs, told
from prefect import flow
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.settings import PREFECT_API_URL
from prefect_aws import AwsCredentials
from pydantic import SecretStr
from support.secret_keys import SECRET_KEYS
from support.world import World

from blocks.app_secrets import AppSecrets
from blocks.deploy_environment import DeployEnvironment
from deployments.cli.logs import show_application_log, show_run_log
from deployments.cli.status import show_status
from deployments.register import register, register_blocks
from deployments.registered import ensure_registered
from deployments.work_pools import WorkPoolError, register_work_pools
from flows.doctor import doctor
from flows.shared.ending import state_is_outcome
from pipeline.environment.loader import environment
from pipeline.environment.pools import DockerPool
from pipeline.live import LiveEnvironment
from tasks.environment import load_environment

LOADED = list[LiveEnvironment]()


@flow
@state_is_outcome
def loads(environment: str, requested: str = "", built: bool = False) -> str:
    """Load an environment, as every flow begins."""
    LOADED.append(load_environment(requested or environment, built))
    return LOADED[-1].name


@pytest.fixture
def registered(place: World, runs: Runs) -> Iterator[World]:
    """Staging, registered as an emulated environment in the account of the tests."""
    LOADED.clear()
    settings = place.live.settings.model_copy(update={"account_id": "123456789012"})
    register_blocks(settings)
    yield place
    for kind, name in (
        (DeployEnvironment, "staging"),
        (AwsCredentials, "aws-staging"),
        (AppSecrets, "vimbiso-pay-staging"),
    ):
        kind.delete(name)


def test_a_registered_environment_is_loaded(registered: World, runs: Runs) -> None:
    """With the credentials of its block; what Terraform built is read where it is wanted."""
    state = runs.run(loads)
    assert state.type.value == "COMPLETED", told(state)
    live = LOADED[-1]
    assert (live.built, live.access.access_key_id) == (None, "123456789012")
    assert "nothing was built here yet" in told(runs.run(loads, built=True))
    parameter = registered.live.settings.outputs_parameter
    document = registered.live.outputs.model_dump_json()
    registered.client("ssm").put_parameter(Name=parameter, Value=document, Type="String")
    runs.run(loads, built=True)
    assert LOADED[-1].outputs == registered.live.outputs


def test_an_environment_that_does_not_fit_is_told(registered: World, runs: Runs) -> None:
    """One that is not registered, another than the deployment's own, and another account's credentials."""
    direct = loads("nowhere", return_state=True)
    assert "There is no deploy-environment block 'nowhere'" in told(direct)
    assert "This is the deployment of staging" in told(runs.run(loads, requested="production"))
    other = registered.live.settings.model_copy(update={"account_id": "999999999999"})
    register_blocks(other)
    assert "but this environment is in 999999999999" in told(runs.run(loads))


def test_the_doctor_asks_by_itself_whose_the_credentials_are(
    registered: World, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another account's are a line of its table, and no reason not to have one."""
    monkeypatch.setattr("flows.doctor.load_environment", load_environment)
    other = registered.live.settings.model_copy(update={"account_id": "999999999999", "domain": None})
    register_blocks(other)
    state = runs.run(doctor)
    assert told(state).startswith("Failed: account: 123456789012 instead of 999999999999. Put the right keys")
    assert [row["result"] for row in runs.artifact(state, "doctor")] == ["OK", "NG", "SKIP"]


def test_what_a_person_entered_stays(registered: World, runs: Runs) -> None:
    """Registering again brings settings up to date, and replaces only a key that everybody knows."""
    block = DeployEnvironment.load("staging")
    assert {*AppSecrets.load("vimbiso-pay-staging").concealed()} == {*SECRET_KEYS}
    block.source_token = SecretStr("token")  # type: ignore[union-attr]
    block.save("staging", overwrite=True)  # type: ignore[union-attr]
    own = AwsCredentials(aws_access_key_id="own", aws_secret_access_key=SecretStr("key"))
    own.save("aws-staging", overwrite=True)
    register_blocks(registered.live.settings.model_copy(update={"branch": "other"}))
    found = DeployEnvironment.load("staging")
    assert (found.settings.branch, found.live().token) == ("other", "token")  # type: ignore[union-attr]
    assert found.live().access.access_key_id == "own"  # type: ignore[union-attr]


def test_everything_is_registered_and_may_be_again(place: World, runs: Runs) -> None:
    """Blocks, pools, deployments and automations; a pool that is of another type is not changed."""
    register(["production"])
    written = runs.client.read_block_document_by_name("production", "deploy-environment").updated
    register(["production"])
    assert runs.client.read_block_document_by_name("production", "deploy-environment").updated == written
    names = {item.name for item in runs.client.read_deployments()}
    assert "production" in names
    assert runs.client.read_work_pool("production").type == "process"
    assert DeployEnvironment.load("production").settings == environment("production")  # type: ignore[union-attr]
    docker = environment("production").model_copy(update={"work_pool": DockerPool(type="docker", image="i")})
    with pytest.raises(WorkPoolError, match=r"production is of type process, environments\.toml says docker"):
        register_work_pools(runs.client, docker)
    runs.client.create_work_pool(WorkPoolCreate(name="elsewhere", type="docker", base_job_template={}))
    register_work_pools(runs.client, docker.model_copy(update={"name": "elsewhere"}))
    template = runs.client.read_work_pool("elsewhere").base_job_template
    assert template["variables"]["properties"]["image"]["default"] == "i"


def test_registering_again_writes_nothing_unless_something_has_changed(
    place: World, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is asked itself: what somebody changed or removed there is written again."""
    monkeypatch.setenv("PREFECT_API_URL", str(PREFECT_API_URL.value()))
    assert ensure_registered(["production"])
    assert not ensure_registered(["production"])
    deployment = runs.client.read_deployment_by_name("doctor/production")
    runs.client.delete_deployment(deployment.id)
    assert ensure_registered(["production"])
    assert runs.client.read_deployment_by_name("doctor/production").version == deployment.version
    assert not ensure_registered(["production"])
    monkeypatch.setattr("deployments.registered.fingerprint", lambda root: f"other code below {root}")
    assert ensure_registered(["production"])
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "someone:else")
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    assert ensure_registered(["production"])  # a note that cannot be read proves nothing


def test_status_and_logs_are_shown(registered: World, runs: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    """What runs, at which address, and what it wrote; the newest run's own log."""
    runs.run(loads)
    show_status(runs.client, "staging", as_json=False)
    assert "nothing was built here yet" in capsys.readouterr().out
    show_status(runs.client, "nowhere", as_json=False)
    assert "not registered" in capsys.readouterr().out
    parameter = registered.live.settings.outputs_parameter
    document = registered.live.outputs.model_dump_json()
    registered.client("ssm").put_parameter(Name=parameter, Value=document, Type="String")
    registered.deployed(1)
    assert show_status(runs.client, "staging", as_json=True) == 1
    shown = capsys.readouterr().out
    assert '"release": "r1 (SUCCEEDED' in shown
    assert registered.live.outputs.url in shown
    registered.log("paid", "once more")
    show_application_log("staging", 1, as_json=False)
    assert capsys.readouterr().out.strip().endswith("once more")
    assert show_run_log(runs.client, "staging", "loads", follow=True, count=5, as_json=True) == 0
    assert capsys.readouterr().out.strip() == "[]"
