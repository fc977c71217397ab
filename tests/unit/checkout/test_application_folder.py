"""The folder of configuration that is written for another application."""

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from sample_checkouts import SAMPLES, STARTED, write

from deployments.checkout.folder import toml
from deployments.cli import app as command
from deployments.paths import PROJECT
from pipeline.environment.loader import load_environments

AWS = [
    "--environment",
    "staging",
    "--repository",
    "https://x.test/y.git",
    "--branch",
    "stage",
    "--region",
    "eu-west-1",
]


def typed(*words: object) -> int:
    """Carry a command out in this process."""
    return int(command.app([str(word) for word in words], result_action="return_value"))


def refused(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    """Return the exit code of a command that is refused."""
    monkeypatch.setattr(sys, "argv", ["vimbiso", *map(str, words)])
    with pytest.raises(SystemExit) as caught:
        command.main()
    return int(str(caught.value.code))


@pytest.mark.parametrize("sample", sorted(SAMPLES))
def test_each_folder_can_be_loaded(tmp_path: Path, sample: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What was found in the checkout is a valid environment on this machine and on AWS."""
    app, folder = write(tmp_path / "app", SAMPLES[sample]), tmp_path / "folder"
    words = ("init", app, "--name", "shop", "--to", folder, "--environment", "local")
    assert typed(*words, *AWS, "--domain", "shop.example") == 0
    assert f"export VIMBISO_APPLICATIONS={tmp_path}\n" in capsys.readouterr().out
    found = load_environments(folder / "environments.toml", {})
    local, staging = found["local"], found["staging"]
    assert (local.app, local.source.repository, local.names.cluster) == (
        "shop",
        str(app),
        "shop-cluster-local",
    )
    assert local.data_host_path == ".local/data-shop"
    assert local.aws_endpoint_url == "http://localhost:4566"
    assert (staging.region, staging.domain, staging.approval) == ("eu-west-1", "shop.example", "always")
    assert staging.aws_endpoint_url is None
    assert local.data == staging.data
    assert {file.name for file in folder.iterdir()} == {"environments.toml", "local.tfvars", "staging.tfvars"}


def test_the_local_environment_has_what_the_projects_own_has(tmp_path: Path) -> None:
    """A line that the local stack needs is in both, and the base image is given where the Dockerfile asks."""
    typed("init", PROJECT / "examples/vimbiso-pay", "--name", "other", "--to", tmp_path)
    written = tomllib.loads((tmp_path / "environments.toml").read_text())
    own = tomllib.loads((PROJECT / "deployments/environments.toml").read_text())
    differing = {"variables", "data_host_path"}
    local, model = written["environments"]["local"], own["environments"]["local"]
    assert {k: v for k, v in local.items() if k not in differing} == {
        k: v for k, v in model.items() if k not in differing
    }
    assert written["names"] == own["names"]
    assert load_environments(tmp_path / "environments.toml", {})["local"].source.build_args["BASE_IMAGE"]


def test_nothing_is_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """What somebody has edited stays, unless it is to go."""
    app, folder = write(tmp_path / "app", STARTED), tmp_path / "folder"
    words = ("init", app, "--name", "shop", "--to", folder)
    typed(*words)
    (folder / "environments.toml").write_text("# mine")
    assert refused(monkeypatch, *words) == 2
    assert "--force" in capsys.readouterr().err
    assert (folder / "environments.toml").read_text() == "# mine"
    typed(*words, "--force")
    assert "[environments.local]" in (folder / "environments.toml").read_text()


@pytest.mark.parametrize("words", [["--name", "Shop"], ["--name", "shop", "--environment", "staging"]])
def test_what_cannot_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """A name that AWS refuses; an environment on AWS whose repository nobody named."""
    app = write(tmp_path / "app", STARTED)
    assert refused(monkeypatch, "init", app, "--to", tmp_path / "folder", *words) == 2
    assert not (tmp_path / "folder").exists()


def test_variables_are_asked_for_or_left_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the owner is asked; elsewhere a line says what is missing."""
    app = write(tmp_path / "app", SAMPLES["packaged"])
    typed("init", app, "--name", "shop", "--to", tmp_path / "open")
    assert "# Still needed in variables: MAIL_HOST" in (tmp_path / "open/environments.toml").read_text()
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda prompt: "mail.example")
    typed("init", app, "--name", "shop", "--to", tmp_path / "asked")
    found = load_environments(tmp_path / "asked/environments.toml", {})["local"]
    assert found.variables["MAIL_HOST"] == "mail.example"


def test_check_ends_with_what_it_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """0: nothing to change; 1: something; 2: no Django. In JSON for other programs."""
    assert typed("check", write(tmp_path / "silent", SAMPLES["silent"])) == 0
    assert typed("check", write(tmp_path / "started", STARTED)) == 1
    assert "DATABASE_PATH" in capsys.readouterr().out
    assert typed("check", tmp_path / "started", "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert {"ruling", "subject", "text", "settings", "code", "ask"} == set(found[0])
    (tmp_path / "none").mkdir()
    assert refused(monkeypatch, "check", tmp_path / "none") == 2


def test_another_dockerfile_and_stage_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository may have several; what is named is written into `source`."""
    other = {
        "docker/web.Dockerfile": "FROM a AS web\nEXPOSE 5001\nCMD gunicorn x\nFROM web AS worker\nEXPOSE 1\n"
    }
    app = write(tmp_path / "app", {**STARTED, **other})
    chosen = ("--dockerfile", "docker/web.Dockerfile", "--target", "web")
    typed("init", app, "--name", "shop", "--to", tmp_path / "folder", *chosen)
    found = load_environments(tmp_path / "folder/environments.toml", {})["local"]
    assert (found.source.dockerfile, found.source.target) == ("docker/web.Dockerfile", "web")
    assert found.container_port == 5001
    assert refused(monkeypatch, "check", app, "--dockerfile", "none") == 2


def test_values_are_written_so_that_they_are_read(tmp_path: Path) -> None:
    """Quotes, dollars, control characters and odd keys come back as they were."""
    value = {"a": ['"\\ \n\x7f', 1, True], "b c": {"$": ""}}
    assert tomllib.loads(f"x = {toml(value, expanded=True)}")["x"] == value
    assert toml("$A") == '"$$A"'
