"""The project's own environments, and how another file takes their place."""

from pathlib import Path

import pytest

from deployments.register import register
from deployments.webhook.intake import Credentials
from deployments.webhook.settings import WebhookSettings
from pipeline.environment.files import PROJECT
from pipeline.environment.loader import (
    EnvironmentsFileError,
    UnknownEnvironmentError,
    UnknownSourceError,
    environment,
    environments,
    forget_environments,
)

MINIMAL = """
[environments.lab]
app = "pay"
region = "af-south-1"
branch = "lab"
source = { repository = "x" }
health_path = "/"
container_port = 80
approval = "never"
names = { cluster = "c", service = "s", repository = "r", log_group = "/l" }
"""


def test_the_projects_own_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    """The project's file loads: the guide's two environments by the guide's names, and a local one."""
    monkeypatch.delenv("VIMBISO_ENVIRONMENTS", raising=False)
    assert (PROJECT / "pyproject.toml").is_file()
    assert set(environments()) == {"local", "staging", "production"}
    staging, production = environment("staging"), environment("production")
    assert (staging.domain, staging.branch) == ("stage.mycredex.dev", "stage")
    assert (production.domain, production.branch, production.approval) == ("mycredex.app", "prod", "always")
    assert production.names.cluster == "vimbiso-pay-cluster-production"
    assert {item.region for item in environments().values()} == {"af-south-1"}
    assert not production.destroyable


def test_nobody_s_code_is_delivered_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without VIMBISO_SOURCE local works, and staging and production say what to set."""
    monkeypatch.delenv("VIMBISO_SOURCE")
    forget_environments()
    try:
        assert environment("local").source.repository == "examples/vimbiso-pay"
        for name in ("staging", "production"):
            says = rf"{name} has no source: .*VIMBISO_SOURCE is not set.*export VIMBISO_SOURCE=https"
            with pytest.raises(UnknownSourceError, match=says):
                environment(name)
            with pytest.raises(UnknownSourceError, match=says):
                register([name])
            with pytest.raises(UnknownSourceError, match=says):
                Credentials(WebhookSettings.model_construct(secrets=f"{name}=word", secret_file=None))
        with pytest.raises(UnknownSourceError):
            register()
    finally:
        forget_environments()


def test_another_file_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """VIMBISO_ENVIRONMENTS names the file to load."""
    (tmp_path / "lab.toml").write_text(MINIMAL, encoding="utf-8")
    monkeypatch.setenv("VIMBISO_ENVIRONMENTS", str(tmp_path / "lab.toml"))
    assert set(environments()) == {"lab"}


def test_an_unknown_environment_names_the_known_ones() -> None:
    """The message says which exist and where to add one."""
    with pytest.raises(UnknownEnvironmentError, match=r"'nowhere'.*Known: .*staging.*environments\.toml"):
        environment("nowhere")


SHOP = """
[names]
cluster = "{app}-{environment}"
service = "{app}-{environment}"
repository = "{app}-{environment}"
log_group = "/ecs/{app}-{environment}"

[defaults]
app = "shop"
region = "af-south-1"
branch = "main"
source = { repository = "x" }
health_path = "/"
container_port = 80
approval = "never"
secret_keys = ["KEY"]
data = { path = "/srv", databases = ["/srv/shop.db"] }

[environments.staging]
data = { volumes = { media = "/media" } }

[environments.local]
"""


def shop(folder: Path, text: str = SHOP, name: str = "shop") -> None:
    """Write an application's folder of configuration."""
    (folder / name).mkdir()
    (folder / name / "environments.toml").write_text(text, encoding="utf-8")


def test_another_application_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its environments are named after it here; in AWS, after their stage, as the project's own are."""
    monkeypatch.setenv("VIMBISO_APPLICATIONS", str(tmp_path))
    shop(tmp_path)
    assert set(environments()) == {"local", "staging", "production", "shop-staging", "shop-local"}
    staging, own = environment("shop-staging"), environment("staging")
    assert (staging.stage, staging.sizes) == ("staging", str(tmp_path / "shop/staging.tfvars"))
    assert (own.stage, own.sizes) == ("staging", "terraform/environments/staging.tfvars")
    assert (staging.outputs_parameter, staging.secret_name) == ("/shop/staging/pipeline", "shop/staging/app")
    assert (staging.names.cluster, staging.state_bucket) == ("shop-staging", "shop-staging-terraform-state")
    assert (staging.data.path, staging.data.volumes) == ("/srv", {"media": "/media"})
    assert environment("shop-local").data.volumes == {}


def test_two_applications_of_one_name_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They would share buckets, secret and state."""
    monkeypatch.setenv("VIMBISO_APPLICATIONS", str(tmp_path))
    shop(tmp_path)
    shop(tmp_path, name="store")
    with pytest.raises(EnvironmentsFileError, match="shop-staging is shop staging already; set app"):
        environments()


def test_an_environment_that_has_two_descriptions_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of the project's own file, and one of an application's folder."""
    (tmp_path / "own.toml").write_text(MINIMAL.replace("lab", "shop-local"), encoding="utf-8")
    monkeypatch.setenv("VIMBISO_ENVIRONMENTS", str(tmp_path / "own.toml"))
    monkeypatch.setenv("VIMBISO_APPLICATIONS", str(tmp_path))
    shop(tmp_path)
    with pytest.raises(EnvironmentsFileError, match="there is another shop-local; rename one"):
        environments()
