"""Terraform's files are checked with each of their roots, and the worst exit code counts."""

from pathlib import Path

import pytest

from deployments.local.setup import check_terraform


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What Terraform was asked, a line each: a script stands for it, on two roots and a module."""
    for name in ("a.tf", "bootstrap/b.tf", "modules/c/c.tf"):
        (tmp_path / "terraform" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "terraform" / name).touch()
    script, found = tmp_path / "terraform.sh", tmp_path / "asked"
    told = '"${1##*/} $2 data=${TF_DATA_DIR:+own} ${TF_CLI_CONFIG_FILE-none}"'
    text = f'#!/bin/sh\necho {told} >> {found}\ntest ! -e "{tmp_path}/fails-$2"\n'
    script.write_text(text, encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setattr(check_terraform, "PROJECT", tmp_path)
    monkeypatch.setattr(check_terraform, "_FOLDER", tmp_path / "terraform")
    monkeypatch.setattr(check_terraform, "terraform_binary", lambda: script)
    monkeypatch.setattr(check_terraform, "terraform_cli_config", lambda: None)
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "/elsewhere")
    return found


def lines(asked: Path) -> list[str]:
    """Return what was asked."""
    return asked.read_text(encoding="utf-8").splitlines()


def test_every_root_is_initialised_aside_and_validated(asked: Path) -> None:
    """Modules are no roots; nothing is left behind, and the machine's own configuration is not used."""
    assert check_terraform.check() == 0
    assert lines(asked) == [
        "terraform fmt data= none",
        "terraform init data=own none",
        "terraform validate data=own none",
        "bootstrap init data=own none",
        "bootstrap validate data=own none",
    ]


@pytest.mark.parametrize(("step", "asks"), [("fmt", 5), ("init", 3), ("validate", 5)])
def test_what_fails_fails_the_check(asked: Path, step: str, asks: int) -> None:
    """The other roots are looked at all the same; one that cannot be initialised is not validated."""
    (asked.parent / f"fails-{step}").touch()
    assert check_terraform.check() == 1
    assert len(lines(asked)) == asks


def test_files_are_formatted_with_our_own_configuration(asked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that names the provider's mirror, where there is one."""
    monkeypatch.setattr(check_terraform, "terraform_cli_config", lambda: Path("/ours.rc"))
    assert check_terraform.reformat() == 0
    assert lines(asked) == ["terraform fmt data= /ours.rc"]
