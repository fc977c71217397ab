"""The project's own environments, and how another file takes their place."""

from pathlib import Path

import pytest

from pipeline.environment.loader import PROJECT, UnknownEnvironmentError, environment, environments

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


def test_another_file_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """VIMBISO_ENVIRONMENTS names the file to load."""
    (tmp_path / "lab.toml").write_text(MINIMAL, encoding="utf-8")
    monkeypatch.setenv("VIMBISO_ENVIRONMENTS", str(tmp_path / "lab.toml"))
    assert set(environments()) == {"lab"}


def test_an_unknown_environment_names_the_known_ones() -> None:
    """The message says which exist and where to add one."""
    with pytest.raises(UnknownEnvironmentError, match=r"'nowhere'.*Known: .*staging.*environments\.toml"):
        environment("nowhere")
