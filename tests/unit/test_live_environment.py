"""The environment that flows hand to tasks."""

import json
from collections.abc import Iterator

import pytest
from moto import mock_aws
from pydantic import SecretStr
from support.live import live_environment

from pipeline.aws.access import AwsAccess
from pipeline.live import LiveEnvironment
from pipeline.outputs import NothingBuiltError, Outputs, OutputsError

OUTPUTS = Outputs.model_construct(
    cluster="pay", service="web", backup_bucket="backups", url="https://stage.mycredex.dev"
)


@pytest.fixture
def live() -> Iterator[LiveEnvironment]:
    """Staging in an empty account."""
    with mock_aws():
        yield live_environment(AwsAccess("af-south-1", access_key_id="live", secret_access_key="x"))


def _publish(live: LiveEnvironment, document: str) -> None:
    live.access.client("ssm").put_parameter(
        Name=live.settings.outputs_parameter, Value=document, Type="String", Overwrite=True
    )


def test_where_nothing_was_built_the_next_step_is_named(live: LiveEnvironment) -> None:
    """Asked for what Terraform built, or for what depends on it."""
    for ask in (live.read, lambda: live.service, lambda: live.releases, lambda: live.page):
        with pytest.raises(NothingBuiltError, match=r"pay/staging/pipeline .* deploy-infrastructure"):
            ask()
    assert live.state.environment == "staging"


def test_what_was_published_is_read(live: LiveEnvironment) -> None:
    """Each time again: an apply in the midst of a run publishes other outputs."""
    required = [name for name, field in Outputs.model_fields.items() if field.is_required()]
    values = {
        name: ["x"] if name.endswith(("arns", "ids")) else 8000 if name == "container_port" else f"the-{name}"
        for name in required
    }
    _publish(live, json.dumps(values))
    assert live.read().outputs.cluster == "the-cluster"
    _publish(live, json.dumps({**values, "cluster": "other"}))
    assert live.read().outputs.cluster == "other"
    _publish(live, "{}")
    with pytest.raises(OutputsError, match="cluster"):
        live.read()


def test_every_part_belongs_to_the_environment() -> None:
    """Service, records and address are those of what was built."""
    live = live_environment(AwsAccess("af-south-1"), OUTPUTS)
    assert (live.service.cluster, live.service.name) == ("pay", "web")
    assert live.page == "https://stage.mycredex.dev"
    assert live.probe("1f2e3d").url == "https://stage.mycredex.dev/health/"
    assert live.probe("1f2e3d").release == "1f2e3d"


def test_the_token_shows_nowhere() -> None:
    """Neither in the value's text nor in that of its parts."""
    live = LiveEnvironment(
        live_environment(AwsAccess("af-south-1")).settings,
        AwsAccess("af-south-1"),
        OUTPUTS,
        SecretStr("t0ken"),
    )
    assert live.token == "t0ken"
    assert "t0ken" not in repr(live)
